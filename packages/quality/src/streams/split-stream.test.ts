import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { filter, fromCsv, fromNdjson, pipe, RejectLimitError, run, take } from '@dataenginex/streams';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type BadRow,
  BadRowError,
  contract,
  type GateReject,
  InterruptedError,
  RepeatLimitError,
  type Report,
} from '../index.ts';

const Reading = z.object({ station: z.unknown(), temp: z.number().nullable() });
const Daily = contract('daily', Reading, (c, t) => [
  c.temp.toBeBetween(-60, 60, { mostly: 0.5 }),
  c.temp.toBeIncreasing({ severity: 'warning' }),
  c.temp.meanToBeBetween(0, 1, { severity: 'info' }),
  c.temp.toBeDecreasing({ severity: 'warning', groupBy: 'station' }),
  t.pairToBeEqual('station', 'temp', { severity: 'info', ignoreRowIf: 'neither' }),
]);
const reading = (temp: unknown, station: unknown = temp) => ({ station, temp });

async function* streamOf<T>(items: Iterable<T>) {
  yield* items;
}

/** All that a split tells, put together. */
function gathering<T>() {
  const good: T[] = [];
  const bad: BadRow<T>[] = [];
  return {
    good,
    bad,
    callbacks: {
      good: (rows: readonly T[]) => void good.push(...rows),
      bad: (rows: readonly BadRow<T>[]) => void bad.push(...rows),
    },
  };
}

const cell = fc.oneof(
  fc.integer({ min: -99, max: 99 }),
  fc.constantFrom(null, undefined, 'warm', Number.NaN, Infinity, 1n),
);
const tables = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.tuple(cell, cell).map(([a, b]) => reading(a, b)) }, fc.anything()),
  {
    maxLength: 60,
  },
);

