import { describeOutcome, describeOutcomes } from './describe-result.ts';
import { describeRule, titleOf } from './describe-rule.ts';
import type { Report } from './report.ts';
import { failuresOf, holds, verdictOf } from './sort-results.ts';
import { counted, duration } from './words.ts';

/** How many rules are told; job summaries and comments have a greatest length. */
const most = { failed: 50, kept: 100, groups: 5 };

/**
 * A report as GitHub's Markdown, for a job summary or a comment: the verdict, the rules that failed with what was
 * expected and what was found, and the others folded away. Values cannot break out of it, mention people or link.
 *
 * ```ts
 * import { contract, toMarkdown } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Days = contract('days', z.object({ tempMax: z.number() }), (c) => [c.tempMax.toBeBetween(-60, 60)]);
 * const report = await Days.check([{ tempMax: 12.8 }, { tempMax: 128 }]);
 * toMarkdown(report).split('\n')[0]; // => '## ❌ days does not hold'
 * ```
 */
export function toMarkdown(report: Report): string {
  const { contract, success, partial, rows, durationMs } = report;
  const failures = failuresOf(report);
  const kept = report.results.filter((result) => result.success);
  const lines = [
    `## ${success ? (failures.length === 0 && !partial ? '✅' : '⚠️') : '❌'} ${text(contract)} ${holds(report)}`,
    '',
    `**${verdictOf(report)}** on ${counted(rows, 'row')}, in ${duration(durationMs)}.`,
  ];
  if (failures.length > 0) {
    lines.push('', '| | rule | expected | found |', '| --- | --- | --- | --- |');
    for (const result of failures.slice(0, most.failed)) {
      const { rule } = result;
      const notes = rule.notes === undefined ? '' : `<br><sub>${text(rule.notes)}</sub>`;
      const sign = rule.severity === 'critical' ? '❌' : rule.severity === 'warning' ? '⚠️' : 'ℹ️';
      lines.push(
        `| ${sign} ${rule.severity} | <code>${text(rule.id)}</code> | ${text(describeRule(rule))}${notes} | ${describeOutcomes(result, most.groups).map(text).join('<br>')} |`,
      );
    }
    if (failures.length > most.failed) lines.push('', `… and ${counted(failures.length - most.failed, 'rule')} more.`);
  }
  if (kept.length > 0) {
    const count = `${counted(kept.length, 'rule')} ${kept.length === 1 ? 'holds' : 'hold'}`;
    lines.push('', `<details><summary>${count}</summary>`, '');
    for (const result of kept.slice(0, most.kept)) {
      const title = titleOf(result.rule);
      const name = title === undefined ? '' : `${text(title)}: `;
      lines.push(`- ${name}${text(describeRule(result.rule))}: ${text(describeOutcome(result))}`);
    }
    if (kept.length > most.kept) lines.push(`- … and ${kept.length - most.kept} more`);
    lines.push('', '</details>');
  }
  return `${lines.join('\n')}\n`;
}

/**
 * A text as itself, whatever stands in it: what Markdown or HTML could take for its own is an entity. After `@` and `#`
 * stands a word joiner, which does not show: GitHub looks for names and numbers behind them once entities are read.
 */
function text(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cf}\p{Cs}]/gu, '\uFFFD')
    .replaceAll(/[^\p{L}\p{M}\p{N} ,.;'"()/%+=?…✓-]/gu, (char) =>
      char === '@' || char === '#' ? `&#${char.codePointAt(0)};&#8288;` : `&#${char.codePointAt(0)};`,
    )
    .replaceAll('://', '&#58;//')
    .replaceAll(/\bwww\./giu, 'www&#46;')
    .replaceAll(/^(?=[-+=])|^(?=\d+[.)])/gu, '&#8288;');
}
