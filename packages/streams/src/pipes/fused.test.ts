import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cut, sources, watched } from '../../test/sources.ts';
import {
  dedupe,
  distinct,
  drop,
  dropWhile,
  eventTime,
  filter,
  flatMap,
  fromChunks,
  KeyLimitError,
  map,
  mapAsync,
  type Operator,
  OperatorError,
  type Pipe,
  pipe,
  reduce,
  run,
  scan,
  take,
  tap,
} from '../index.ts';

const chunked = fc
  .tuple(fc.array(fc.integer({ min: -20, max: 20 })), fc.array(fc.nat(40)))
  .map(([items, places]) => cut(items, places));

const add = (sum: number, n: number) => sum + n;
const isSmall = (n: number) => n < 10;
const repeat = (n: number) => Array.from({ length: Math.abs(n % 4) }, (_, index) => n + index);

/** Each operator beside what does the same to an array. */
const twins: Record<string, [operator: () => Operator<number, unknown>, twin: (items: number[]) => unknown[]]> = {
  'flatMap to arrays': [() => flatMap(repeat), (items) => items.flatMap(repeat)],
  'flatMap to iterators': [() => flatMap((n) => repeat(n).values()), (items) => items.flatMap(repeat)],
  drop: [() => drop(5), (items) => items.slice(5)],
  dropWhile: [
    () => dropWhile(isSmall),
    (items) =>
      items.slice(
        Math.max(
          0,
          items.findIndex((n) => !isSmall(n)),
        ) + (items.every(isSmall) ? items.length : 0),
      ),
  ],
  scan: [() => scan(add, 3), (items) => items.map((_, index) => items.slice(0, index + 1).reduce(add, 3))],
  reduce: [() => reduce(add, 3), (items) => [items.reduce(add, 3)]],
  distinct: [() => distinct(), (items) => [...new Set(items)]],
  'distinct by key': [
    () => distinct({ key: (n) => n % 3 }),
    (items) => items.filter((n, index) => items.findIndex((m) => m % 3 === n % 3) === index),
  ],
  'dedupe of everything': [() => dedupe(), (items) => [...new Set(items)]],
  'dedupe of neighbours': [
    () => dedupe({ maxKeys: 1 }),
    (items) => items.filter((n, index) => index === 0 || n !== items[index - 1]),
  ],
  'dedupe of a few keys': [
    () => dedupe({ maxKeys: 3 }),
    (items) => {
      const passed: number[] = [];
      for (const n of items) if (!passed.slice(-3).includes(n)) passed.push(n);
      return passed;
    },
  ],
  tap: [() => tap(() => {}), (items) => items],
};

describe.each(Object.entries(sources))('over %s', (_name, from) => {
  it.each(Object.entries(twins))('%s does what its twin does, every time it is run', (_operator, [create, twin]) =>
    fc.assert(
      fc.asyncProperty(chunked, async (chunks) => {
        const operator = create();
        for (let round = 0; round < 2; round += 1) {
          expect(await Array.fromAsync(pipe(from(chunks), operator))).toEqual(twin(chunks.flat()));
        }
        const between = pipe(
          from(chunks),
          map((n: number) => n + 1),
          operator,
          take(4),
        );
        const items = chunks.flat().map((n) => n + 1);
        expect(await Array.fromAsync(between)).toEqual(twin(items).slice(0, 4));
      }),
      { numRuns: 30 },
    ),
  );
});

describe('a function that throws', () => {
  const cause = new RangeError('bad');
  const fail = (): never => {
    throw cause;
  };
  const iterable = { [Symbol.iterator]: fail };
  function* halfway() {
    yield 7;
    throw cause;
  }

  it.each<[string, Operator<number, unknown>]>([
    ['flatMap', flatMap(fail)],
    ['flatMap', flatMap(() => iterable)],
    ['flatMap', flatMap(halfway)],
    ['dropWhile', dropWhile(fail)],
    ['scan', scan(fail, 0)],
    ['reduce', reduce(fail, 0)],
    ['distinct', distinct({ key: fail })],
    ['dedupe', dedupe({ key: fail })],
    ['tap', tap(fail)],
  ])('is told with operator, place and item: %s', async (operator, failing) => {
    const source = fromChunks(() => [[1], [2, 3]]);
    const odd = filter((n: number) => n > 1);
    const error: unknown = await run(pipe(source, odd, failing)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ operator, place: 2, position: { index: 1 }, cause });
  });
});

