import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anomalies,
  type AnomalyCheck,
  type AnomalyMethod,
  contractOf,
  describeRule,
  expectedRange,
  Report,
  type Run,
} from '../index.ts';

interface Case {
  readonly before: readonly number[];
  readonly method: AnomalyMethod;
  readonly threshold: number;
  readonly center: number;
  readonly scale: number;
  readonly min: number;
  readonly max: number;
  readonly next: number;
  readonly score: number;
}
const cases: Case[] = JSON.parse(readFileSync(new URL('../../test/history/ranges.json', import.meta.url), 'utf8'));

describe('expectedRange', () => {
  it.each(cases)('is where NumPy and SciPy have it: $method of $before.length', (one) => {
    const { before, method, threshold } = one;
    const range = expectedRange(before, { method, threshold });
    for (const key of ['center', 'scale', 'min', 'max'] as const) {
      const off = Math.abs((range?.[key] ?? NaN) - one[key]);
      expect(off).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(one.center), Math.abs(one[key])));
    }
  });

  it('is only one number where all before are equal, unless there is a tolerance', () => {
    for (const method of ['robustZ', 'zScore'] as const) {
      fc.assert(
        fc.property(
          fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((value) => value + 0),
          fc.integer({ min: 2, max: 40 }),
          (value, length) => {
            const before = Array.from({ length }, () => value);
            expect(expectedRange(before, { method })).toEqual({ min: value, max: value, center: value, scale: 0 });
          },
        ),
        { numRuns: 50 },
      );
      expect(expectedRange([24, 24, 24], { method, tolerance: 2 })).toMatchObject({ min: 22, max: 26 });
    }
    expect(expectedRange([0, 10, 20], { method: 'zScore', threshold: 1, tolerance: 2 })).toMatchObject({
      min: 0,
      max: 20,
    });
  });

  it('leaves out what is not finite, and expects nothing of nothing', () => {
    expect(expectedRange([NaN, 1, Infinity, 3])).toEqual(expectedRange([1, 3]));
    expect(expectedRange([NaN])).toBeUndefined();
    expect(expectedRange([1], { method: 'zScore' })).toBeUndefined();
    expect(expectedRange([1], { method: 'relativeChange', threshold: 0.5 })).toMatchObject({ min: 0.5, max: 1.5 });
    expect(expectedRange([-10], { method: 'relativeChange', threshold: 0.5 })).toMatchObject({ min: -15, max: -5 });
  });

  it('is open to one side where only the other is told', () => {
    const options = { method: 'absoluteChange', threshold: 5 } as const;
    expect(expectedRange([10], { ...options, direction: 'up' })).toMatchObject({ min: -Infinity, max: 15 });
    expect(expectedRange([10], { ...options, direction: 'down' })).toMatchObject({ min: 5, max: Infinity });
  });

  it('refuses options that cannot work', () => {
    expect(() => expectedRange([1], { method: 'absoluteChange' })).toThrow('"expectedRange.threshold"');
    expect(() => expectedRange([1], { threshold: -1 })).toThrow('"expectedRange.threshold"');
    expect(() => expectedRange([1], { tolerance: NaN })).toThrow('"expectedRange.tolerance"');
    // @ts-expect-error no such method
    expect(() => expectedRange([1], { method: 'magic' })).toThrow('"expectedRange.method"');
  });
});

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2012, 0, 2); // a Monday
const run = (place: number, rows: number, more: Partial<Run> = {}): Run => ({
  contract: 'daily',
  at: new Date(start + place * day),
  rows,
  success: true,
  metrics: { rows },
  ...more,
});
const store = (runs: readonly Run[]) => ({
  runs: async ({ contract = '' } = {}) => runs.filter((one) => one.contract === contract),
});
const judge = async (runs: readonly Run[], last: Run, check: Partial<AnomalyCheck> = {}) => {
  const report = await anomalies(store(runs), last, [{ metric: 'rows', ...check }]);
  const [result] = report.results;
  if (result === undefined) throw new Error('There is no result.');
  return result;
};
const week = [24, 23, 26, 25, 24, 24, 22].map((rows, at) => run(at, rows));

