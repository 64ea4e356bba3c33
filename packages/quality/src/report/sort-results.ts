import type { Report } from './report.ts';
import type { RuleResult } from './result.ts';
import type { Severity } from '../rules/rule.ts';

export const severities = ['critical', 'warning', 'info'] as const satisfies readonly Severity[];

const rank = ({ rule }: RuleResult): number => severities.indexOf(rule.severity);

/** The results that failed, the most severe first, then in the order of the contract. */
export function failuresOf(report: Report): RuleResult[] {
  return report.failures.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether a report holds, as a sentence says it. Of rows that failed midway, what is to come is not known. */
export function holds({ success, partial }: Report): string {
  if (!success) return 'does not hold';
  return partial ? 'holds so far' : 'holds';
}

/** How a report went, in a line: `2 critical rules and 1 warning failed`, `all 15 rules hold`. */
export function verdictOf({ statistics: { evaluated, failed }, partial }: Report): string {
  const midway = partial ? '; the rows failed midway, and this is about those before' : '';
  const parts = [
    ...(failed.critical > 0 ? [`${failed.critical} critical rule${failed.critical === 1 ? '' : 's'}`] : []),
    ...(failed.warning > 0 ? [`${failed.warning} warning${failed.warning === 1 ? '' : 's'}`] : []),
    ...(failed.info > 0 ? [`${failed.info} info${failed.info === 1 ? '' : 's'}`] : []),
  ];
  if (parts.length === 0) return `${evaluated === 1 ? 'its rule holds' : `all ${evaluated} rules hold`}${midway}`;
  const most = parts.slice(0, -1).join(', ');
  return `${most}${most === '' ? '' : ' and '}${parts.at(-1)} of ${evaluated} failed${midway}`;
}
