import { styleText } from 'node:util';
import { describeOutcomes } from './describe-result.ts';
import { describeRule, titleOf } from './describe-rule.ts';
import type { Report } from './report.ts';
import { failuresOf, holds, verdictOf } from './sort-results.ts';
import { counted, duration } from './words.ts';

export interface ToTextOptions {
  /** Colours, for a terminal. */
  readonly isColored: boolean;
}

const mostGroups = 5;
const colors = { critical: 'red', warning: 'yellow', info: 'blue' } as const;

/** Colours a text, or leaves it. */
export type Paint = (color: 'red' | 'yellow' | 'blue' | 'green' | 'bold' | 'dim', text: string) => string;

/** A report for a terminal: the verdict, then what failed with what was found. */
export function toText(report: Report, { isColored }: ToTextOptions): string {
  const paint: Paint = (color, text) => (isColored ? styleText(color, text, { validateStream: false }) : text);
  const failures = failuresOf(report);
  const lines = [headline(report, paint), `  ${counted(report.rows, 'row')} in ${duration(report.durationMs)}`];
  if (failures.length > 0) lines.push('');
  for (const result of failures) {
    const { severity, notes } = result.rule;
    const title = titleOf(result.rule);
    const sentence = describeRule(result.rule);
    lines.push(`${paint(colors[severity], `✗ ${severity.padEnd(8)}`)}  ${paint('bold', plain(title ?? sentence))}`);
    if (title !== undefined) lines.push(`            ${plain(sentence)}`);
    const [found = '', ...groups] = describeOutcomes(result, mostGroups);
    lines.push(`            ${plain(found)}`, ...groups.map((group) => `              ${plain(group)}`));
    if (notes !== undefined) lines.push(`            ${paint('dim', plain(notes))}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The verdict in a line. */
export function headline(report: Report, paint: Paint): string {
  const { contract, success, partial } = report;
  const words = `${plain(contract)} ${holds(report)}`;
  const verdict = !success
    ? paint('red', `✗ ${words}`)
    : partial
      ? paint('yellow', `⚠ ${words}`)
      : paint('green', `✓ ${words}`);
  return `${verdict}: ${verdictOf(report)}`;
}

/** Without what a terminal would obey. */
export const plain = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\uFFFD';
  });