describe('anomalies', () => {
  it('tells a metric that is out of what the runs before it let expect, with the numbers', async () => {
    const last = run(7, 2);
    const report = await anomalies(store([...week, last, run(8, 1000)]), last, [
      { metric: 'rows' },
      { metric: 'rows', method: 'zScore', id: 'volume', severity: 'warning', tags: ['volume'], notes: 'why' },
      { metric: 'rows', method: 'relativeChange', threshold: 0.95 },
    ]);
    expect(report).toMatchObject({ contract: 'daily', rows: 2, success: false });
    const [robust, z, change] = report.results;
    expect(robust).toMatchObject({
      kind: 'observed',
      success: false,
      observed: 2,
      rule: { id: 'rows.robustZ', expectation: 'expect_comparison_to_hold', severity: 'critical' },
      details: { judged: true, runs: 7, expected: { center: 24, scale: 1 / 0.674_489_750_196_081_7 } },
    });
    expect(robust?.kind === 'observed' && robust.details?.['score']).toBeCloseTo(-22 * 0.674_489_75, 6);
    expect(z).toMatchObject({
      success: false,
      rule: { id: 'volume', severity: 'warning', tags: ['volume'], notes: 'why' },
    });
    expect(change).toMatchObject({ success: true, details: { runs: 1, expected: { center: 22 } } });
    expect(() => report.assert()).toThrow('- rows.robustZ: 2, expected from 18.8109 to 29.1891 by 7 runs');
  });

  it('does not judge by too few runs, and says so', async () => {
    expect(await judge(week.slice(1), run(7, 2))).toMatchObject({
      success: true,
      observed: 2,
      details: { judged: false, runs: 6, summary: '2, not judged: 6 of 7 runs' },
    });
    expect(await judge(week.slice(1), run(7, 2), { minRuns: 6 })).toMatchObject({ success: false });
    expect(await judge([], run(7, 2), { method: 'absoluteChange', threshold: 1 })).toMatchObject({ success: true });
    const without = week.map((one, at) => (at < 3 ? one : { ...one, metrics: {} }));
    expect(await judge(without, run(7, 2))).toMatchObject({ details: { judged: false, runs: 3 } });
  });

  it('does not rest on runs that were cut short', async () => {
    const cut = Array.from({ length: 9 }, (_, at) => run(at - 20, 1, { partial: true }));
    expect(await judge([...cut, ...week], run(7, 24))).toMatchObject({ success: true, details: { runs: 7 } });
  });

  it('fails a metric that the run has not', async () => {
    expect(await judge(week, run(7, 2), { metric: 'mean' })).toMatchObject({
      kind: 'error',
      success: false,
      error: 'the run has no metric mean; it has rows',
      rule: { id: 'mean.robustZ' },
    });
  });

  it('looks at so many runs, the newest, and at those of one contract', async () => {
    const old = Array.from({ length: 20 }, (_, at) => run(at - 40, 1000));
    const others = week.map((one) => ({ ...one, contract: 'hourly', metrics: { rows: 1 } }));
    expect(await judge([...old, ...others, ...week], run(7, 23), { window: 7 })).toMatchObject({
      success: true,
      details: { runs: 7, expected: { center: 24 } },
    });
    expect(await judge([...old, ...week], run(7, 23), { window: 30 })).toMatchObject({
      details: { expected: { center: 1000 } },
    });
  });

  it('where all runs before are equal, tells any other number', async () => {
    const same = week.map((one) => ({ ...one, metrics: { rows: 24 } }));
    expect(await judge(same, run(7, 24))).toMatchObject({ success: true, details: { score: 0 } });
    expect(await judge(same, run(7, 23))).toMatchObject({ success: false, details: { score: -Infinity } });
    expect(await judge(same, run(7, 23), { tolerance: 1 })).toMatchObject({ success: true });
    expect(await judge(same, run(7, 24, { metrics: { rows: 24.0000001 } }))).toMatchObject({
      details: { summary: '24.0000001, expected 24 by 7 runs' },
    });
  });

  it('compares with the same weekday, hour or month, or with each nth run', async () => {
    const rows = (place: number): number => (place % 7 > 4 ? 5 : 100);
    const weeks = Array.from({ length: 28 }, (_, at) => run(at, rows(at)));
    const saturday = run(33, 100); // 2012-02-04
    const check = { minRuns: 4, season: 'weekday' } as const;
    expect(await judge(weeks, saturday, check)).toMatchObject({
      success: false,
      details: { runs: 4, expected: { center: 5 } },
    });
    expect(await judge(weeks, run(28, 100), check)).toMatchObject({ success: true, details: { runs: 4 } });
    expect(await judge(weeks, run(28, 5), { minRuns: 4, season: 7 })).toMatchObject({
      success: false,
      details: { runs: 4 },
    });
    const hours = Array.from({ length: 72 }, (_, at) => ({ ...run(0, at % 24), at: new Date(start + at * hour) }));
    const later = { ...run(0, 3), at: new Date(start + 75 * hour) };
    expect(await judge(hours, later, { season: 'hour', minRuns: 3 })).toMatchObject({
      success: true,
      details: { runs: 3 },
    });
    expect(await judge(hours, run(3, 5), { season: 'hour', minRuns: 3 })).toMatchObject({ success: false });
  });

  it('takes partitions in the order of their names, each by its last run, and seasons by their dates', async () => {
    const month = (name: string, rows: number, at = 0): Run => run(at, rows, { partition: name });
    const names = Array.from({ length: 24 }, (_, at) => new Date(Date.UTC(2010, at)).toISOString().slice(0, 7));
    const years = names.map((name) => month(name, name.endsWith('-02') ? 28 : 31));
    const redone = month('2010-02', 29, 1);
    const check = { season: 'month', minRuns: 2, window: 2 } as const;
    const all = [...years.toReversed(), redone, run(5, 1)];
    expect(await judge(all, month('2012-02', 29), check)).toMatchObject({
      success: true,
      details: { runs: 2, expected: { center: 28.5 } },
    });
    expect(await judge(all, month('2012-02', 31), { ...check, threshold: 2 })).toMatchObject({ success: false });
    expect(await judge(all, month('2010-08', 31), { minRuns: 1 })).toMatchObject({ details: { runs: 7 } });
  });

  it('gives rules that a report keeps and tells, and that no table can be asked', async () => {
    const report = await anomalies(store(week), run(7, 2), [{ metric: 'rows', direction: 'up' }]);
    const again = Report.from(JSON.parse(JSON.stringify(report)));
    expect(again).toEqual(report);
    const [result] = again.with(report.results).results;
    if (result === undefined) throw new Error('There is no result.');
    expect(describeRule(result.rule)).toBe('rows is as the runs before it let expect (robustZ)');
    await expect(contractOf('daily', [result.rule]).check([])).rejects.toThrow('rows.robustZ.expectation');
  });

  it('gives the signal on', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const runs = async (_: object, { signal: given }: { signal?: AbortSignal | undefined } = {}) => {
      given?.throwIfAborted();
      return [];
    };
    await expect(anomalies({ runs }, run(1, 1), [], { signal })).rejects.toThrow('enough');
  });

  it('refuses checks that cannot work', async () => {
    const bad: [Partial<AnomalyCheck>, string][] = [
      [{ metric: '' }, 'metric'],
      [{ window: 0 }, 'window'],
      [{ window: 5, minRuns: 6 }, 'minRuns'],
      [{ method: 'zScore', minRuns: 1 }, 'minRuns'],
      [{ method: 'relativeChange' }, 'threshold'],
      [{ season: 1 }, 'season'],
    ];
    for (const [check, option] of bad) {
      await expect(judge(week, run(7, 1), check)).rejects.toThrow(`"anomalies.checks.0.${option}"`);
    }
    // @ts-expect-error a list
    await expect(anomalies(store([]), run(1, 1), {})).rejects.toThrow('"anomalies.checks"');
    await expect(anomalies(store([]), run(1, 1, { at: new Date('x') }), [])).rejects.toThrow('"anomalies.run.at"');
  });
});
