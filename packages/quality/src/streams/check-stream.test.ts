import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { map, pipe } from '@dataenginex/streams';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, describeOutcome, InterruptedError, Report, type RuleResult, toMarkdown } from '../index.ts';

const Reading = z.object({ station: z.unknown(), temp: z.unknown() });
const Daily = contract('daily', Reading, (c, t) => [c.temp.toBeBetween(-60, 60), t.unique('station', 'temp')]);
const rows = Array.from({ length: 2000 }, (_, n) => ({ station: 'Seattle', temp: n / 10 }));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quality-'));
});
afterAll(() => rm(folder, { recursive: true }));
const spilled = () => readdir(folder);

async function* streamOf<T>(items: Iterable<T>) {
  yield* items;
}

/** Rows, and then what fails. */
async function* failing<T>(items: readonly T[], error: unknown) {
  yield* items;
  throw error;
}

const idsOf = (results: readonly RuleResult[]) => results.map(({ rule }) => rule.id);

describe('check of a stream', () => {
  it('takes what is iterable', async () => {
    const { results } = await Daily.check(rows);
    const sources = [
      rows.values(),
      Readable.from(rows),
      pipe(rows),
      Readable.toWeb(Readable.from(rows)),
      new Set(rows),
    ];
    for (const source of sources) {
      const report = await Daily.check(source);
      expect(report).toMatchObject({ rows: 2000, partial: false });
      expect(report.results).toEqual(results);
    }
    expect(
      (
        await Daily.check(
          pipe(
            rows,
            map((row) => row),
          ),
        )
      ).results,
    ).toEqual(results);
  });

  it('refuses what is no source, and limits that are none', async () => {
    // @ts-expect-error -- no source
    await expect(Daily.check(7)).rejects.toThrow(
      'Option "check.source" must be an array of rows, an iterable or async',
    );
    await expect(Daily.check('rows')).rejects.toThrow('Option "check.source"');
    for (const options of [{ maxValues: 0 }, { maxKeys: 1.5 }, { spill: '' }]) {
      const [name = ''] = Object.keys(options);
      await expect(Daily.check(streamOf(rows), options)).rejects.toThrow(`Option "check.${name}" must be`);
    }
    // @ts-expect-error -- no folder
    await expect(Daily.check(streamOf(rows), { spill: true })).rejects.toThrow('Option "check.spill" must be a folder');
  });

  it('judges rows that are no objects, and what else may come, as in an array', async () => {
    const odd: unknown[] = [undefined, null, 7, 'text', [1], () => 1, { station: 'x'.repeat(1e6), temp: 1n }];
    odd.push(
      { station: 'x'.repeat(1e6), temp: 1 },
      { station: -0, temp: Infinity },
      { station: '\ud800', temp: '\ud801' },
    );
    const { results } = await Daily.check(odd);
    expect((await Daily.check(streamOf(odd))).results).toEqual(results);
    expect((await Daily.check(odd.values(), { maxKeys: 1, spill: folder })).results).toEqual(results);
    expect((await Daily.check(streamOf([]))).results).toEqual((await Daily.check([])).results);
  });

  it('asks for no more rows than it judges', async () => {
    let asked = 0;
    let judged = 0;
    const most: number[] = [];
    const Slow = contract('slow', Reading, (_, t) => [t.rowsToSatisfy('is counted', () => (judged += 1) > 0)]);
    async function* source() {
      for (; asked < 5000; asked++) {
        most.push(asked - judged);
        yield rows[0];
      }
    }
    await Slow.check(source());
    expect(judged).toBe(5000);
    expect(Math.max(...most)).toBeLessThanOrEqual(512);
  });
});

it('keeps a group, and a value that breaks a rule, without the text that they were cut out of', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const Cut = contract('cut', Reading, (c) => [c.temp.toBeInSet(['none'], { groupBy: 'station' })]);
  const held: number[] = [];
  async function* cuts() {
    for (let n = 0; n <= 4096; n++) {
      if (n === 1024 || n === 4096) {
        collect();
        held.push(process.memoryUsage().heapUsed);
      }
      const text = `station-${1e6 + n},value-${1e6 + n}${' '.repeat(16_384)}`;
      yield { station: text.slice(0, 15), temp: text.slice(16, 29) };
    }
  }
  await Cut.check(cuts());
  const [before = 0, after = 0] = held;
  expect(after - before).toBeLessThan(3072 * 8192);
});