describe('flatMap', () => {
  it('hands on what came before a failure, and closes what it reads when an operator behind it fails or stops', async () => {
    let closed = 0;
    const endless = function* () {
      try {
        for (let n = 0; ; n += 1) yield n;
      } finally {
        closed += 1;
      }
    };
    expect(await Array.fromAsync(pipe(['a'], flatMap(endless), take(3)))).toEqual([0, 1, 2]);
    expect(closed).toBe(1);
    const failing = pipe(
      ['a'],
      flatMap(endless),
      map((n) => {
        if (n === 2) throw new Error('two');
        return n;
      }),
    );
    const seen: number[] = [];
    const read = async () => {
      for await (const n of failing) seen.push(n);
    };
    await expect(read()).rejects.toMatchObject({ operator: 'map', place: 2 });
    expect(seen).toEqual([0, 1]);
    expect(closed).toBe(2);
  });

  it('refuses strings, which would fall into characters, and what cannot be iterated', async () => {
    // @ts-expect-error a string is no object
    const characters = flatMap((text: string) => text);
    await expect(run(pipe(['ab'], characters))).rejects.toThrow('got a string');
    // @ts-expect-error not iterable
    const nothing = flatMap((text: string) => ({ text }));
    await expect(run(pipe(['ab'], nothing))).rejects.toMatchObject({ operator: 'flatMap' });
  });
});

describe('reduce', () => {
  it('begins each run with a state of its own when it is told how to make one', async () => {
    const groups = pipe(
      [1, 2],
      reduce(
        (list: number[], n) => {
          list.push(n);
          return list;
        },
        () => [],
      ),
    );
    expect(await Array.fromAsync(groups)).toEqual([[1, 2]]);
    expect(await Array.fromAsync(groups)).toEqual([[1, 2]]);
  });

  it.each([
    ['behind one that does not', tap<number>(() => {})],
    ['behind one that waits', mapAsync((n: number) => n)],
  ])('fails when its state cannot be made, and lets the source go: %s', async (_, before) => {
    const cause = new Error('No state.');
    const failing = reduce(add, () => {
      throw cause;
    });
    for (const read of [run, (rows: Pipe<number>) => Array.fromAsync(rows)]) {
      let reason: unknown;
      const stream = new ReadableStream<number>({ cancel: (given) => void (reason = given) });
      const rows = pipe(stream, before, failing);
      const error: unknown = await read(rows).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ operator: 'reduce', place: 2, position: undefined, cause });
      expect(stream.locked).toBe(false);
      expect(reason).toBe(error);
    }
  });

  it('knows no place where there was no item', async () => {
    const failing = map(() => {
      throw new Error('No average.');
    });
    await expect(run(pipe([], reduce(Math.max, 0), failing))).rejects.toThrow('map (operator 2) failed: No average.');
  });

  it('makes nothing of a source that fails', async () => {
    const source = fromChunks<number>(async function* () {
      yield [1];
      throw new Error('source');
    });
    let results = 0;
    const rows = pipe(
      source,
      reduce(add, 0),
      tap(() => {
        results += 1;
      }),
    );
    await expect(run(rows)).rejects.toThrow('source');
    expect(results).toBe(0);
  });
});

describe('distinct', () => {
  it('ends the pipe with one key too many, after what it let through', async () => {
    const { seen, items } = watched(100);
    const passed: number[] = [];
    const rows = pipe(
      items(),
      map((n) => n % 5),
      distinct({ maxKeys: 3 }),
      tap((n) => void passed.push(n)),
    );
    const error: unknown = await run(rows).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyLimitError);
    expect(error).toMatchObject({
      code: 'DEX_KEY_LIMIT',
      operator: 'distinct',
      place: 2,
      position: { index: 3 },
      maxKeys: 3,
    });
    expect(passed).toEqual([0, 1, 2]);
    expect(seen.closed).toBe(1);
  });

  it('keeps silent when there are as many keys as there may be', async () => {
    expect(await Array.fromAsync(pipe([1, 2, 1, 2], distinct({ maxKeys: 2 })))).toEqual([1, 2]);
  });
});

