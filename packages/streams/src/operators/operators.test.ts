import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, sources } from '../../test/sources.ts';
import { batch, filter, fromChunks, map, mapAsync, OperatorError, parse, pipe, run } from '../index.ts';

const chunked = fc.tuple(fc.array(fc.integer()), fc.array(fc.nat(40))).map(([items, places]) => cut(items, places));

const batches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

describe.each(Object.entries(sources))('operators over %s', (_name, from) => {
  it('do what their array twins do', () =>
    fc.assert(
      fc.asyncProperty(chunked, fc.integer({ min: 1, max: 20 }), async (chunks, size) => {
        const items = chunks.flat();
        const odd = (n: number) => n % 2 !== 0;
        expect(await Array.fromAsync(pipe(from(chunks)))).toEqual(items);
        expect(await Array.fromAsync(pipe(from(chunks), map(String)))).toEqual(items.map(String));
        expect(await Array.fromAsync(pipe(from(chunks), filter(odd)))).toEqual(items.filter(odd));
        expect(await Array.fromAsync(pipe(from(chunks), batch(size)))).toEqual(batches(items, size));
        const all = pipe(
          from(chunks),
          map((n: number) => n + 1),
          filter(odd),
          mapAsync(async (n) => -n, { concurrency: size }),
          batch(size),
          map((group) => group.length),
        );
        const twin = batches(
          items.filter((n) => odd(n + 1)),
          size,
        ).map((group) => group.length);
        expect(await Array.fromAsync(all)).toEqual(twin);
      }),
      { numRuns: 50 },
    ));

  it('hand on what came before a failure, wherever the chunks end', () =>
    fc.assert(
      fc.asyncProperty(chunked, fc.nat(20), async (chunks, bad) => {
        const items = chunks.flat();
        const seen: number[] = [];
        let count = 0;
        const failing = pipe(
          from(chunks),
          map((n: number) => {
            if (count++ === bad) throw new Error('bad');
            return n;
          }),
          mapAsync(async (n) => n),
        );
        const read = async () => {
          for await (const n of failing) seen.push(n);
        };
        if (bad < items.length) {
          await expect(read()).rejects.toMatchObject({ operator: 'map', place: 1, position: { index: bad } });
        } else await read();
        expect(seen).toEqual(items.slice(0, bad));
      }),
      { numRuns: 50 },
    ));
});

describe('an operator that fails', () => {
  const cause = new RangeError('too warm');
  const fail = (): never => {
    throw cause;
  };

  it.each([
    ['map', map(fail)],
    ['filter', filter(fail)],
    ['mapAsync', mapAsync(fail)],
    ['parse', parse({ '~standard': { version: 1, vendor: 'test', validate: fail } })],
  ])('is named with its place, the cause kept: %s', async (name, operator) => {
    const error: unknown = await run(
      pipe(
        [1],
        map((n) => n),
        operator,
      ),
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ code: 'DEX_OPERATOR', operator: name, place: 2, cause });
    expect(String(error)).toContain(`${name} (operator 2) failed`);
    expect(String(error)).toContain('too warm');
  });

  it('is counted through pipes of pipes', async () => {
    const inner = pipe(
      [1],
      map((n) => n),
    );
    await expect(run(pipe(inner, map(fail)))).rejects.toMatchObject({ place: 2 });
  });

  it('tells the index of the item, also behind chunks of none', async () => {
    const source = fromChunks(() => [[1, 2], [], [], [3]]);
    const last = map((n: number) => (n === 3 ? fail() : n));
    await expect(run(pipe(source, last))).rejects.toMatchObject({ position: { index: 2 } });
  });

  it('fails at the end of the source too, in what was held back', async () => {
    await expect(run(pipe([1, 2, 3], batch(10), map(fail)))).rejects.toMatchObject({ operator: 'map', place: 2 });
  });

  it('does not disguise the error of the source', async () => {
    const source = fromChunks<number>(async function* () {
      yield [1];
      throw cause;
    });
    const seen: number[] = [];
    const operators = pipe(
      source,
      map((n) => n),
      mapAsync(async (n) => n),
      batch(1),
      map(([n = 0]) => seen.push(n)),
    );
    await expect(run(operators)).rejects.toBe(cause);
    expect(seen).toEqual([1]);
  });
});

describe('construction', () => {
  it('refuses what cannot work and names it', () => {
    expect(() => batch(0)).toThrow('Option "batch.size" must be an integer from 1, got 0.');
    expect(() => mapAsync(async (n: number) => n, { concurrency: 0.5 })).toThrow('Option "mapAsync.concurrency"');
    // @ts-expect-error not a function
    expect(() => map(5)).toThrow('Option "map.fn" must be a function, got 5.');
    // @ts-expect-error not a function
    expect(() => filter('n')).toThrow('Option "filter.test"');
    // @ts-expect-error not a schema
    expect(() => parse({})).toThrow('Option "parse.schema" must be a Standard Schema, got an object (Object).');
    expect(() =>
      parse({ '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 1 }) } }, { maxRejects: -1 }),
    ).toThrow('Option "parse.maxRejects"');
    // @ts-expect-error not iterable
    expect(() => pipe(5)).toThrow('Option "pipe.source" must be an iterable or async iterable, got 5.');
    // @ts-expect-error not an operator
    expect(() => pipe([1], map(String), (n: number) => n)).toThrow(
      'Option "pipe.operators[1]" must be an operator, such as map(fn); a sink goes to run, a function goes around a pipe, got a function.',
    );
    // @ts-expect-error not a function
    expect(() => fromChunks([[1]])).toThrow('Option "fromChunks.open"');
  });
});
