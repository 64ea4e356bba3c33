import { createHash } from 'node:crypto';
import type { Profile } from '../../profile/profile.ts';
import type { Rule } from '../../rules/rule.ts';
import { isObject } from '../../schema/json-schema.ts';
import { isNull, keyOf, keyOfAll, textOf } from '../../values.ts';
import { describeOutcome, describePlace } from '../describe-result.ts';
import { describeRule, titleOf } from '../describe-rule.ts';
import type { Report } from '../report.ts';
import type { RuleResult } from '../result.ts';
import { failuresOf, holds, severities, verdictOf } from '../sort-results.ts';
import { counted, duration, list, literal, percent, thousands } from '../words.ts';
import { type HtmlRun, runStrip, shareBar } from './charts.ts';
import { distributions } from './distributions.ts';
import { type Markup, markup } from './markup.ts';
import { script, style } from './style.ts';

/** A row that breaks rules: what `split` gives, of rows or of a database. */
export interface HtmlBadRow {
  readonly row: unknown;
  readonly index?: number | undefined;
  readonly rules: readonly string[];
}

export type { HtmlRun };

export interface ToHtmlOptions {
  /** What `profile` says of the columns, shown as distributions. @default none */
  profile?: Profile | undefined;
  /** Earlier runs of the contract, the oldest first; the last 60 are shown. @default none */
  history?: readonly HtmlRun[] | undefined;
  /** Rows that break rules, from `split`; the first 50 are shown. @default none */
  bad?: readonly HtmlBadRow[] | undefined;
  /** How many bad rows there are, where `bad` has only some. @default those of `bad` */
  badCount?: number | undefined;
  /** When the check was. @default not told */
  at?: Date | undefined;
}

/** How much is shown; a page that a browser scrolls with ease. */
const most = { open: 10, values: 10, groups: 20, rows: 50, columns: 40, ids: 6, runs: 60 };

/**
 * A report as one page of HTML that needs nothing from elsewhere: the verdict, the rules that failed by column with
 * what was expected and what was found, bad rows, distributions, earlier runs. Values are texts, whatever they hold.
 *
 * ```ts
 * import { contract, toHtml } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Days = contract('days', z.object({ tempMax: z.number() }), (c) => [c.tempMax.toBeBetween(-60, 60)]);
 * const { report, bad } = await Days.split([{ tempMax: 12.8 }, { tempMax: 128 }]);
 * const page = toHtml(report, { bad });
 * page.startsWith('<!doctype html>'); // => true
 * ```
 */
