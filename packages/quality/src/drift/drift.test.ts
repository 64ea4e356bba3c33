import { describe, expect, it } from 'vitest';
import { contractOf, describeOutcome, drift, TableState } from '../index.ts';
import type { DriftOptions } from './drift.ts';

const golden = (Math.sqrt(5) - 1) / 2;
/** Evenly over (0, 1), in no order. */
const even = (count: number, seed = 0) => Array.from({ length: count }, (_, at) => (seed + (at + 1) * golden) % 1);
const stateOf = (values: readonly unknown[], column = 'x') =>
  TableState.of(values.map((value) => ({ [column]: value })));
const compare = async (before: readonly unknown[], now: readonly unknown[], options?: DriftOptions) => {
  const report = drift(await stateOf(before), await stateOf(now), options);
  return { ...report.columns[0]!, success: report.success };
};
const cycle = (values: readonly unknown[], count: number) =>
  Array.from({ length: count }, (_, at) => values[at % values.length]);

describe('drift', () => {
  it('takes the method by kind, size and how many values differ, as Evidently does', async () => {
    const methodOf = async (values: readonly unknown[], now = values) => (await compare(values, now)).method;
    expect(await methodOf(even(1000))).toBe('ks');
    expect(await methodOf(even(1001))).toBe('wasserstein');
    expect(await methodOf(even(1000), even(5000))).toBe('ks');
    expect(await methodOf(cycle([1, 2, 3, 4, 5], 1000))).toBe('chisquare');
    expect(await methodOf(cycle([1, 2, 3, 4, 5, 6], 1000))).toBe('ks');
    expect(await methodOf(cycle([1, 2, 3, 4, 5], 1000), [1, 6])).toBe('ks');
    expect(await methodOf(cycle([1, 2, 3, 4, 5], 1001))).toBe('jensenshannon');
    expect(await methodOf(cycle([0, 1], 1000))).toBe('z');
    expect(await methodOf(cycle(['a', 'b'], 1000))).toBe('z');
    expect(await methodOf(cycle(['a', 'b', 'c'], 1000))).toBe('chisquare');
    expect(await methodOf(cycle(['a', 'b'], 1001))).toBe('jensenshannon');
    expect(await methodOf(cycle([true, false, null], 1002))).toBe('z');
    expect(await methodOf(even(100).map((x) => new Date(x * 1e12)))).toBe('ks');
    expect(await methodOf(cycle([1n, 2n], 10))).toBe('z');
  });

  it('has the thresholds of Evidently, or those given', async () => {
    const [a, b] = [even(1500), even(1500).map((x) => x + 0.05)];
    const found = await compare(a, b);
    expect(found).toMatchObject({ threshold: 0.1, drifted: true, success: false });
    // 0.05 to the right of a uniform distribution, whose deviation is 1 / √12.
    expect(found.score).toBeCloseTo(0.05 * Math.sqrt(12), 2);
    expect(await compare(a, b, { numerical: { threshold: 0.2 } })).toMatchObject({ threshold: 0.2, drifted: false });
    expect(await compare(even(500), even(500, 0.5))).toMatchObject({ method: 'ks', threshold: 0.05, drifted: false });
    expect(
      (
        await compare(
          even(500),
          even(500).map((x) => x + 0.1),
        )
      ).drifted,
    ).toBe(true);
  });

  it.each([
    ['ks', 'numerical'],
    ['wasserstein', 'numerical'],
    ['jensenshannon', 'numerical'],
    ['psi', 'numerical'],
    ['l_infinity', 'numerical'],
    ['chisquare', 'categorical'],
    ['jensenshannon', 'categorical'],
    ['psi', 'categorical'],
    ['l_infinity', 'categorical'],
  ] as const)('sees by %s that a %s column moved, and that it did not', async (method, kind) => {
    const options: DriftOptions = { columns: { x: { method } } };
    const before = kind === 'numerical' ? even(3000) : cycle(['a', 'b', 'c'], 3000);
    const same = kind === 'numerical' ? even(2000, 0.3) : cycle(['a', 'b', 'c'], 2000);
    const moved = kind === 'numerical' ? even(2000).map((x) => x + 1) : cycle(['a', 'a', 'b', 'd'], 2000);
    expect(await compare(before, same, options)).toMatchObject({ method, drifted: false, success: true });
    expect(await compare(before, moved, options)).toMatchObject({ method, drifted: true, success: false });
  });

  it('gives the numbers of samples while the states are exact, and says how near they are when not', async () => {
    const exact = await compare(
      even(900),
      even(800).map((x) => x * 1.1),
      { numerical: { method: 'wasserstein' } },
    );
    expect(exact.shareError).toBe(0);
    const [a, b] = [even(50_000), even(50_000, 0.5).map((x) => x ** 1.2)];
    const ks = await compare(a, b, { numerical: { method: 'l_infinity' } });
    expect(ks.shareError).toBeGreaterThan(0);
    expect(ks.shareError).toBeLessThan(0.03);
    // The first of 17 bins by Sturges of 100,000 numbers.
    const bins = Math.ceil(Math.log2(100_000) + 1);
    const first = Math.abs((1 / bins) ** (1 / 1.2) - 1 / bins);
    expect(Math.abs((ks.score ?? 0) - first)).toBeLessThan(ks.shareError);
  });

  it('has the ends and the deviation of all numbers, however far out the last ones are', async () => {
    const heavy = (factor: number) => even(20_000).map((x) => factor * x ** -0.4);
    const options = (method: 'l_infinity' | 'wasserstein'): DriftOptions => ({ columns: { x: { method } } });
    const [a, b] = [heavy(1), heavy(1.2)];
    const width = (Math.max(...b) - 1) / Math.ceil(Math.log2(40_000) + 1);
    const below = (values: readonly number[]) => values.filter((value) => value < 1 + width).length / values.length;
    const { score = 0 } = await compare(a, b, options('l_infinity'));
    expect(score).toBeCloseTo(Math.abs(below(a) - below(b)), 2);
    const mean = a.reduce((sum, x) => sum + x, 0) / a.length;
    const deviation = Math.sqrt(a.reduce((sum, x) => sum + (x - mean) ** 2, 0) / a.length);
    expect((await compare(a, b, options('wasserstein'))).score).toBeCloseTo((0.2 * mean) / deviation, 2);
  });

  it('is of states alone, saved and merged', async () => {
    const [a, b] = [even(4000), even(4000, 0.2).map((x) => x + 0.1)];
    const whole = drift(await stateOf(a), await stateOf(b));
    const halves = await stateOf(a.slice(0, 1500));
    halves.merge(TableState.from(JSON.parse(JSON.stringify(await stateOf(a.slice(1500))))));
    const merged = drift(halves, TableState.from(JSON.parse(JSON.stringify(await stateOf(b)))));
    expect(merged.columns[0]).toMatchObject({ method: 'wasserstein', drifted: true });
    expect(merged.columns[0]?.score).toBeCloseTo(whole.columns[0]?.score ?? 0, 1);
  });

  it('names new categories', async () => {
    const found = await compare(cycle(['a', 'b'], 2000), cycle(['a', 'b', 'c', null], 2000));
    expect(found).toMatchObject({ method: 'jensenshannon', drifted: true, newCategories: ['c'] });
    const many = await compare(even(1500).map(String), even(1500).map(String));
    expect(many).toMatchObject({ drifted: false, newCategories: undefined });
    expect(many.shareError).toBeGreaterThan(0);
  });

  it('takes no category for new, or gone, that a state had no room for', async () => {
    const values = Array.from({ length: 99 }, (_, at) => `c${at}`);
    const found = await compare(cycle(values, 990), cycle(values, 990).toReversed());
    expect(found.shareError).toBeGreaterThan(0);
    expect(found).toMatchObject({ method: 'chisquare', drifted: false });
    expect((await compare(cycle(values, 990), cycle(values.slice(0, 60), 990))).drifted).toBe(true);
  });

  it.each([
    ['a constant column that stays so', cycle([5], 50), cycle([5], 70), { method: 'z', score: 1, drifted: false }],
    [
      'a large constant column',
      cycle([5], 1200),
      cycle([5], 1200),
      { method: 'jensenshannon', score: 0, drifted: false },
    ],
    ['a constant that is another one', cycle([5], 50), cycle([6], 50), { method: 'z', drifted: true }],
    ['values that are null on both sides', [null], [null, null], { reason: 'neither has values', drifted: false }],
    ['values that are null now', [1, 2], [null], { reason: 'there are no values', drifted: true }],
    ['values that were null', [null], [1], { reason: 'the reference has no values', drifted: true }],
    ['infinities', [1, 2, Infinity], [1, 2, -Infinity], { method: 'z', score: 1, drifted: false }],
    ['infinities alone', [Infinity], [1], { reason: 'the reference has no values', drifted: true }],
    [
      'numbers that became texts',
      [1, 2],
      ['1', '2'],
      { reason: 'the reference is numerical, and this is categorical', drifted: true },
    ],
    ['numbers among which is a text', [1, 'n/a', 3], [1, 'n/a', 3], { method: 'chisquare', score: 1, drifted: false }],
  ])('takes %s', async (_, before, now, wanted) => {
    expect(await compare(before, now)).toMatchObject(wanted);
  });

  it('is of the table when half of its columns drift, or the share given', async () => {
    const rows = (shift: number) => even(60).map((x) => ({ a: x + shift, b: x, c: x, key: `${x + shift}` }));
    const [before, now] = [await TableState.of(rows(0)), await TableState.of(rows(1))];
    const { success, share, columns, added } = drift(before, now, { ignore: ['key'] });
    expect([success, share, columns.map(({ column }) => column), added]).toEqual([true, 1 / 3, ['a', 'b', 'c'], []]);
    expect(drift(before, now, { ignore: ['key'], driftShare: 0.3 }).success).toBe(false);
    expect(drift(before, now).success).toBe(false);
    const renamed = await TableState.of([{ a: 0.5, b: 0.5, d: 0.5, key: '' }]);
    const other = drift(before, renamed, { ignore: ['key'] });
    expect(other.added).toEqual(['d']);
    expect(other.columns[2]).toMatchObject({ column: 'c', drifted: true, reason: 'the column is not there' });
    expect(drift(new TableState(), now)).toMatchObject({ success: true, share: 0, columns: [] });
  });

  it('stands in a report beside rules', async () => {
    const [before, now] = [await stateOf(even(100)), await stateOf(even(100).map((x) => x + 1))];
    const report = await contractOf('c', []).check([]);
    const found = report.with(drift(before, now).results);
    expect(found.success).toBe(false);
    expect(found.results.map((result) => [result.rule.id, result.rule.severity])).toEqual([
      ['drift', 'critical'],
      ['x.drift', 'warning'],
    ]);
    expect(found.results.map(describeOutcome)).toEqual([
      '1 of 1 columns drifted',
      expect.stringMatching(/^ks is \S+e-\d+, and drift below 0.05$/),
    ]);
    const gone = drift(before, await TableState.of([{}]));
    expect(gone.results.map(describeOutcome)[1]).toBe('the column is not there');
    expect(report.with(drift(before, before).results).success).toBe(true);
  });

  it('refuses methods and thresholds that cannot work', async () => {
    const [numbers, texts] = [await stateOf([1]), await stateOf(['a'])];
    // @ts-expect-error -- of categories
    expect(() => drift(numbers, numbers, { numerical: { method: 'chisquare' } })).toThrow('"drift.numerical.method"');
    // @ts-expect-error -- of numbers
    expect(() => drift(numbers, numbers, { categorical: { method: 'ks' } })).toThrow('"drift.categorical.method"');
    expect(() => drift(texts, texts, { columns: { x: { method: 'ks' } } })).toThrow('"drift.columns.x.method"');
    expect(() => drift(texts, texts, { columns: { y: {} } })).toThrow('"drift.columns" must be of the reference');
    expect(() => drift(texts, texts, { categorical: { threshold: -1 } })).toThrow('"drift.categorical.threshold"');
    expect(() => drift(texts, texts, { driftShare: 2 })).toThrow('"drift.driftShare"');
  });
});
