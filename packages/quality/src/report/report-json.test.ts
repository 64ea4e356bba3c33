import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, Report, toHtml } from '../index.ts';
import { describeResult } from './describe-result.ts';

const Row = z.object({ id: z.bigint(), at: z.date(), x: z.number().nullable(), any: z.unknown() });
const Rows = contract('rows', Row, (c, t) => [
  c.id.toBeUnique(),
  c.id.maxToBeBetween(null, 10n, { severity: 'warning', tags: ['big'], notes: 'so they say' }),
  c.at.toBeBetween(new Date(0), null, { where: { x: { gt: 1 } } }),
  c.x.toBeBetween(-Infinity, 1, { strictMin: true, mostly: 0.5 }),
  c.x.meanToBeBetween(null, 0),
  c.any.toSatisfy('nothing', () => false, { id: 'any' }),
  c.any.toNotBeNull({ id: 'there' }),
  t.rowsToSatisfy('throws', () => {
    throw new Error('no');
  }),
]);

const again = (report: Report): Report => Report.from(JSON.parse(JSON.stringify(report)));

async function sample(): Promise<Report> {
  return Rows.check([
    { id: 12345678901234567890n, at: new Date(-1), x: -Infinity, any: undefined },
    { id: 1n, at: new Date('2012-01-01'), x: -0, any: { $date: 'not', nested: [1n, undefined, Number.NaN] } },
    { id: 1n, at: new Date(Number.NaN), x: Infinity, any: Object.fromEntries([['__proto__', 1]]) },
    { id: 'x', at: new Date(5), x: 'text', any: [new Date(0)] },
  ]);
}

/** Functions were left out. */
const plain = (report: Report): unknown =>
  report.results.map((result) => ({
    ...result,
    rule: { ...result.rule, kwargs: { ...result.rule.kwargs, satisfies: 0 } },
  }));

describe('Report.toJSON and Report.from', () => {
  it('lose nothing on the way through a text', async () => {
    const report = await sample();
    const read = again(report);
    expect(read).toBeInstanceOf(Report);
    expect(plain(read)).toEqual(plain(report));
    expect(read.statistics).toEqual(report.statistics);
    expect([read.contract, read.success, read.rows, read.durationMs]).toEqual(['rows', false, 4, report.durationMs]);
    expect(read.toJSON()).toEqual(JSON.parse(JSON.stringify(report)));
    expect(() => read.assert()).toThrow('Contract "rows" does not hold');
  });

  it('keep values of every kind', async () => {
    const Any = contract('any', z.object({ v: z.unknown() }), (c) => [c.v.toSatisfy('no', () => false)]);
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withNullPrototype: false,
      withUnboxedValues: false,
    } as fc.ObjectConstraints);
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 5 }), async (values) => {
        const report = await Any.check(values.map((v) => ({ v })));
        expect(plain(again(report))).toEqual(plain(report));
      }),
      { numRuns: 100 },
    );
  });

  it('write what JSON has not by a documented name, and only that', async () => {
    const Any = contract('any', z.object({ v: z.unknown() }), (c) => [c.v.toSatisfy('no', () => false)]);
    const itself: unknown[] = [];
    itself.push(itself);
    const report = await Any.check(
      [1n, new Date(0), -0, Infinity, { $a: 1, b: undefined }, [undefined], itself, new URL('http://a/')].map((v) => ({
        v,
      })),
    );
    expect(report.toJSON().results.at(-1)).toMatchObject({
      rule: { kwargs: { column: 'v', name: 'no' } },
      unexpectedValues: [
        { $bigint: '1' },
        { $date: '1970-01-01T00:00:00.000Z' },
        { $number: '-0' },
        { $number: 'Infinity' },
        { $object: { $a: 1 } },
        [{ $undefined: true }],
        ['object'],
        'http://a/',
      ],
    });
  });

  it('keep the keys of rows in databases, and groups', async () => {
    const Grouped = contract('grouped', z.object({ g: z.string(), x: z.number() }), (c) => [
      c.x.toBeBetween(0, 1, { groupBy: 'g' }),
    ]);
    const report = await Grouped.check([
      { g: 'a', x: 7 },
      { g: 'b', x: 1 },
    ]);
    const results = report.results.map((result) =>
      result.kind === 'map' && !result.success
        ? { ...result, unexpectedIndexes: [], unexpectedKeys: [{ id: 7n, day: new Date(0) }] }
        : result,
    );
    const read = again(new Report('grouped', 2, 1, results));
    expect(read.results).toEqual(results);
    const { groups: _, ...whole } = read.failures[0]!;
    expect(describeResult(whole)).toBe(
      'x.toBeBetween: 1 of 2 values, such as 7 in row id 7, day 1970-01-01T00:00:00.000Z',
    );
    expect(describeResult(read.failures[0]!)).toBe(
      'x.toBeBetween: 1 of 2 groups, such as g "a": 1 of 1 values, such as 7 in row 0',
    );
    expect(toHtml(read)).toContain(
      '<tr><td><code>&quot;a&quot;</code></td><td>1 of 1 values, such as 7 in row 0</td></tr>',
    );
  });

  it('gives back rules that cannot be run again, and say so', async () => {
    const { rule } = again(await sample()).results.find(({ rule: { id } }) => id === 'any')!;
    if (rule.expectation !== 'expect_column_values_to_satisfy') throw new Error('another rule');
    expect(() => rule.kwargs.satisfies(1)).toThrow('the function of this rule was not saved');
  });

  it('refuses what is no report, and says where', async () => {
    const good = JSON.stringify(await sample());
    const but = (path: string, value: unknown): unknown => {
      const json = JSON.parse(good);
      const keys = path.split('.');
      const holder = keys.slice(0, -1).reduce((at, key) => at[key], json);
      holder[keys.at(-1)!] = value;
      return json;
    };
    expect(() => Report.from(null)).toThrow('This is no saved report: it must be an object, got null.');
    for (const [path, value, message] of [
      ['version', 2, 'version must be 1, got 2'],
      ['contract', 1, 'contract must be a text'],
      ['rows', -1, 'rows must be a count, got -1'],
      ['rows', 1.5, 'rows must be a count'],
      ['results', {}, 'results must be a list'],
      ['results.0', 7, 'results.0 must be an object'],
      ['results.0.kind', 'x', 'results.0.kind must be one of map, observed, error, got "x"'],
      ['results.0.success', 'true', 'results.0.success must be true or false'],
      ['results.0.unexpectedIndexes', [0, 'a'], 'results.0.unexpectedIndexes.1 must be a count, got "a"'],
      [
        'results.0.unexpectedValues',
        [{ $bigint: 'x' }],
        'results.0.unexpectedValues.0 must be a value as it is written',
      ],
      [
        'results.0.rule.expectation',
        'expect_x',
        'results.0.rule.expectation must be an expectation that is known here',
      ],
      ['results.0.rule.expectation', 'toString', 'results.0.rule.expectation must be'],
      ['results.0.rule.severity', 'bad', 'results.0.rule.severity must be one of critical, warning, info'],
      ['results.0.rule.kwargs', [], 'results.0.rule.kwargs must be an object'],
      [
        'results.0.rule.kwargs',
        {},
        'results.0.rule.kwargs must be the arguments of expect_column_values_to_not_be_null',
      ],
    ] as const) {
      expect(() => Report.from(but(path, value))).toThrow(`This is no saved report: ${message}`);
    }
    expect(() => Report.from(1)).toThrow(expect.objectContaining({ code: 'DEX_SAVED_DATA', what: 'report', path: '' }));
  });
});
