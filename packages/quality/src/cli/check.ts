import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { styleText } from 'node:util';
import type { Contract } from '../contract.ts';
import { InterruptedError } from '../errors.ts';
import { fileHistory } from '../history/file-history.ts';
import { type Run, toRun } from '../history/run.ts';
import { profile } from '../profile/profile.ts';
import { type HtmlBadRow, toHtml, type ToHtmlOptions } from '../report/html/to-html.ts';
import { Report } from '../report/report.ts';
import type { RuleResult } from '../report/result.ts';
import { toJUnit } from '../report/to-junit.ts';
import { toMarkdown } from '../report/to-markdown.ts';
import { headline, type Paint, plain, toText } from '../report/to-text.ts';
import { counted } from '../report/words.ts';
import type { Severity } from '../rules/rule.ts';
import { writeValue } from '../saved.ts';
import { TableState } from '../state/table-state.ts';
import type { FileTable, ReadRow } from './file-table.ts';
import { createReader } from './readings.ts';
import { exit } from './usage.ts';

export const outputFormats = ['text', 'json', 'markdown', 'junit', 'html'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface CheckCommand {
  readonly contract: Contract;
  readonly table: FileTable;
  readonly nulls: readonly string[];
  readonly format: OutputFormat;
  readonly out: string | undefined;
  readonly bad: string | undefined;
  /** Where runs are kept. */
  readonly history: string | undefined;
  readonly severity: Severity;
  readonly keepIndexes: boolean;
  readonly isColored: boolean;
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
}

/** How many bad rows a page shows. */
const shownRows = 50;
const shownRuns = 60;
const keptValues = 20;

/**
 * @returns The exit code.
 * @throws What the files threw; where rows came before, once the report of these is written.
 */
export async function check(command: CheckCommand): Promise<number> {
  const { contract, format, out, bad, signal, print, isColored, table } = command;
  const read = createReader(contract.rules, command.nulls);
  const tellsRows = bad !== undefined || format === 'html';
  if (tellsRows) await table.hold();
  const keepIndexes = tellsRows || command.keepIndexes;
  const state = format === 'html' ? new TableState() : undefined;
  let interruption: InterruptedError | undefined;
  const rows = table.rows(state === undefined ? read : watched(read, state));
  const whole = await contract.check(rows, { signal, keepIndexes }).catch((error: unknown): Report => {
    if (!(error instanceof InterruptedError) || error.report.rows === 0) throw error;
    interruption = error;
    return error.report;
  });
  const report = command.keepIndexes ? whole : briefly(whole);

  const shown: HtmlBadRow[] = [];
  const broken = tellsRows ? brokenRows(whole) : new Map<number, string[]>();
  if (broken.size > 0 || bad !== undefined) {
    const lines = bad === undefined ? undefined : await openLines(bad, signal);
    for await (const { row, index, file, place, format: of } of table.places(broken)) {
      const rules = broken.get(index) ?? [];
      await lines?.write({ file, row: place, rules, data: row });
      if (shown.length < shownRows) shown.push({ row: read(row, of), index, rules });
      else if (lines === undefined) break;
    }
    await lines?.close();
  }

  const at = new Date();
  const past = command.history === undefined ? [] : await keepRun(command.history, toRun(report, { at }), signal);
  const spread = state === undefined ? undefined : await profile(state, { signal });
  const text = tell(report, command, { bad: shown, badCount: broken.size, profile: spread, history: past, at });
  const paint: Paint = (color, words) => (isColored ? styleText(color, words, { validateStream: false }) : words);
  if (out === undefined) print(text);
  else {
    await writeFile(out, text);
    print(`${headline(report, paint)}\n`);
  }
  if (bad !== undefined && out !== undefined) print(`${counted(broken.size, 'bad row')} in ${plain(bad)}\n`);
  if (interruption !== undefined) throw interruption;
  return fails(report, command.severity) ? exit.broken : exit.ok;
}

/** Counts the rows in a state on their way into the check. */
function watched(read: ReadRow, state: TableState): ReadRow {
  return (row, format) => {
    const made = read(row, format);
    state.push([made]);
    return made;
  };
}

/** @returns The runs of the contract, this one last. */
async function keepRun(path: string, run: Run, signal: AbortSignal): Promise<Run[]> {
  const history = fileHistory(path);
  await history.append(run, { signal });
  return history.runs({ contract: run.contract, latest: shownRuns }, { signal });
}

/** As many values of each rule as are kept unless all are asked for. */
function briefly({ contract, rows, durationMs, results, partial }: Report): Report {
  const brief = results.map((all): RuleResult => {
    const { groups } = all;
    const failures = groups?.failures.slice(0, keptValues) ?? [];
    const result = groups === undefined ? all : { ...all, groups: { ...groups, failures } };
    if (result.kind === 'observed') return result;
    const unexpectedIndexes = result.unexpectedIndexes.slice(0, keptValues);
    if (result.kind === 'error') return { ...result, unexpectedIndexes };
    return { ...result, unexpectedIndexes, unexpectedValues: result.unexpectedValues.slice(0, keptValues) };
  });
  return new Report(contract, rows, durationMs, brief, partial);
}

interface Lines {
  write(line: unknown): Promise<void>;
  close(): Promise<void>;
}

/** NDJSON in a file; values that JSON has not are written as reports write them. */
async function openLines(path: string, signal: AbortSignal): Promise<Lines> {
  const stream = createWriteStream(path);
  await once(stream, 'open', { signal });
  return {
    async write(line) {
      signal.throwIfAborted();
      if (!stream.write(`${JSON.stringify(writeValue(line))}\n`)) await once(stream, 'drain', { signal });
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

function fails({ statistics: { failed } }: Report, severity: Severity): boolean {
  if (failed.critical > 0) return true;
  return (severity !== 'critical' && failed.warning > 0) || (severity === 'info' && failed.info > 0);
}

function tell(report: Report, { format, isColored, out }: CheckCommand, options: ToHtmlOptions): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case 'markdown':
      return toMarkdown(report);
    case 'junit':
      return toJUnit(report);
    case 'html':
      return toHtml(report, options);
    case 'text':
    default:
      return toText(report, { isColored: isColored && out === undefined });
  }
}

/** The ids of the rules that rows break, by their place in all files. */
function brokenRows(report: Report): Map<number, string[]> {
  const broken = new Map<number, string[]>();
  for (const result of report.results) {
    if (result.kind === 'observed') continue;
    for (const index of result.unexpectedIndexes) {
      const ids = broken.get(index);
      if (ids === undefined) broken.set(index, [result.rule.id]);
      else ids.push(result.rule.id);
    }
  }
  return broken;
}