describe('what a stream does not keep in memory', () => {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }) },
    fc.constantFrom('a', 'ä', 'ж', '\ud800', '\udc00', '1', true, -0, 1n, 2n ** 70n, Infinity, null, undefined),
    fc.constantFrom(new Date(0), { a: 1 }, { a: 1n }, [1], 'a text of more than 64 characters '.repeat(3)),
    fc.double({ noNaN: true }),
  );
  const Whole = contract('whole', Reading, (c, t) => [
    c.station.toBeUnique({ mostly: 0.5 }),
    c.station.toBeUnique({ where: { temp: { gt: 20 } }, id: 'where' }),
    t.unique('station', 'temp'),
    c.temp.zScoresToBeLessThan(1.5),
    c.temp.toNotBeOutliers({ method: 'std', multiplier: 1 }),
    c.temp.toNotBeOutliers({ multiplier: 0.5, id: 'iqr' }),
  ]);

  it('goes to a file, and what comes of it is the same', async () => {
    const row = fc.record({
      station: value,
      temp: fc.oneof({ weight: 9, arbitrary: fc.double({ min: -99, max: 99 }) }, value),
    });
    const tables = fc.array(row, { maxLength: 200, size: 'max' });
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (table, maxKeys, keepIndexes) => {
        const { results } = await Whole.check(table, { keepIndexes });
        const report = await Whole.check(streamOf(table), { keepIndexes, maxKeys, spill: folder });
        expect(report.results).toEqual(results);
      }),
      { numRuns: 60 },
    );
    expect(await spilled()).toEqual([]);
  });

  it('goes there in parts of parts, where there is much', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      station: `${'x'.repeat(120)}${n % 19_990}`,
      temp: Math.sin(n) * n,
    }));
    let seen: string[] = [];
    async function* source() {
      yield* many;
      seen = await spilled();
    }
    const { results } = await Whole.check(many);
    for (const maxKeys of [20, 1000]) {
      expect((await Whole.check(source(), { maxKeys, spill: folder })).results).toEqual(results);
      expect(seen).toEqual([expect.stringMatching(/^dex-quality-/)]);
    }
    expect(await spilled()).toEqual([]);
  });

  it('makes an error of rules that would need the file, where there is to be none', async () => {
    const report = await Whole.check(streamOf(rows), { maxKeys: 100, spill: false });
    const errors = report.results.filter(({ kind }) => kind === 'error');
    expect(idsOf(errors)).toEqual(
      idsOf(report.results).filter((id) => !id.startsWith('schema.') && id !== 'station.toBeUnique' && id !== 'where'),
    );
    expect(errors[0]).toMatchObject({ error: 'more than 100 keys, and they must not be spilled to a file' });
    expect(errors[1]).toMatchObject({ error: 'more than 100 numbers, and they must not be spilled to a file' });
    expect((await Whole.check(streamOf(rows), { maxKeys: 2000, spill: false })).results).toEqual(
      (await Whole.check(rows)).results,
    );
  });

  it('leaves no file when it is aborted, or fails', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    async function* endless() {
      for (let n = 0; ; n++) {
        if (n === 50_000) controller.abort(reason);
        yield { station: n, temp: n };
      }
    }
    await expect(Whole.check(endless(), { maxKeys: 10, spill: folder, signal: controller.signal })).rejects.toBe(
      reason,
    );
    expect(await spilled()).toEqual([]);
    const late = new AbortController();
    async function* ending() {
      yield* Array.from({ length: 20_000 }, (_, n) => ({ station: n, temp: n }));
      setImmediate(() => late.abort(reason));
    }
    await expect(Whole.check(ending(), { maxKeys: 10, spill: folder, signal: late.signal })).rejects.toBe(reason);
    expect(await spilled()).toEqual([]);
    await expect(Whole.check(failing(rows, reason), { maxKeys: 10, spill: folder })).rejects.toThrow('enough');
    expect(await spilled()).toEqual([]);
    await expect(
      Whole.check(streamOf([...rows, ...rows, ...rows]), { maxKeys: 10, spill: join(folder, 'none') }),
    ).rejects.toMatchObject({
      code: 'DEX_TEMP',
    });
  });
});