describe('dedupe', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('forgets a key when its time is over, whether or not it was repeated', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const rows = pipe(
      [0, 40, 60, 99, 100, 130, 199, 200],
      tap((ms) => void vi.setSystemTime(ms)),
      dedupe({ key: () => 'same', withinMs: 100 }),
    );
    expect(await Array.fromAsync(rows)).toEqual([0, 100, 200]);
  });

  it('makes way for a new key by forgetting the one passed on longest ago, also when one came through again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const events = ['a 0', 'b 10', 'a 150', 'c 160', 'a 170'];
    const rows = pipe(
      events,
      tap((event) => void vi.setSystemTime(Number(event.slice(2)))),
      dedupe({ key: ([id]) => id, withinMs: 100, maxKeys: 2 }),
    );
    expect(await Array.fromAsync(rows)).toEqual(events.slice(0, 4));
  });

  it('counts in event time where there is one, by the watermark, so that what comes late is still known', async () => {
    const rows = pipe(
      [0, 90, 60, 100, 190, 110, 350, 240],
      eventTime((at) => at, { outOfOrderMs: 50 }),
      dedupe({ key: () => 'same', withinMs: 100 }),
    );
    expect(await Array.fromAsync(rows)).toEqual([0, 100, 350, 240]);
    const events = [
      { id: 'a', at: 0 },
      { id: 'b', at: 120 },
      { id: 'a', at: 80 },
    ];
    const late = pipe(
      events,
      eventTime(({ at }) => at, { outOfOrderMs: 50 }),
      dedupe({ key: ({ id }) => id, withinMs: 100 }),
    );
    expect(await Array.fromAsync(late)).toEqual(events.slice(0, 2));
  });

  it('keeps no more keys than it may, the latest', async () => {
    const rows = pipe([1, 2, 3, 1, 3, 2], dedupe({ maxKeys: 2 }));
    expect(await Array.fromAsync(rows)).toEqual([1, 2, 3, 1, 2]);
  });
});

describe('tap', () => {
  it('sees each item before the next is made, and changes nothing', async () => {
    const seen: string[] = [];
    const rows = pipe(
      [1, 2],
      map((n) => {
        seen.push(`map ${n}`);
        return n;
      }),
      tap((n) => seen.push(`tap ${n}`)),
    );
    expect(await Array.fromAsync(rows)).toEqual([1, 2]);
    expect(seen).toEqual(['map 1', 'tap 1', 'map 2', 'tap 2']);
  });
});

describe('construction', () => {
  it('refuses what cannot work and names it', () => {
    expect(() => drop(-1)).toThrow('Option "drop.count" must be an integer from 0, got -1.');
    expect(() => distinct({ maxKeys: 0 })).toThrow('Option "distinct.maxKeys"');
    expect(() => dedupe({ maxKeys: Infinity })).toThrow('Option "dedupe.maxKeys"');
    expect(() => dedupe({ withinMs: NaN })).toThrow('Option "dedupe.withinMs"');
    // @ts-expect-error a column is no function
    expect(() => dedupe({ key: 'id' })).toThrow('Option "dedupe.key" must be a function, got "id".');
    // @ts-expect-error a column is no function
    expect(() => distinct({ key: 'id' })).toThrow('Option "distinct.key"');
    // @ts-expect-error not a function
    expect(() => dropWhile(1)).toThrow('Option "dropWhile.test"');
    // @ts-expect-error not a function
    expect(() => flatMap([])).toThrow('Option "flatMap.fn"');
    // @ts-expect-error not a function
    expect(() => scan(0, 0)).toThrow('Option "scan.fn"');
    // @ts-expect-error not a function
    expect(() => reduce(0, 0)).toThrow('Option "reduce.fn"');
    // @ts-expect-error not a function
    expect(() => tap('x')).toThrow('Option "tap.fn"');
  });
});
