import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, delay, sources, watched } from '../../test/sources.ts';
import { concat, fromChunks, fromCsv, map, merge, pipe, run, take, zip } from '../index.ts';

const froms = fc.constantFrom(...Object.values(sources));
const source = fc
  .tuple(froms, fc.array(fc.integer()), fc.array(fc.nat(30)))
  .map(([from, items, places]) => ({ items, open: () => from(cut(items, places)) }));

describe.each([
  ['merge', merge],
  ['concat', concat],
  ['zip', zip],
] as const)('%s', (name, join) => {
  const failing = (items: readonly number[], error: Error) =>
    fromChunks<number>(async function* () {
      yield items;
      throw error;
    });

  it('of nothing is empty, and a string is a source of letters', async () => {
    expect(await Array.fromAsync(join())).toEqual([]);
    expect((await Array.fromAsync(join('ab'))).flat()).toEqual(['a', 'b']);
  });

  it('fails as a source does, after what came before, and closes the others', async () => {
    const error = new Error('source');
    const { seen, items } = watched(Infinity);
    const got: unknown[] = [];
    const read = async () => {
      const joined = name === 'concat' ? join(failing([1, 2], error), items()) : join(items(), failing([1, 2], error));
      for await (const item of joined) got.push(item);
    };
    await expect(read()).rejects.toBe(error);
    expect(got.flat()).toEqual(expect.arrayContaining([1, 2]));
    expect(seen.closed).toBe(name === 'concat' ? 0 : 1);
  });

  it.each(['break', 'take', 'abort'])('runs every finally that is due when it ends early: %s', async (how) => {
    const [a, b] = [watched(Infinity), watched(Infinity)];
    const joined = join(a.items(), b.items());
    const controller = new AbortController();
    if (how === 'break') for await (const _ of joined) break;
    else if (how === 'take') await run(pipe(joined, take(3)));
    else {
      setTimeout(() => controller.abort('stop'), 5);
      await expect(run(pipe(joined, map(String)), undefined, controller)).rejects.toBe('stop');
    }
    expect([a.seen.closed, b.seen.closed]).toEqual([1, name === 'concat' ? 0 : 1]);
  });

  it('waits no longer than it must for a source that hangs when the run is aborted', async () => {
    const stuck = watched(1, { hangs: true });
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 5);
    const begun = performance.now();
    await expect(run(join(stuck.items(), stuck.items()), undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it('does nothing until it is read, and begins anew each time', async () => {
    let opened = 0;
    const lazy = fromChunks(() => {
      opened += 1;
      return [[1], [2]];
    });
    const joined = join(lazy, lazy);
    expect(opened).toBe(0);
    const first = await Array.fromAsync(joined);
    expect(await Array.fromAsync(joined)).toEqual(first);
    expect(opened).toBe(4);
  });

  it('tells the position of an item in its own source', async () => {
    const bad = fromCsv('a,b\n1,2\n3,4\n');
    const joined: AsyncIterable<unknown> = name === 'zip' ? zip(bad, [1, 2]) : join([{ a: '0' }], bad);
    const rows = pipe(
      joined,
      map((row) => {
        if (JSON.stringify(row).includes('3')) throw new Error('three');
        return row;
      }),
    );
    await expect(run(rows)).rejects.toMatchObject({ operator: 'map', position: { index: 1, line: 3, byte: 8 } });
  });

  it('refuses what is no source', () => {
    // @ts-expect-error not iterable
    expect(() => join([1], 5)).toThrow(`Option "${name}.sources[1]" must be an iterable or async iterable, got 5.`);
  });

  it('never runs further ahead of a slow consumer than a chunk of each source', async () => {
    const [a, b] = [watched(40), watched(40)];
    let taken = 0;
    for await (const item of join(a.items(), b.items())) {
      taken += name === 'zip' ? 2 : 1;
      await delay(0);
      expect(a.seen.pulled + b.seen.pulled - taken).toBeLessThanOrEqual(name === 'zip' ? 2 : 3);
      expect(item).toBeDefined();
    }
    expect(taken).toBe(80);
  });
});

describe('concat', () => {
  it('gives what the arrays put together give', () =>
    fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 4 }), async (parts) => {
        const joined = concat(...parts.map(({ open }) => open()));
        expect(await Array.fromAsync(joined)).toEqual(parts.flatMap(({ items }) => items));
      }),
    ));

  it('opens a source when its turn has come', async () => {
    const opened: string[] = [];
    const lazy = (name: string) =>
      fromChunks(() => {
        opened.push(name);
        return [[name]];
      });
    for await (const item of concat(lazy('a'), lazy('b'))) expect(opened.at(-1)).toBe(item);
    expect(opened).toEqual(['a', 'b']);
  });
});

describe('merge', () => {
  it('loses nothing, doubles nothing, and keeps each source in its order', () =>
    fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 4 }), async (parts) => {
        const tagged = parts.map(({ open }, at) =>
          pipe(
            open(),
            map((n) => [at, n] as const),
          ),
        );
        const got = await Array.fromAsync(merge(...tagged));
        for (const [at, { items }] of parts.entries()) {
          expect(got.filter(([from]) => from === at).map(([, n]) => n)).toEqual(items);
        }
        expect(got).toHaveLength(parts.flatMap(({ items }) => items).length);
      }),
    ));

  it('lets a fast source pass one that hangs', async () => {
    const stuck = watched(0, { hangs: true });
    const got: number[] = [];
    for await (const n of merge(stuck.items(), [1, 2, 3])) {
      got.push(n);
      if (got.length === 3) break;
    }
    expect(got).toEqual([1, 2, 3]);
  });

  it('lets no busy source starve another', async () => {
    const endless = () =>
      fromChunks(function* () {
        for (;;) yield [1];
      });
    const tagged = ['a', 'b'].map((name) =>
      pipe(
        endless(),
        map(() => name),
      ),
    );
    const got = await Array.fromAsync(pipe(merge(...tagged), take(100)));
    expect(got.filter((name) => name === 'a')).toHaveLength(50);
  });
});

describe('zip', () => {
  it('gives the rows of a table of columns, as many as the shortest has', () =>
    fc.assert(
      fc.asyncProperty(source, source, source, async (a, b, c) => {
        const length = Math.min(a.items.length, b.items.length, c.items.length);
        const rows = Array.from({ length }, (_, index) => [a.items[index], b.items[index], c.items[index]]);
        expect(await Array.fromAsync(zip(a.open(), b.open(), c.open()))).toEqual(rows);
      }),
    ));

  it('is over when one has ended, though another hangs, and closes that', async () => {
    let closed = 0;
    const hanging = fromChunks(async function* ({ signal }) {
      try {
        yield [1];
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        closed += 1;
      }
    });
    expect(await Array.fromAsync(zip(hanging, ['a']))).toEqual([[1, 'a']]);
    expect(closed).toBe(1);
  });
});
