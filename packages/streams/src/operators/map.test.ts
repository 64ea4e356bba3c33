import { describe, expect, it } from 'vitest';
import { OptionError } from '@dataenginex/core';
import {
  type CheckpointStore,
  count,
  eventTime,
  fromNdjson,
  map,
  OperatorError,
  pipe,
  type Reject,
  RejectLimitError,
  run,
  tumbling,
} from '../index.ts';

const refuse = new RangeError('No odd numbers.');
const even = (n: number): string => {
  if (n % 2 === 1) throw refuse;
  return `${n}`;
};

describe('map with rejects', () => {
  it('sets the items aside for which the function throws, with the place of their row', async () => {
    const rejects: Reject[] = [];
    const rows = pipe(
      fromNdjson('2\n3\n\n4\n5\n'),
      map(Number),
      map(even, { rejects: (reject) => void rejects.push(reject) }),
    );
    expect(await Array.fromAsync(rows)).toEqual(['2', '4']);
    const issues = [{ message: 'No odd numbers.' }];
    const common = { operator: 'map', reason: 'No odd numbers.', issues, cause: refuse };
    expect(rejects).toEqual([
      { ...common, position: { index: 1, line: 2, byte: 2 }, value: 3 },
      { ...common, position: { index: 3, line: 5, byte: 7 }, value: 5 },
    ]);
  });

  it('waits for what rejects returns before the next item', async () => {
    const seen: string[] = [];
    const rejects = async ({ value }: Reject) => {
      seen.push(`begin ${Number(value)}`);
      await Promise.resolve();
      seen.push(`end ${Number(value)}`);
    };
    await run(pipe([1, 2, 3], map(even, { rejects })));
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 3', 'end 3']);
  });

  it('tells of what is thrown and is no error', async () => {
    const rejects: Reject[] = [];
    const fail = () => {
      const odd: unknown = 'odd';
      throw odd;
    };
    await run(pipe([1], map(fail, { rejects: (reject) => void rejects.push(reject) })));
    expect(rejects).toMatchObject([{ reason: 'odd', cause: 'odd' }]);
  });

  it('hands on what came before one reject too many, then the error', async () => {
    const rejects: unknown[] = [];
    const options = { rejects: ({ value }: Reject) => void rejects.push(value), maxRejects: 1 };
    const seen: string[] = [];
    const error: unknown = await run(pipe([1, 2, 3, 4], map(even, options)), {
      write: (items) => void seen.push(...items),
      close() {},
    }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RejectLimitError);
    expect(error).toMatchObject({ operator: 'map', maxRejects: 1, reject: { value: 3, position: { index: 2 } } });
    expect([rejects, seen]).toEqual([[1], ['2']]);
  });

  it('fails when rejects does, and without it as ever', async () => {
    const rejects = () => Promise.reject(new Error('Disk full.'));
    await expect(run(pipe([1], map(even, { rejects })))).rejects.toMatchObject({
      operator: 'map',
      cause: new Error('Disk full.'),
    });
    await expect(run(pipe([1], map(even, { maxRejects: 5 })))).rejects.toBeInstanceOf(OperatorError);
    expect(() => map(even, { maxRejects: -1 })).toThrow(OptionError);
  });

  it('lets event time through', async () => {
    const pass = map(
      (n: number) => {
        if (n === 7) throw refuse;
        return n;
      },
      { rejects() {} },
    );
    const windows = pipe(
      [1, 5, 7, 12],
      eventTime((n) => n),
      pass,
      tumbling({ sizeMs: 10, aggregate: { items: count() } }),
    );
    expect(await Array.fromAsync(windows)).toMatchObject([
      { start: 0, items: 2 },
      { start: 10, items: 1 },
    ]);
  });

  it('takes part in checkpoints: only what lies behind the last is told again', async () => {
    let saved: string | undefined;
    const store: CheckpointStore = { load: async () => saved, save: async (text) => void (saved = text) };
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    let crashAt = 1500;
    const told: number[] = [];
    const crash = (n: number) => {
      if (n === crashAt) throw new Error('Power cut.');
      return n;
    };
    const rejects = ({ value }: Reject) => void told.push(Number(value));
    const job = pipe(numbers, map(crash), map(even, { rejects, maxRejects: Infinity }));
    const sink: string[] = [];
    const table = () => ({
      write: (items: readonly string[]) => void sink.push(...items),
      prepare: () => sink.length,
      recover: (length: unknown) => void sink.splice(Number(length)),
      close() {},
    });
    await expect(run(job, table(), { checkpoint: { store, everyItems: 1 } })).rejects.toThrow('Power cut.');
    const before = told.length;
    crashAt = -1;
    await run(job, table(), { checkpoint: { store, everyItems: 1 } });
    expect(sink).toEqual(numbers.filter((n) => n % 2 === 0).map(String));
    expect(new Set(told).size).toBe(1000);
    expect(told.length - before).toBeLessThan(1000);
  });
});
