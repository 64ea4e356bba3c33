import { describe, expect, it } from 'vitest';
import { Crash, memory, runUntilDone } from '../../test/checkpoints.ts';
import { delay } from '../../test/sources.ts';
import { fromChunks, map, merge, pipe, run, tap } from '../index.ts';

/** Stands for a partition of a broker: a log, and the offset that a group has committed. */
function partition(length: number, { size = 3, silentAt = Infinity } = {}) {
  const seen = { opened: [] as unknown[], committed: [] as number[] };
  const source = () =>
    fromChunks(async function* ({ from, signal }) {
      seen.opened.push(from);
      const place = isPlace(from) ? { ...from } : { offset: 0 };
      while (place.offset < length && !signal.aborted) {
        const { offset } = place;
        const items = Array.from({ length: Math.min(size, length - offset) }, (_, index) => offset + index);
        place.offset += items.length;
        const behind = place.offset;
        yield { items, resume: place, commit: () => void seen.committed.push(behind) };
        if (behind >= silentAt) {
          place.offset = NaN; // its own from now on
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        }
      }
    });
  return { seen, source };
}

function isPlace(from: unknown): from is { offset: number } {
  return typeof from === 'object' && from !== null && 'offset' in from;
}

describe('fromChunks that says where it stands', () => {
  it('is opened there by a run that goes on, and reads nothing twice', async () => {
    const { kept, store, exactSink } = memory();
    const { seen, source } = partition(12);
    const left = new Set([4, 10]);
    const pulled: number[] = [];
    const crashing = () =>
      pipe(
        source(),
        tap((n) => void pulled.push(n)),
        map((n) => {
          if (left.delete(n)) throw new Crash();
          return n;
        }),
      );
    expect(await runUntilDone(crashing, exactSink, store)).toBe(3);
    expect(seen.opened).toEqual([undefined, { offset: 3 }, { offset: 9 }]);
    expect(kept.items).toEqual(Array.from({ length: 12 }, (_, n) => n));
    expect(pulled).toEqual([0, 1, 2, 3, 4, 3, 4, 5, 6, 7, 8, 9, 10, 9, 10, 11]);
  });

  it('hears of each checkpoint that has been saved, and only of the last chunk before it', async () => {
    const { kept, store, exactSink } = memory();
    const { seen, source } = partition(20);
    const calls: string[] = kept.calls;
    const sink = exactSink();
    await run(source(), sink, { checkpoint: { store, everyItems: 5 } });
    // Chunks of 3: due behind 6, 12 and 18; once the source has ended there is nobody left to tell.
    expect(seen.committed).toEqual([6, 12, 18]);
    expect(calls.slice(0, 6)).toEqual(['prepare', 'save', 'commit 0', 'prepare', 'save', 'commit 6']);
  });

  it('is told after the store and the sink, and not at all without checkpoints or when saving fails', async () => {
    const { store, exactSink } = memory();
    const calls: string[] = [];
    const source = (fails = false) =>
      fromChunks(function* () {
        yield { items: [1], resume: 1, commit: () => void calls.push('source') };
        if (fails) throw new Crash();
      });
    const sink = { ...exactSink(), commit: () => void calls.push('sink') };
    const save = async () => void calls.push('store');
    await run(source(), sink, { checkpoint: { store: { ...store, save }, everyItems: 1 } });
    expect(calls).toEqual(['store', 'sink', 'store', 'sink', 'source', 'store', 'sink']);
    calls.length = 0;
    await run(source());
    let saves = 0;
    const failing = async () => {
      saves += 1;
      if (saves === 2) throw new Crash();
    };
    const running = run(source(), sink, { checkpoint: { store: { ...store, save: failing }, everyItems: 1 } });
    await expect(running).rejects.toThrow(Crash);
    expect(calls).toEqual(['sink']);
  });

  it('may change what it has said, also while it is silent', async () => {
    const { kept, store, exactSink } = memory();
    const { seen, source } = partition(12, { silentAt: 6 });
    const controller = new AbortController();
    const running = run(source(), exactSink(), { checkpoint: { store, everyMs: 30 }, signal: controller.signal });
    await expect.poll(() => seen.committed.at(-1)).toBe(6);
    controller.abort(new Crash());
    await expect(running).rejects.toThrow(Crash);
    expect(JSON.parse(kept.checkpoint ?? '').source).toEqual({ from: { offset: 6 }, before: 6, skip: 0 });
  });

  it('keeps the positions of errors those of the whole source', async () => {
    const { store, exactSink } = memory();
    const { source } = partition(30);
    for (const index of [4, 13, 22]) {
      const failing = map((n: number) => {
        if (n === index) throw new Crash();
        return n;
      });
      const running = run(pipe(source(), failing), exactSink(), { checkpoint: { store, everyItems: 1 } });
      await expect(running).rejects.toMatchObject({ position: { index } });
    }
  });

  it('may say so for some chunks only: what came since is passed over', async () => {
    const { kept, store, exactSink } = memory();
    const opened: unknown[] = [];
    const source = () =>
      fromChunks(function* ({ from }) {
        opened.push(from);
        const start = typeof from === 'bigint' ? Number(from) : 0;
        for (let n = start; n < 10; n += 1) {
          if (n === 4) yield { items: [n], resume: 5n };
          else yield [n];
        }
      });
    const left = new Set([7]);
    const crashing = () =>
      pipe(
        source(),
        map((n) => {
          if (left.delete(n)) throw new Crash();
          return n;
        }),
      );
    await runUntilDone(crashing, exactSink, store);
    expect(opened).toEqual([undefined, 5n]);
    expect(kept.items).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('may be told for some chunks only, and is told once', async () => {
    const { store, exactSink } = memory();
    const committed: number[] = [];
    const source = fromChunks(function* () {
      yield { items: [1], resume: 1, commit: () => void committed.push(1) };
      yield { items: [2], resume: 2 };
      yield [3, 4];
      yield { items: [5], resume: 5, commit: () => void committed.push(5) };
      yield [6];
    });
    await run(source, exactSink(), { checkpoint: { store, everyItems: 2 } });
    // Due behind 2, 4 and 6.
    expect(committed).toEqual([1, 5]);
  });

  it('ends the run when it cannot commit, or says what cannot be saved', async () => {
    const { store, exactSink } = memory();
    const checkpoint = { store, everyItems: 1 };
    const refused = fromChunks(() => [{ items: [1], resume: 1, commit: () => Promise.reject(new Crash()) }]);
    await expect(run(refused, exactSink(), { checkpoint })).rejects.toThrow(Crash);
    const odd = fromChunks(() => [{ items: [1], resume: () => 1 }]);
    await expect(run(odd, exactSink(), { checkpoint: { ...checkpoint, ...memory() } })).rejects.toThrow(
      'Checkpoint: the place of the source: a function cannot be saved',
    );
  });

  it('leaves a commit alone when the run was aborted while the checkpoint was saved', async () => {
    const { store } = memory();
    const controller = new AbortController();
    const { seen, source } = partition(3);
    const sink = {
      write() {},
      close() {},
      prepare: () => 0,
      recover() {},
      async commit() {
        if (seen.opened.length > 0) controller.abort('enough');
      },
    };
    const running = run(source(), sink, { checkpoint: { store, everyItems: 1 }, signal: controller.signal });
    await expect(running).rejects.toBe('enough');
    await delay(20);
    expect(seen.committed).toEqual([]);
  });

  it('is read from its beginning inside a join, which stands for several places', async () => {
    const { store, exactSink } = memory();
    const { seen, source } = partition(6);
    await run(merge(source()), exactSink(), { checkpoint: { store, everyItems: 1 } });
    expect(seen).toEqual({ opened: [undefined], committed: [] });
  });

  it.each([1, 'ab', new Uint8Array(2), null, { rows: [1] }])('refuses a chunk that is no array: %o', async (chunk) => {
    // @ts-expect-error no chunks
    const source = fromChunks(() => [[0], chunk]);
    const taken: unknown[] = [];
    const reading = run(source, { write: (items) => void taken.push(...items), close() {} });
    await expect(reading).rejects.toThrow(
      '"fromChunks.chunk" must be an array, [item] for one, or an object with items',
    );
    expect(taken).toEqual([0]);
  });
});