describe('what a stream estimates', () => {
  const Middle = contract('middle', Reading, (c) => [
    c.temp.uniqueValueCountToBeBetween(0, 20_000),
    c.temp.proportionOfUniqueValuesToBeBetween(0, 0.4),
    c.temp.medianToBeBetween(0, 1),
    c.temp.quantileValuesToBeBetween({ 0.1: [null, 1], 0.9: [0.9, null] }),
    c.station.mostCommonValueToBeInSet(['Seattle']),
    c.station.distinctValuesToContainSet(['Seattle', 's7']),
    c.station.distinctValuesToBeInSet(['Seattle', 's7']),
  ]);
  const of = (results: readonly RuleResult[], id: string) => results.find(({ rule }) => rule.id.includes(id));

  it('says its error, and keeps to it', async () => {
    const many = Array.from({ length: 30_000 }, (_, n) => ({
      station: n % 3 === 0 ? 'Seattle' : `s${n}`,
      temp: ((n * 7919) % 10_007) / 10_007,
    }));
    const exact = await Middle.check(many);
    const { results } = await Middle.check(streamOf(many), { maxValues: 50 });
    const count = of(results, 'uniqueValueCount');
    expect(count).toMatchObject({ success: true, approximation: { uncertain: false } });
    const observed = count?.kind === 'observed' ? Number(count.observed) : 0;
    expect(Math.abs(observed / 10_007 - 1)).toBeLessThan(
      3 * (count?.kind === 'observed' ? (count.approximation?.relativeError ?? 0) : 0),
    );
    const median = of(results, 'median');
    expect(median?.kind === 'observed' && Math.abs(Number(median.observed) - 0.5)).toBeLessThan(0.0105);
    expect(median).toMatchObject({ approximation: { rankError: 0.0105, uncertain: false } });
    // What is compared to a set is counted as it is.
    expect(of(results, 'ContainSet')).toEqual(of(exact.results, 'ContainSet'));
    expect(of(results, 'mostCommon')).toMatchObject({
      success: true,
      observed: ['Seattle'],
      approximation: { uncertain: false },
    });
    expect(of(results, 'distinctValuesToBeInSet')).toMatchObject({
      success: false,
      details: { partial_unexpected_list: expect.arrayContaining(['s1']) as unknown },
    });
    expect(
      Report.from(JSON.parse(JSON.stringify(await Middle.check(streamOf(many), { maxValues: 50 })))).results,
    ).toHaveLength(results.length);
  });

  it('says of a verdict that it is too near to its bound to be certain', async () => {
    const Near = contract('near', Reading, (c) => [
      c.temp.uniqueValueCountToBeBetween(0, 10_000),
      c.temp.medianToBeBetween(0, 0.5),
      c.station.mostCommonValueToBeInSet(['s7']),
    ]);
    const many = Array.from({ length: 30_000 }, (_, n) => ({ station: `s${n % 1000}`, temp: (n % 10_000) / 10_000 }));
    const { results } = await Near.check(streamOf(many), { maxValues: 50 });
    const uncertain = results.map((result) => result.kind === 'observed' && result.approximation?.uncertain);
    expect(uncertain.slice(-3)).toEqual([true, true, true]);
    const told = results.slice(-3).map(describeOutcome);
    for (const outcome of told) expect(outcome).toMatch(/, an estimate too near to its bound to be certain$/);
  });

  it('finds a value that is not in the set, were it the first one and too long to be kept', async () => {
    const Sets = contract('sets', Reading, (c) => [
      c.station.distinctValuesToBeInSet(['a']),
      c.station.distinctValuesToEqualSet(['a']),
    ]);
    const { results } = await Sets.check(streamOf([{ station: 'x'.repeat(100_000) }, { station: 'a' }]));
    expect(results.slice(-2).map(({ success }) => success)).toEqual([false, false]);
  });

  it('says of a rule by groups that it is an estimate in one of them', async () => {
    const Groups = contract('groups', Reading, (c) => [c.temp.medianToBeBetween(0, 0.5, { groupBy: 'station' })]);
    const many = Array.from({ length: 30_000 }, (_, n) => ({ station: n % 2, temp: (n % 10_000) / 10_000 }));
    const [result] = (await Groups.check(streamOf(many), { maxValues: 50 })).results.slice(-1);
    expect(result).toMatchObject({ approximation: { rankError: 0.0105, uncertain: true }, groups: { count: 2 } });
  });

  it('makes an error of a divergence from values that are too many', async () => {
    const Spread = contract('spread', Reading, (c) => [
      c.station.klDivergenceToBeLessThan({ values: ['a', 'b'], weights: [0.5, 0.5] }, 1, { tailWeightHoldout: 0.1 }),
    ]);
    const many = Array.from({ length: 90 }, (_, n) => ({ station: n % 3 === 0 ? 'a' : `s${n % 30}`, temp: 1 }));
    const few = await Spread.check(streamOf(many));
    expect(few.results).toEqual((await Spread.check(many)).results);
    expect((await Spread.check(streamOf(many), { maxValues: 10 })).failures).toMatchObject([
      { kind: 'error', error: 'more than 10 values beside those of its partition: raise maxValues' },
    ]);
  });

  it('is exact within the limit, and with a larger one', async () => {
    const { results } = await Middle.check(rows);
    expect((await Middle.check(streamOf(rows), { maxValues: 2000 })).results).toEqual(results);
  });
});

describe('a stream that fails', () => {
  it('gives the report of the rows before', async () => {
    const cause = new RangeError('connection lost');
    const before = rows.slice(0, 700);
    for (const source of [
      failing(before, cause),
      pipe(
        failing(before, cause),
        map((row) => row),
      ),
      Readable.from(failing(before, cause)),
    ]) {
      const error: unknown = await Daily.check(source).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InterruptedError);
      expect(error).toMatchObject({
        code: 'DEX_QUALITY_INTERRUPTED',
        cause,
        message: 'Contract "daily": the rows failed behind 700 rows: connection lost',
        report: { rows: 700, partial: true, results: (await Daily.check(before)).results },
      });
      if (error instanceof InterruptedError) {
        expect(error.report.toJSON()).toMatchObject({ partial: true });
        expect(toMarkdown(error.report)).toContain('the rows failed midway');
        expect(Report.from(JSON.parse(JSON.stringify(error.report))).partial).toBe(true);
      }
    }
  });

  it('rejects with the reason of a signal while a row is waited for, and closes the source', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    let closed = false;
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        async return() {
          closed = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const checked = Daily.check(source, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    const start = performance.now();
    await expect(checked).rejects.toBe(reason);
    expect(performance.now() - start).toBeLessThan(900);
    expect(closed).toBe(true);
    await expect(Daily.check(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