export function toHtml(report: Report, options: ToHtmlOptions = {}): string {
  const { profile, history = [], bad, badCount = bad?.length, at } = options;
  const failures = failuresOf(report);
  const kept = report.results.filter(({ success }) => success);
  const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
  const state = !report.success ? 'failed' : failures.length > 0 || report.partial ? 'warning' : 'ok';
  const sign = !report.success ? '✗' : report.partial ? '⚠' : '✓';
  const head = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${sign} ${report.contract}</title>
`;
  const body = markup`<body>
<header>
<h1><bdi>${report.contract}</bdi></h1>
<p class="verdict ${state}">${sign} ${capital(holds(report))}</p>
<p class="summary">${capital(verdictOf(report))}.</p>
${numbers(report, badCount, at)}
</header>
<main>
${history.length > 1 ? pastRuns(history.slice(-most.runs)) : undefined}
${filter(report)}
${failures.length > 0 ? failed(failures) : undefined}
${bad === undefined || bad.length === 0 ? undefined : badRows(bad, badCount ?? bad.length, report)}
${profile === undefined ? undefined : distributions(profile)}
${kept.length > 0 ? keptRules(kept, failures.length === 0) : undefined}
</main>
<footer>Rows are counted from 0. A share is of the values that a rule asks; nulls are not asked.</footer>
`;
  const parts = [head.text, '<style>', style, '</style>\n</head>\n', body.text, '<script>', script, '</script>\n'];
  return [...parts, '</body>\n</html>\n'].join('');
}

function failed(failures: readonly RuleResult[]): Markup {
  const columns = byColumn(failures).map(failedColumn);
  return markup`<h2 id="failed">Failed <small>${counted(failures.length, 'rule')}</small></h2>${columns}`;
}

function keptRules(kept: readonly RuleResult[], isOpen: boolean): Markup {
  const title = markup`<summary><h2>Kept <small>${counted(kept.length, 'rule')}</small></h2></summary>`;
  return markup`<details class="fold kept"${isOpen ? opened : undefined}>${title}${byColumn(kept).map(keptColumn)}</details>`;
}

const opened = markup` open`;
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const number = (name: string, value: string, state = ''): Markup =>
  markup`<div><dt>${name}</dt><dd class="${state}">${value}</dd></div>`;

function numbers(report: Report, bad: number | undefined, at: Date | undefined): Markup {
  const { rows, durationMs, statistics } = report;
  const { failed: broken, evaluated } = statistics;
  const all = [
    number('Rows', thousands(rows)),
    bad === undefined ? undefined : badNumber(bad, rows),
    number('Rules', thousands(evaluated)),
    number('Critical', thousands(broken.critical), broken.critical > 0 ? 'bad' : ''),
    number('Warnings', thousands(broken.warning), broken.warning > 0 ? 'warning' : ''),
    broken.info > 0 ? number('Infos', thousands(broken.info)) : undefined,
    number('Took', duration(durationMs)),
    at === undefined ? undefined : number('Checked', `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`),
  ];
  return markup`<dl class="numbers">${all}</dl>`;
}

function badNumber(count: number, rows: number): Markup {
  return number(
    'Bad rows',
    count === 0 ? '0' : `${thousands(count)} (${percent(count / rows)})`,
    count > 0 ? 'bad' : '',
  );
}

function pastRuns(runs: readonly HtmlRun[]): Markup {
  const broken = runs.filter(({ success }) => !success).length;
  const summary =
    broken === 0
      ? `the last ${counted(runs.length, 'run')} held`
      : `${broken} of the last ${counted(runs.length, 'run')} failed`;
  return markup`<h2>History <small>${summary}; a bar is as high as the run had rows</small></h2>${runStrip(runs)}`;
}

function filter({ results }: Report): Markup | undefined {
  if (results.length < 8) return undefined;
  const boxes = severities.map((severity) => {
    const count = results.filter(({ rule }) => rule.severity === severity).length;
    return count === 0
      ? undefined
      : markup`<label><input type="checkbox" name="severity" value="${severity}" checked />${severity}
          <span class="dim">${count}</span></label>`;
  });
  return markup`<form class="filter" role="search" hidden><input
      type="search"
      name="words"
      placeholder="Filter rules: a column, a value, a word"
      aria-label="Filter rules"
    />${boxes}<output></output></form>`;
}

interface Group {
  readonly name: string | undefined;
  readonly results: readonly RuleResult[];
}

/** In the order in which columns come; what is of several columns or the table stands last. */
function byColumn(results: readonly RuleResult[]): Group[] {
  const groups = new Map<string | undefined, RuleResult[]>();
  for (const result of results) {
    const { kwargs } = result.rule;
    const name = 'column' in kwargs ? kwargs.column : undefined;
    groups.set(name, [...(groups.get(name) ?? []), result]);
  }
  const all = Array.from(groups, ([name, of]) => ({ name, results: of }));
  return [...all.filter(({ name }) => name !== undefined), ...all.filter(({ name }) => name === undefined)];
}

const heading = (name: string | undefined): Markup =>
  name === undefined ? markup`<h3>Table</h3>` : markup`<h3><code>${name}</code></h3>`;

function failedColumn({ name, results }: Group, place: number): Markup {
  return markup`<section class="column">${heading(name)}${results.map((result, at) => failedRule(result, place + at < most.open))}</section>`;
}

function failedRule(result: RuleResult, isOpen: boolean): Markup {
  const { severity, id, tags, notes } = result.rule;
  const facts = [
    ...(titleOf(result.rule) === undefined ? [markup`<code>${cut(id, 200)}</code>`] : []),
    ...tags.map((tag) => markup`${tag}`),
  ].map((fact, at) => markup`${at === 0 ? '' : ' · '}${fact}`);
  const more = markup`${facts.length > 0 ? markup`<p>${facts}</p>` : undefined}${notes === undefined ? undefined : markup`<p>${notes}</p>`}${failedGroups(result)}${samples(result)}`;
  return markup`<details class="rule broken ${severity}" data-severity="${severity}"${isOpen ? opened : undefined}><summary>${line(result)}</summary><div class="more">${more}</div></details>`;
}

function keptColumn({ name, results }: Group): Markup {
  return markup`<section class="column">${heading(name)}${results.map((result) => markup`<div class="rule flat kept" data-severity="${result.rule.severity}">${line(result)}</div>`)}</section>`;
}

function line(result: RuleResult): Markup {
  const { rule, success, kind } = result;
  const state = success ? '✓ kept' : `${kind === 'error' ? '⚠' : '✗'} ${rule.severity}`;
  const chip = markup`<span class="chip ${success ? 'ok' : rule.severity}">${state}</span>`;
  const found = markup`<span class="found">${describeOutcome(result)}</span>`;
  const title = titleOf(rule);
  const sentence = describeRule(rule);
  const what = title === undefined ? sentence : markup`${cut(title, 200)}<small>${sentence}</small>`;
  return markup`${chip} <span class="what">${what}</span> ${meter(result)} ${found}`;
}

function meter(result: RuleResult): Markup | undefined {
  if (result.success || result.kind !== 'map') return undefined;
  const share = result.unexpectedCount / Math.max(result.elementCount - result.missingCount, 1);
  const { kwargs } = result.rule;
  const mostly = 'mostly' in kwargs ? (kwargs.mostly ?? 1) : 1;
  return markup`<span class="meter">${percent(share)}${shareBar(share, 1 - mostly)}</span>`;
}

/** The groups of rows in which a rule does not hold, with what was found there. */
function failedGroups({ rule, groups: of }: RuleResult): Markup | undefined {
  if (of === undefined || of.failures.length === 0) return undefined;
  const lines = of.failures.slice(0, most.groups).map((failure) => {
    const values = Object.values(failure.group).map((value) => markup`<td><code>${literal(value)}</code></td>`);
    const outcome = describeOutcome({ rule, ...failure, groups: undefined });
    return markup`<tr>${values}<td>${outcome}</td></tr>`;
  });
  const titles = [...Object.keys(of.failures[0]?.group ?? {}), 'found'];
  const head = markup`<thead><tr>${titles.map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead>`;
  const left = of.failed - lines.length;
  const note = left > 0 ? markup`<p>and ${counted(left, 'more group')}</p>` : undefined;
  return markup`<div class="scroll"><table>${head}<tbody>${lines}</tbody></table></div>${note}`;
}

/** The values that break a rule, the commonest first, with their rows. */
function samples(result: RuleResult): Markup | undefined {
  if (result.kind !== 'map' || result.unexpectedValues.length === 0) return undefined;
  const byValue = new Map<unknown, { value: unknown; rows: string[]; count: number }>();
  for (const [at, value] of result.unexpectedValues.entries()) {
    const key = Array.isArray(value) ? keyOfAll(value) : keyOf(value);
    const entry = byValue.get(key) ?? { value, rows: [], count: 0 };
    byValue.set(key, entry);
    entry.count++;
    const row = describePlace(result, at);
    if (row !== undefined) entry.rows.push(row);
  }
  const entries = [...byValue.values()].toSorted((a, b) => b.count - a.count);
  const lines = entries.slice(0, most.values).map(({ value, rows, count }) => {
    return markup`<tr><td><code>${literal(value, 200)}</code></td><td class="n">${thousands(count)}</td><td>${list(rows, 8)}</td></tr>`;
  });
  const told = result.unexpectedValues.length;
  const notes = [
    ...(entries.length > most.values ? [`and ${entries.length - most.values} other values`] : []),
    ...(told < result.unexpectedCount
      ? [`of the first ${told} of ${thousands(result.unexpectedCount)} that break it`]
      : []),
  ];
  const head = markup`<thead><tr><th scope="col">value</th><th scope="col" class="n">times</th><th scope="col">in rows</th></tr></thead>`;
  return markup`<div class="scroll"><table>${head}<tbody>${lines}</tbody></table></div>${notes.length > 0 ? markup`<p>${notes.join(', ')}</p>` : undefined}`;
}

function badRows(bad: readonly HtmlBadRow[], count: number, report: Report): Markup {
  const rules = new Map(report.results.map(({ rule }) => [rule.id, rule]));
  const shown = bad.slice(0, most.rows);
  const keys = new Set(shown.flatMap(({ row }) => (isObject(row) ? Object.keys(row) : [])));
  // Columns that a rule is broken by come first: a wide table is cut.
  const broken = new Set(shown.flatMap(({ rules: ids }) => ids.flatMap((id) => columnsOf(rules.get(id)))));
  const all =
    keys.size <= most.columns
      ? [...keys]
      : [...[...keys].filter((key) => broken.has(key)), ...[...keys].filter((key) => !broken.has(key))];
  const columns = all.slice(0, most.columns);
  const lines = shown.map(({ row, index, rules: ids }) => {
    const marked = new Set(ids.flatMap((id) => columnsOf(rules.get(id))));
    const cells = columns.map((name) => cell(isObject(row) ? row[name] : undefined, marked.has(name)));
    const place = markup`<td class="n">${index === undefined ? '' : thousands(index)}</td>`;
    return markup`<tr>${place}<td class="ids">${names(ids)}</td>${cells}</tr>\n`;
  });
  const limits = [
    ...(count > shown.length ? [`the first ${shown.length} of ${thousands(count)} rows`] : []),
    ...(columns.length < all.length ? [`${columns.length} of ${all.length} columns`] : []),
  ];
  const titles = columns.map((name) => markup`<th scope="col"><bdi>${name}</bdi></th>`);
  const head = markup`<thead><tr><th scope="col" class="n">row</th><th scope="col">breaks</th>${titles}</tr></thead>`;
  return markup`<h2>Bad rows <small>${limits.length > 0 ? limits.join(', ') : thousands(count)}</small></h2>
<div class="scroll" tabindex="0" role="region" aria-label="Bad rows"><table class="rows">${head}<tbody>${lines}</tbody></table></div>`;
}

/** The first rules that a row breaks. */
function names(ids: readonly string[]): Markup {
  const shown = ids.slice(0, most.ids).map((id, at) => markup`${at === 0 ? '' : ', '}<code>${cut(id, 80)}</code>`);
  return markup`${shown}${ids.length > most.ids ? ` and ${ids.length - most.ids} more` : ''}`;
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

function cell(value: unknown, isBroken: boolean): Markup {
  const state = `${isBroken ? 'broken' : ''}${typeof value === 'number' || typeof value === 'bigint' ? ' n' : ''}`;
  if (isNull(value)) return markup`<td class="${state}"><span class="dim">${literal(value)}</span></td>`;
  const text = textOf(value);
  const long = text.length > 80 ? markup` title="${text.slice(0, 500)}"` : undefined;
  return markup`<td class="${state}"${long}><bdi>${cut(text, 80)}</bdi></td>`;
}

function columnsOf(rule: Rule | undefined): readonly string[] {
  if (rule === undefined) return [];
  const { kwargs } = rule;
  if ('column' in kwargs) return [kwargs.column];
  if ('column_A' in kwargs) return [kwargs.column_A, kwargs.column_B];
  return 'column_list' in kwargs ? kwargs.column_list : [];
}
