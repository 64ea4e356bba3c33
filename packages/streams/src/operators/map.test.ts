import { describe, expect, it } from 'vitest';
import { OptionError } from '@dataenginex/core';
import {
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
});