describe('split of a stream', () => {
  it('tells the rows that an array is split into, and gives the same report', async () => {
    await fc.assert(
      fc.asyncProperty(
        tables,
        fc.constantFrom(['critical'] as const, ['warning', 'info'] as const, undefined),
        async (rows, severities) => {
          const whole = await Daily.split(rows, { severities });
          const { good, bad, callbacks } = gathering<unknown>();
          const { report, ...counts } = await Daily.split(streamOf(rows), { ...callbacks, severities });
          expect(good).toEqual(whole.good);
          expect(bad).toEqual(whole.bad);
          expect(counts).toEqual({ good: good.length, bad: bad.length });
          expect(counts.good + counts.bad).toBe(rows.length);
          expect(report.results.map(({ success }) => success)).toEqual(
            whole.report.results.map(({ success }) => success),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps places and order over many batches, and takes arrays and pipes too', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => reading(n % 7 === 0 ? 99 : 1));
    for (const source of [
      rows,
      rows.values(),
      pipe(rows),
      pipe(
        streamOf(rows),
        filter(() => true),
      ),
    ]) {
      const { good, bad, callbacks } = gathering<unknown>();
      const { report } = await Daily.split(source, { ...callbacks, severities: ['critical'] });
      expect(report.rows).toBe(3000);
      expect(good).toEqual(rows.filter((_, n) => n % 7 !== 0));
      expect(bad.map(({ index }) => index)).toEqual(rows.flatMap((_, n) => (n % 7 === 0 ? [n] : [])));
      expect(bad[1]).toEqual({ row: rows[7], index: 7, rules: ['temp.toBeBetween'] });
    }
  });

  it('waits for what it calls, and passes on what that throws', async () => {
    let told = 0;
    let read = 0;
    async function* source() {
      for (; read < 2000; read++) yield reading(1);
    }
    const counts = await Daily.split(source(), {
      async good(rows) {
        await setTimeout(2);
        told += rows.length;
        expect(read - told).toBeLessThanOrEqual(512);
      },
      bad() {},
    });
    expect(counts).toMatchObject({ good: 2000, bad: 0 });
    const full = new Error('disk full');
    const failing = { good() {}, bad: () => Promise.reject(full) };
    await expect(Daily.split(streamOf([reading(99)]), failing)).rejects.toBe(full);
  });

  it('does not keep a row back for those that are yet to come', async () => {
    const { good, callbacks } = gathering<unknown>();
    const seen: number[] = [];
    async function* slow() {
      for (let n = 0; n < 3; n++) {
        await setTimeout(30);
        yield reading(n);
        seen.push(good.length);
      }
    }
    await Daily.split(slow(), callbacks);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('has told the rows before when the stream fails', async () => {
    const { good, bad, callbacks } = gathering<unknown>();
    async function* failing() {
      yield* [reading(1), reading(99), reading(2)];
      throw new RangeError('lost');
    }
    const error: unknown = await Daily.split(failing(), { ...callbacks, severities: ['critical'] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ report: { rows: 3, partial: true }, cause: { message: 'lost' } });
    expect([good.length, bad.length]).toEqual([2, 1]);
  });

  it('rejects with the reason of its signal, also while what it calls hangs', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const hanging = { good: () => new Promise<void>(() => {}), bad() {}, signal: controller.signal };
    const split = Daily.split(streamOf([reading(1)]), hanging);
    setImmediate(() => controller.abort(reason));
    await expect(split).rejects.toBe(reason);
    await expect(Daily.split(streamOf([]), hanging)).rejects.toBe(reason);
  });

  it('refuses rules that cannot tell a row when it comes, unless they are left to the report', async () => {
    const Whole = contract('whole', Reading, (c, t) => [
      c.temp.toBeUnique({ severity: 'warning' }),
      t.unique('station', 'temp'),
      c.temp.zScoresToBeLessThan(3),
      c.temp.toNotBeOutliers(),
    ]);
    const ids = Whole.rules.map(({ id }) => id).filter((id) => !id.startsWith('schema.'));
    const none = { good() {}, bad() {} };
    const rows = [reading(1), reading(1)];
    for (const id of ids) {
      const except = ids.filter((other) => other !== id);
      const message = `Option "${id}" must be a rule that can tell a bad row as it comes: name it in \`except\``;
      await expect(Whole.split(streamOf(rows), { ...none, except })).rejects.toThrow(message);
      expect(() => Whole.gate({ except })).toThrow(message);
    }
    const { report, good } = await Whole.split(streamOf(rows), { ...none, except: ids });
    expect(good).toBe(2);
    expect(report.failures.map(({ rule }) => rule.id)).toEqual(ids.slice(0, 2));
    await Whole.split(streamOf(rows), { ...none, severities: ['critical'], except: ids.slice(1) });
  });

  it('takes rows for bad that repeat the key of an earlier one, when it is told to', async () => {
    const Keyed = contract('keyed', Reading, (c, t) => [c.temp.toBeUnique(), t.unique('station', 'temp')]);
    const ids = ['temp.toBeUnique', 'unique(station, temp)'];
    const small = fc.constantFrom(1, 2, 3, null);
    const rowsOf = fc.array(
      fc.tuple(small, small).map(([a, b]) => reading(a, b)),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(rowsOf, async (rows) => {
        const { good, bad, callbacks } = gathering<unknown>();
        const { report } = await Keyed.split(streamOf(rows), { ...callbacks, repeats: 'later' });
        const before = (index: number, isAlike: (row: (typeof rows)[number]) => boolean) =>
          rows.slice(0, index).some(isAlike);
        const expected = rows.map(({ station, temp }, index) => [
          ...(temp !== null && before(index, (row) => row.temp === temp) ? ids.slice(0, 1) : []),
          ...((temp ?? station) !== null && before(index, (row) => row.temp === temp && row.station === station)
            ? ids.slice(1)
            : []),
        ]);
        expect(bad.map(({ index, rules }) => [index, rules])).toEqual(
          expected.flatMap((rules, index) => (rules.length > 0 ? [[index, rules]] : [])),
        );
        expect(good).toHaveLength(rows.length - bad.length);
        expect(report.results).toEqual((await Keyed.check(rows)).results);
      }),
    );
    const many = Array.from({ length: 2000 }, (_, n) => reading(n));
    const { good, callbacks } = gathering<unknown>();
    const limited = Keyed.split(streamOf(many), { ...callbacks, repeats: 'later', maxKeys: 1000 });
    await expect(limited).rejects.toMatchObject({ code: 'DEX_QUALITY_KEYS', rule: ids[0], maxKeys: 1000 });
    expect(good).toHaveLength(512);
    const gate = Keyed.gate({ repeats: 'later', maxKeys: 1000 });
    await expect(run(pipe(many, gate))).rejects.toBeInstanceOf(RepeatLimitError);
    expect(await Array.fromAsync(pipe([...many.slice(0, 9), reading(9)], gate))).toHaveLength(10);
    // @ts-expect-error -- which of them
    expect(() => Keyed.gate({ repeats: 'first' })).toThrow('Option "gate.repeats"');
  });

  it('refuses options that cannot work', async () => {
    const none = { good() {}, bad() {} };
    // @ts-expect-error -- no functions
    await expect(Daily.split(streamOf([]))).rejects.toThrow(
      'Option "split.good" must be a function, for rows of a stream',
    );
    // @ts-expect-error -- one function
    await expect(Daily.split([], { good() {} })).rejects.toThrow('Option "split.bad" must be a function');
    // @ts-expect-error -- no source
    await expect(Daily.split(7, none)).rejects.toThrow('Option "split.source" must be an array, an iterable');
    await expect(Daily.split([], { except: ['temp'] })).rejects.toThrow('Option "split.except" must be ids of rules');
    // @ts-expect-error -- no severity
    await expect(Daily.split(streamOf([]), { ...none, severities: ['bad'] })).rejects.toThrow('"split.severities"');
    await expect(Daily.split(streamOf([]), { ...none, maxKeys: 0 })).rejects.toThrow('Option "split.maxKeys"');
  });

  it('leaves rows of an array good that break what it is to leave out', async () => {
    const { good, report } = await Daily.split([reading(99)], { except: ['temp.toBeBetween'] });
    expect([good.length, report.success]).toEqual([1, false]);
  });
});

describe('gate', () => {
  const Strict = contract('strict', Reading, (c) => [
    c.temp.toBeBetween(-60, 60),
    c.temp.meanToBeBetween(0, 1, { severity: 'info' }),
  ]);

  it('lets good rows through and sends bad ones to rejects, with where they came from', async () => {
    const text = '{"station":"a","temp":1}\n{"station":"b","temp":99}\n7\n{"station":"c","temp":null}\n';
    const refused: GateReject[] = [];
    const reports: Report[] = [];
    const gate = Strict.gate({
      rejects: (reject) => void refused.push(reject),
      report: (report) => void reports.push(report),
    });
    expect(await Array.fromAsync(pipe(fromNdjson(text), gate))).toEqual([
      { station: 'a', temp: 1 },
      7,
      { station: 'c', temp: null },
    ]);
    expect(refused).toEqual([
      {
        operator: 'gate',
        position: { index: 1, line: 2, byte: 25 },
        reason: 'breaks temp.toBeBetween',
        issues: [{ message: 'breaks temp.toBeBetween' }],
        value: { station: 'b', temp: 99 },
        rules: ['temp.toBeBetween'],
      },
    ]);
    expect(reports).toMatchObject([{ contract: 'strict', rows: 4, partial: false, success: false }]);
    expect(reports[0]?.results).toEqual((await Strict.check(fromNdjson(text))).results);
  });

  it('lets through or refuses each row, as split does', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        const refused: unknown[] = [];
        const rejects = ({ value, rules }: GateReject) => void refused.push([value, rules]);
        const good = await Array.fromAsync(pipe(rows, Daily.gate({ rejects })));
        const whole = await Daily.split(rows);
        expect(good).toEqual(whole.good);
        expect(refused).toEqual(whole.bad.map(({ row, rules }) => [row, rules]));
      }),
    );
  });

  it('begins anew each time the pipe is run', async () => {
    const reports: Report[] = [];
    const rows = pipe(
      [reading(1), reading(2)],
      Daily.gate({ rejects() {}, report: (report) => void reports.push(report) }),
    );
    await run(rows);
    await run(rows);
    expect(reports.map((report) => report.rows)).toEqual([2, 2]);
  });

  it('throws the first bad row without rejects, and one too many with them', async () => {
    const rows = [reading(1), reading(99), reading(2), reading(98)];
    const seen: unknown[] = [];
    const [first, second] = [Strict.gate(), Strict.gate({ rejects() {}, maxRejects: 1 })];
    const read = async (gate: typeof first) => {
      seen.length = 0;
      for await (const row of pipe(rows, gate)) seen.push(row);
    };
    await expect(read(first)).rejects.toMatchObject({
      code: 'DEX_QUALITY_ROW',
      message: 'Contract "strict": the row at index 1 breaks temp.toBeBetween',
      contract: 'strict',
      rules: ['temp.toBeBetween'],
      position: { index: 1 },
      value: reading(99),
    });
    expect(seen).toEqual([reading(1)]);
    await expect(read(first)).rejects.toBeInstanceOf(BadRowError);
    await expect(read(second)).rejects.toBeInstanceOf(RejectLimitError);
    expect(seen).toEqual([reading(1), reading(2)]);
    const broken = Strict.gate({
      rejects() {
        throw new RangeError('disk full');
      },
    });
    await expect(read(broken)).rejects.toMatchObject({
      code: 'DEX_OPERATOR',
      operator: 'gate',
      cause: { message: 'disk full' },
    });
  });

  it('marks the report of a pipe that fails or is left', async () => {
    const reports: Report[] = [];
    const gate = () => Daily.gate({ rejects() {}, report: (report) => void reports.push(report) });
    async function* failing() {
      yield reading(1);
      throw new RangeError('lost');
    }
    await expect(run(pipe(failing(), gate()))).rejects.toThrow('lost');
    await run(pipe([reading(1), reading(2), reading(3)], gate(), take(1)));
    expect(reports).toMatchObject([{ partial: true, rows: 1 }, { partial: true }]);
  });

  it('removes its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quality-'));
    const Unique = contract('unique', Reading, (c) => [c.station.toBeUnique()]);
    const rows = Array.from({ length: 30_000 }, (_, n) => reading(n, `${'x'.repeat(60)}${n}`));
    let files: string[] = [];
    const gate = Unique.gate({ rejects() {}, except: ['station.toBeUnique'], maxKeys: 10, spill: folder });
    async function* source() {
      yield* rows;
      files = await readdir(folder);
      throw new RangeError('lost');
    }
    await expect(run(pipe(source(), gate))).rejects.toThrow('lost');
    expect(files).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('refuses options that cannot work', () => {
    // @ts-expect-error -- no function
    expect(() => Daily.gate({ rejects: true })).toThrow('Option "gate.rejects"');
    // @ts-expect-error -- no function
    expect(() => Daily.gate({ report: 'text' })).toThrow('Option "gate.report"');
    expect(() => Daily.gate({ maxRejects: -1 })).toThrow('Option "gate.maxRejects"');
    expect(() => Daily.gate({ except: ['none'] })).toThrow('Option "gate.except"');
  });

  it('stands in a pipe of rows that are typed', async () => {
    const typed = pipe(fromCsv('station,temp\na,1\n', { columns: ['station', 'temp'] }), Daily.gate({ rejects() {} }));
    const rows: { station: string; temp: string }[] = await Array.fromAsync(typed);
    expect(rows).toEqual([]);
  });
});
