import { describeOutcome, describeOutcomes, describePlace } from './describe-result.ts';
import { describeRule } from './describe-rule.ts';
import type { Report } from './report.ts';
import type { RuleResult } from './result.ts';
import { counted, literal } from './words.ts';

/**
 * Reports as JUnit's XML, which CI systems show as tests: a suite for each contract, a case for each rule. A critical
 * rule that failed is a failure, one that could not be judged an error. A warning or an info that failed is skipped,
 * with what was found as the reason: CI systems show that and do not fail by it, where `system-out` is shown by few.
 *
 * ```ts
 * import { contract, toJUnit } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * const Days = contract('days', z.object({ tempMax: z.number() }), (c) => [c.tempMax.toBeBetween(-60, 60)]);
 * const xml = toJUnit(await Days.check([{ tempMax: 128 }]));
 * xml.match(/<testsuite [^>]*>/)?.[0].replace(/ time="[^"]*"/, '');
 * // => '<testsuite name="days" tests="3" failures="1" errors="0" skipped="0">'
 * ```
 *
 * @see https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
 */
export function toJUnit(reports: Report | readonly Report[]): string {
  const all = 'results' in reports ? [reports] : reports;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...all.flatMap((report) => suite(report)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite({ contract, durationMs, results, partial, rows }: Report): string[] {
  const outcomes = results.map(outcomeOf);
  const count = (what: Outcome): number => outcomes.filter((outcome) => outcome === what).length;
  const attributes = [
    `name="${attribute(contract)}"`,
    `tests="${results.length + (partial ? 1 : 0)}"`,
    `failures="${count('failure')}"`,
    `errors="${count('error') + (partial ? 1 : 0)}"`,
    `skipped="${count('skipped')}"`,
    `time="${(durationMs / 1000).toFixed(3)}"`,
  ];
  return [
    `  <testsuite ${attributes.join(' ')}>`,
    ...results.flatMap((result, at) => testcase(contract, result, outcomes[at])),
    ...(partial ? cutShort(contract, rows) : []),
    '  </testsuite>',
  ];
}

/** That rules hold on the first rows must not pass for a verdict on all. */
function cutShort(contract: string, rows: number): string[] {
  const message = `the rows failed midway: this is about the ${counted(rows, 'row')} before`;
  return [
    `    <testcase classname="${attribute(contract)}" name="all rows are read" time="0">`,
    `      <error message="${message}" type="partial"/>`,
    '    </testcase>',
  ];
}

type Outcome = 'failure' | 'error' | 'skipped';

function outcomeOf({ success, kind, rule }: RuleResult): Outcome | undefined {
  if (success) return undefined;
  return rule.severity === 'critical' ? (kind === 'error' ? 'error' : 'failure') : 'skipped';
}

function testcase(contract: string, result: RuleResult, outcome: Outcome | undefined): string[] {
  const { rule } = result;
  const open = `    <testcase classname="${attribute(contract)}" name="${attribute(rule.id)}" time="0"`;
  if (outcome === undefined) return [`${open}/>`];
  const found = describeOutcome(result);
  if (outcome === 'skipped') {
    return [`${open}>`, `      <skipped message="${attribute(`${rule.severity}: ${found}`)}"/>`, '    </testcase>'];
  }
  const lines = [
    `expected: ${describeRule(rule)}`,
    ...describeOutcomes(result, 20).map((line, at) => (at === 0 ? `found: ${line}` : line)),
    ...(rule.notes === undefined ? [] : [`notes: ${rule.notes}`]),
    ...(result.kind === 'map'
      ? result.unexpectedValues.slice(0, 20).map((value, at) => {
          const row = describePlace(result, at);
          return `${row === undefined ? '-' : `row ${row}:`} ${literal(value, 200)}`;
        })
      : []),
  ];
  return [
    `${open}>`,
    `      <${outcome} message="${attribute(found)}" type="${rule.expectation}">${xml(lines.join('\n'))}</${outcome}>`,
    '    </testcase>',
  ];
}

/** A text in XML 1.0: characters that it cannot have at all are U+FFFD. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
}

const attribute = (text: string): string => xml(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
