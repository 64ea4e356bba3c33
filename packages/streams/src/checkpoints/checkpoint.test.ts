import { appendFile, mkdtemp, open as openFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Crash, memory, runUntilDone } from '../../test/checkpoints.ts';
import { delay, timersEnd, watched } from '../../test/sources.ts';
import {
  batch,
  CheckpointError,
  compress,
  count,
  dedupe,
  distinct,
  drop,
  dropWhile,
  eventTime,
  fileStore,
  filter,
  flatMap,
  fromChunks,
  fromCsv,
  fromFile,
  fromNdjson,
  groupBy,
  map,
  mapAsync,
  merge,
  type Operator,
  pipe,
  type PipeSource,
  reduce,
  run,
  scan,
  session,
  sliding,
  sum,
  take,
  takeWhile,
  toCsv,
  toFile,
  toJsonArray,
  toNdjson,
  tumbling,
  type Sink,
} from '../index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Lets the run crash at each of the given items, once. */
function crashAt(places: Iterable<number>) {
  const left = new Set(places);
  return <T extends number>(item: T): T => {
    if (left.delete(item)) throw new Crash();
    return item;
  };
}

const numbers = Array.from({ length: 60 }, (_, n) => n);
const aggregate = { events: count(), total: sum((n: number) => n) };
const timed = eventTime((n: number) => (n % 7 === 0 ? n - 3 : n), { outOfOrderMs: 2 });

const operators: Record<string, (source: PipeSource<number>) => PipeSource<unknown>> = {
  'map, filter, flatMap': (source) =>
    pipe(
      source,
      map((n) => n * 2),
      filter((n) => n % 3 > 0),
      flatMap((n) => [n, -n]),
    ),
  scan: (source) =>
    pipe(
      source,
      scan((total, n) => total + n, 0),
    ),
  reduce: (source) =>
    pipe(
      source,
      reduce(
        (counts, n: number) => counts.set(n % 5, (counts.get(n % 5) ?? 0) + 1),
        () => new Map<number, number>(),
      ),
    ),
  distinct: (source) => pipe(source, distinct({ key: (n) => n % 40 })),
  dedupe: (source) => pipe(source, dedupe({ key: (n) => n % 4, maxKeys: 3 })),
  'batch by size': (source) => pipe(source, batch(7)),
  'batch by bytes': (source) => pipe(source, batch({ maxBytes: 50, bytesOf: (n) => n })),
  take: (source) => pipe(source, take(41)),
  takeWhile: (source) =>
    pipe(
      source,
      takeWhile((n) => n < 43),
    ),
  drop: (source) => pipe(source, drop(17)),
  dropWhile: (source) =>
    pipe(
      source,
      dropWhile((n) => n % 20 < 19),
    ),
  groupBy: (source) => pipe(source, groupBy({ key: (n: number) => n % 3 }, batch<number>(4))),
  mapAsync: (source) =>
    pipe(
      source,
      mapAsync(async (n) => n * 2, { concurrency: 3 }),
      scan((total, n) => total + n, 0),
    ),
  tumbling: (source) => pipe(source, timed, tumbling({ sizeMs: 5, aggregate, key: (n) => n % 2 })),
  sliding: (source) => pipe(source, timed, sliding({ sizeMs: 6, slideMs: 2, aggregate })),
  session: (source) =>
    pipe(
      source,
      filter((n) => n % 11 < 6),
      timed,
      session({ gapMs: 3, aggregate }),
    ),
  'tumbling behind mapAsync': (source) =>
    pipe(
      source,
      timed,
      mapAsync(async (n) => n),
      tumbling({ sizeMs: 5, latenessMs: 2, aggregate }),
    ),
  toCsv: (source) =>
    pipe(
      source,
      map((n) => ({ n })),
      toCsv(),
    ),
  toJsonArray: (source) => pipe(source, toJsonArray()),
};

describe('a run that is resumed', () => {
  it.each(Object.entries(operators))('gives what a run without a crash gives, through %s', async (_, build) => {
    const whole = await Array.fromAsync(build(numbers));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(59), { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        async (at, every) => {
          const { kept, store, exactSink } = memory();
          const crash = crashAt(at);
          // Before the operators and in the source, in chunks of one.
          const source = () =>
            fromChunks(function* () {
              for (const n of numbers) yield [crash(n)];
            });
          await runUntilDone(() => build(source()), exactSink, store, every);
          expect(kept.items).toEqual(whole);
          const { kept: again, store: other, exactSink: sink } = memory();
          const crashLater = crashAt(at);
          await runUntilDone(
            () =>
              build(
                pipe(
                  numbers,
                  map((n) => crashLater(n)),
                ),
              ),
            sink,
            other,
            every,
          );
          expect(again.items).toEqual(whole);
        },
      ),
      { numRuns: 15 },
    );
  });

  const csv = `n\n${numbers.join('\n')}\n`;
  const toNumber = map((row: Record<string, string>) => Number(row['n']));
  const sources: Record<string, (path: string) => PipeSource<number>> = {
    'an array': () => numbers,
    'a sync generator': () => numbers.values(),
    'an async generator': () => watched(60).items(),
    fromChunks: () => fromChunks(() => [numbers.slice(0, 7), [], numbers.slice(7)]),
    'a Web stream': () => ReadableStream.from(numbers),
    'fromCsv of a text': () => pipe(fromCsv(csv), toNumber),
    'fromCsv of pieces': () => pipe(fromCsv(csv.split(/(?<=3)/)), toNumber),
    'fromCsv of a file': (path) => pipe(fromCsv(fromFile(path)), toNumber),
    'merge of one': () => merge(numbers),
  };

  it.each(Object.entries(sources))('goes on in %s', async (_, open) => {
    const path = join(folder, 'numbers.csv');
    await writeFile(path, csv);
    const { kept, store, exactSink } = memory();
    const crash = crashAt([0, 13, 59]);
    const runs = await runUntilDone(() => pipe(open(path), map(crash)), exactSink, store);
    expect(runs).toBe(4);
    expect(kept.items).toEqual(numbers);
  });

  it('opens a file where it stood, and keeps the positions of what follows', async () => {
    const path = join(folder, 'rows.ndjson');
    const rows = Array.from({ length: 20_000 }, (_, n) => `${JSON.stringify({ n })}\n`);
    await writeFile(path, rows.join(''));
    const { kept, store, exactSink } = memory();
    const seen: unknown[] = [];
    let left = 1;
    const open = () =>
      pipe(
        fromNdjson(fromFile(path)),
        map((row) => {
          seen.push(row);
          if (seen.length === 15_000 && left-- > 0) throw new Crash();
          return row;
        }),
      );
    const failing = run(open(), exactSink(), { checkpoint: { store, everyItems: 1 } });
    await expect(failing).rejects.toMatchObject({ position: { index: 14_999, line: 15_000 } });
    expect(JSON.parse(kept.checkpoint ?? '').source.from.byte).toBeGreaterThan(100_000);
    await run(open(), exactSink(), { checkpoint: { store } });
    expect(kept.items).toHaveLength(20_000);
    expect(seen.length).toBeLessThan(30_000);
  });

  it('counts all items, and does nothing more once it is completed', async () => {
    const { kept, store, exactSink } = memory();
    const crash = crashAt([30]);
    await runUntilDone(() => pipe(numbers, map(crash)), exactSink, store);
    const { seen, items } = watched(60);
    const again = await run(
      pipe(
        items(),
        map((n) => n),
      ),
      exactSink(),
      { checkpoint: { store } },
    );
    expect(again).toEqual({ items: 60, result: 60 });
    expect(seen.pulled).toBe(0);
    expect(kept.items).toEqual(numbers);
  });

  it('keeps every kind of plain data', async () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(undefined, null, -0),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom('$', 'of', '__proto__'), fc.string()), tie('tree'), {
          maxKeys: 3,
          noNullPrototype: true,
        }),
        fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 3 }).map((entries) => new Map(entries)),
        fc.array(tie('tree'), { maxLength: 3 }).map((items) => new Set(items)),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (state) => {
        const { kept, store, exactSink } = memory();
        const crash = crashAt([2]);
        let isFirst = true;
        const open = () =>
          pipe(
            [1, 2, 3],
            map(crash),
            // The state is that of the first run only: what the others give was saved.
            scan((held: unknown) => held, isFirst ? state : 'not restored'),
          );
        await runUntilDone(
          () => {
            const opened = open();
            isFirst = false;
            return opened;
          },
          exactSink,
          store,
        );
        expect(kept.items).toStrictEqual([state, state, state]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('checkpoints', () => {
  it('prepare the sink, are saved, and only then are committed', async () => {
    const { kept, store, exactSink } = memory();
    await run([1, 2], exactSink(), { checkpoint: { store, everyItems: 2 } });
    const steps = (length: number) => ['prepare', 'save', `commit ${length}`];
    expect(kept.calls).toEqual([steps(0), steps(2), steps(2)].flat());
    await run([1, 2], exactSink(), { checkpoint: { store } });
    expect(kept.calls.slice(9)).toEqual(['recover 2']);
  });

  it('give a sink that cannot prepare every item at least once', async () => {
    const { kept, store, plainSink } = memory();
    const crash = crashAt([40]);
    const source = () => fromChunks(() => [numbers.slice(0, 30), numbers.slice(30, 35), numbers.slice(35)]);
    await runUntilDone(() => pipe(source(), map(crash)), plainSink, store, 20);
    // Checkpoints behind 30 and at the end: what came in between comes again.
    expect(kept.items).toEqual([...numbers.slice(0, 40), ...numbers.slice(30)]);
  });

  it('are taken for a sink that cannot prepare once it is closed', async () => {
    const { store, kept } = memory();
    const close = () => {
      throw new Crash();
    };
    await expect(run([1], { write() {}, close }, { checkpoint: { store } })).rejects.toThrow(Crash);
    expect(JSON.parse(kept.checkpoint ?? '')).toMatchObject({ done: false });
  });

  it('are taken in time, also while the source is silent', async () => {
    const { store, kept, exactSink } = memory();
    const controller = new AbortController();
    const { items } = watched(3, { hangs: true });
    const running = run(items(), exactSink(), { checkpoint: { store, everyMs: 30 }, signal: controller.signal });
    await expect.poll(() => JSON.parse(kept.checkpoint ?? '{}').items).toBe(3);
    const taken = kept.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(kept.calls).toHaveLength(taken);
    controller.abort(new Crash());
    await expect(running).rejects.toThrow(Crash);
  });

  it('leave no timer behind, however the run ends', async () => {
    const { store, exactSink } = memory();
    const checkpoint = { store, everyMs: 100_000 };
    const controller = new AbortController();
    const hanging = run(watched(3, { hangs: true }).items(), exactSink(), { checkpoint, signal: controller.signal });
    await delay(20);
    controller.abort(new Crash());
    await expect(hanging).rejects.toThrow(Crash);
    expect(await timersEnd()).toBe(true);

    const failing = async function* () {
      yield 1;
      await delay(10);
      throw new Crash();
    };
    await expect(run(failing(), exactSink(), { checkpoint: { ...checkpoint, ...memory() } })).rejects.toThrow(Crash);
    expect(await timersEnd()).toBe(true);
    await run(watched(3).items(), exactSink(), { checkpoint: { ...checkpoint, ...memory() } });
    expect(await timersEnd()).toBe(true);
  });

  it('keep the positions of errors those of the whole source', async () => {
    const sources = {
      array: () => numbers,
      'an item by item source': () => watched(60).items(),
      fromChunks: () => fromChunks(() => [numbers.slice(0, 25), numbers.slice(25)]),
    };
    for (const [name, source] of Object.entries(sources)) {
      const { store, exactSink } = memory();
      const options = { checkpoint: { store, everyItems: 1 } };
      for (const index of [28, 41]) {
        const running = run(pipe(source(), map(crashAt([index]))), exactSink(), options);
        await expect(running, name).rejects.toMatchObject({ position: { index } });
      }
    }
  });

  it('say of a sink that cannot prepare, too, that the run is completed', async () => {
    const { store, kept, plainSink } = memory();
    await run(numbers, plainSink(), { checkpoint: { store } });
    expect(await run(numbers, plainSink(), { checkpoint: { store } })).toEqual({ items: 60, result: 60 });
    expect(kept.items).toEqual(numbers);
  });

  it('are not taken behind an item that failed', async () => {
    const { store, kept, exactSink } = memory();
    const text = '{"n":1}\n{"n":2}\nbad\n{"n":3}\n';
    await expect(run(fromNdjson(text), exactSink(), { checkpoint: { store, everyItems: 1 } })).rejects.toThrow(
      'not JSON',
    );
    await run(fromNdjson(text.replace('bad', '{}')), exactSink(), { checkpoint: { store } });
    expect(kept.items).toEqual([{ n: 1 }, { n: 2 }, {}, { n: 3 }]);
  });

  it('stop with the run: an abort while one is being saved', async () => {
    const { store, exactSink, kept } = memory();
    const controller = new AbortController();
    let given: AbortSignal | undefined;
    const slow = {
      ...store,
      save: (_: string, { signal }: { signal: AbortSignal | undefined }) => {
        given = signal;
        return new Promise<void>(() => {});
      },
    };
    const running = run([1], exactSink(), { checkpoint: { store: slow }, signal: controller.signal });
    await expect.poll(() => given).toBe(controller.signal);
    controller.abort(new Crash());
    await expect(running).rejects.toThrow(Crash);
    expect(kept.calls).toEqual(['prepare', 'abort']);
  });

  it('open nothing when the run is aborted while the last one is loaded', async () => {
    const { store, exactSink } = memory();
    const controller = new AbortController();
    let opened = 0;
    const source = fromChunks(() => {
      opened += 1;
      return [[1]];
    });
    const load = async () => {
      controller.abort(new Crash());
      return undefined;
    };
    const running = run(source, exactSink(), { checkpoint: { store: { ...store, load } }, signal: controller.signal });
    await expect(running).rejects.toThrow(Crash);
    expect(opened).toBe(0);
  });

  it('refuse what they cannot keep their word for', async () => {
    const { store, exactSink } = memory();
    const sink = exactSink();
    const checkpoint = { store };
    const fails = (promise: Promise<unknown>) => expect(promise).rejects;
    await fails(run([1], (items) => Array.fromAsync(items), { checkpoint })).toThrow('run.sink');
    await fails(run([1], { write() {}, close() {}, prepare: () => 1 }, { checkpoint })).toThrow('run.sink');
    await fails(run([1], sink, { checkpoint: { store, everyItems: 0 } })).toThrow('run.checkpoint.everyItems');
    await fails(run([1], sink, { checkpoint: { store, everyMs: -1 } })).toThrow('run.checkpoint.everyMs');
    // @ts-expect-error a store must be given
    await fails(run([1], sink, { checkpoint: {} })).toThrow('run.checkpoint.store');
    await fails(run(pipe([Buffer.from('x')], compress('gzip')), sink, { checkpoint })).toThrow(
      'Checkpoint: compress (operator 1) cannot go on where it stood',
    );
  });

  it('say what cannot be saved', async () => {
    const { store, exactSink } = memory();
    class Held {
      readonly n = 1;
    }
    const states = {
      'an object of the class Held': new Held(),
      'a function': { f: () => 1 },
      'a symbol': [Symbol('x')],
    };
    for (const [what, state] of Object.entries(states)) {
      const running = run(
        pipe(
          [1],
          scan((held: unknown) => held, state),
        ),
        exactSink(),
        { checkpoint: { store, everyItems: 1 } },
      );
      await expect(running).rejects.toThrow(`Checkpoint: the state of scan (operator 1): ${what} cannot be saved`);
    }
    const sink = { ...exactSink(), prepare: () => new Held() };
    await expect(run([1], sink, { checkpoint: { store: memory().store } })).rejects.toThrow('the token of the sink');
  });

  it('are not resumed by a pipe of other operators, nor when they are damaged', async () => {
    const { kept, store, exactSink } = memory();
    const identity: Operator<number, number> = map((n) => n);
    await run(pipe(numbers, identity), exactSink(), { checkpoint: { store } });
    const resume = () => run(pipe(numbers, identity, drop(1)), exactSink(), { checkpoint: { store } });
    await expect(resume()).rejects.toThrow('it is of a pipe with other operators: map; this one has map, drop');
    await expect(run(numbers, exactSink(), { checkpoint: { store } })).rejects.toThrow('this one has none');
    kept.checkpoint = '{"version":1,';
    await expect(resume()).rejects.toThrow('what the store holds is not JSON');
    for (const other of ['{"version":2,"operators":[]}', '{"version":1,"operators":["map","drop"]}', 'null']) {
      kept.checkpoint = other;
      await expect(resume()).rejects.toThrow('no checkpoint of version 1');
    }
    await expect(resume()).rejects.toBeInstanceOf(CheckpointError);
  });

  it('are not resumed in a source that has become shorter', async () => {
    const { store, exactSink } = memory();
    const open = (length: number) => fromChunks(() => [numbers.slice(0, length)]);
    const crash = crashAt([50]);
    const source = () =>
      fromChunks(function* () {
        yield numbers.slice(0, 40);
        yield [crash(50)];
      });
    await expect(run(source(), exactSink(), { checkpoint: { store, everyItems: 1 } })).rejects.toThrow(Crash);
    const shorter = run(open(30), exactSink(), { checkpoint: { store } });
    await expect(shorter).rejects.toThrow('Checkpoint: the source ends 10 items before the place where it stood');

    const { store: other, exactSink: sink } = memory();
    const crashInArray = pipe(numbers, map(crashAt([50])));
    await expect(run(crashInArray, sink(), { checkpoint: { store: other, everyItems: 1 } })).rejects.toThrow();
    const shortArray = run(pipe(numbers.slice(0, 30), map(crashAt([]))), sink(), { checkpoint: { store: other } });
    await expect(shortArray).rejects.toThrow('Checkpoint: the array has 30 items, and 31 had been read');
  });
});

describe('an abort', () => {
  it.each(['load', 'save'] as const)(
    'while the store is at its %s leaves the sink alone from then on',
    async (step) => {
      const controller = new AbortController();
      const calls: string[] = [];
      const slow = async (name: 'load' | 'save'): Promise<undefined> => {
        if (name === step) controller.abort('enough');
        await new Promise((resolve) => setTimeout(resolve, 20));
      };
      const sink: Sink<number> = {
        write: () => void calls.push('write'),
        close: () => void calls.push('close'),
        abort: () => void calls.push('abort'),
        prepare: () => calls.push('prepare'),
        commit: () => void calls.push('commit'),
        recover: () => void calls.push('recover'),
      };
      const store = { load: () => slow('load'), save: () => slow('save') };
      await expect(run(numbers, sink, { checkpoint: { store }, signal: controller.signal })).rejects.toBe('enough');
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(calls).toEqual(step === 'load' ? ['abort'] : ['prepare', 'abort']);
    },
  );
});

describe('toFile', () => {
  it('refuses rows, says what makes text of them, and leaves the file as it was', async () => {
    const path = join(folder, 'rows');
    const rows = [{ tempMax: 12.8 }];
    const refused = {
      name: 'OptionError',
      option: 'toFile.items',
      message:
        'Option "toFile.items" must be text or bytes (put toNdjson() or toCsv() before it), got an object (Object).',
    };
    // @ts-expect-error rows are no text
    await expect(run(rows, toFile(path))).rejects.toMatchObject(refused);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await run(['a'], toFile(path));
    // @ts-expect-error nor are they behind some
    await expect(run(['b', ...rows], toFile(path))).rejects.toMatchObject(refused);
    expect(await readFile(path, 'utf8')).toBe('a');
  });

  const lines = () => pipe(numbers, toNdjson());
  const all = numbers.map((n) => `${n}\n`).join('');
  let path: string;
  beforeEach(() => {
    path = join(folder, 'out');
  });

  it('appends text and bytes, and tells the length of the file', async () => {
    await writeFile(path, 'ü');
    expect(await run(['a', Buffer.from('ü'), 'b'], toFile(path))).toEqual({ items: 3, result: 6 });
    expect(await run([], toFile(path))).toEqual({ items: 0, result: 6 });
    expect(await readFile(path, 'utf8')).toBe('üaüb');
  });

  it('takes back what it has written when a run without checkpoints fails', async () => {
    await writeFile(path, 'before\n');
    const crash = crashAt([50]);
    await expect(run(pipe(numbers, map(crash), toNdjson()), toFile(path))).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('before\n');
    await expect(run(['x'], toFile(join(folder, 'none', 'out')))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('cuts off what an abort in the midst of a large write left, and opens nothing after it', async () => {
    await writeFile(path, 'keep\n');
    const sink = toFile(path);
    const controller = new AbortController();
    const running = run([Buffer.alloc(200_000_000)], sink, { signal: controller.signal });
    const rejected = expect(running).rejects.toBe('enough');
    while ((await stat(path)).size < 2_000_000) await new Promise((resolve) => setImmediate(resolve));
    controller.abort('enough');
    await rejected;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readFile(path, 'utf8')).toBe('keep\n');

    const unopened = toFile(join(folder, 'unopened'));
    await unopened.abort?.('enough');
    await expect(unopened.write(['x'])).rejects.toThrow('The run was aborted before the file was opened.');
  });

  it('takes back what it has written when the file cannot be flushed at the end, or an abort comes then', async () => {
    await writeFile(path, 'keep\n');
    const handle = await openFile(path);
    const prototype: Pick<typeof handle, 'datasync'> = Object.getPrototypeOf(handle);
    const datasync = vi.spyOn(prototype, 'datasync');
    await handle.close();
    try {
      datasync.mockRejectedValueOnce(new Crash());
      await expect(run(['x'], toFile(path))).rejects.toThrow(Crash);
      expect(await readFile(path, 'utf8')).toBe('keep\n');

      const controller = new AbortController();
      datasync.mockImplementationOnce(async () => {
        controller.abort('enough');
        await delay(20);
      });
      await expect(run(['x'], toFile(path), { signal: controller.signal })).rejects.toBe('enough');
      await delay(40);
      expect(await readFile(path, 'utf8')).toBe('keep\n');
    } finally {
      datasync.mockRestore();
    }
  });

  it('cuts off what was written behind the last checkpoint', async () => {
    const store = fileStore(join(folder, 'checkpoint.json'));
    const crash = crashAt([10, 50]);
    const open = () => pipe(numbers, map(crash), toNdjson());
    const options = { checkpoint: { store, everyItems: 1 } };
    await writeFile(path, 'before\n');
    for (let runs = 0; runs < 2; runs += 1) {
      await expect(run(open(), toFile(path), options)).rejects.toThrow();
      await appendFile(path, 'half a li');
    }
    const result = await run(open(), toFile(path), options);
    expect(result).toEqual({ items: 60, result: `before\n${all}`.length });
    expect(await readFile(path, 'utf8')).toBe(`before\n${all}`);
    await appendFile(path, 'more');
    await run(open(), toFile(path), options);
    expect(await readFile(path, 'utf8')).toBe(`before\n${all}`);
  });

  it('says so when the file is shorter than it was', async () => {
    const store = fileStore(join(folder, 'checkpoint.json'));
    await run(lines(), toFile(path), { checkpoint: { store } });
    await truncate(path, 5);
    const again = run(lines(), toFile(path), { checkpoint: { store } });
    await expect(again).rejects.toThrow(`Checkpoint: ${path} has 5 bytes, and had ${all.length} at the checkpoint`);
  });
});

describe('fileStore', () => {
  it('tells what keeps it from reading and writing', async () => {
    const options = (path: string) => ({ checkpoint: { store: fileStore(path) } });
    await expect(run([1], undefined, options(folder))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(run([1], undefined, options(join(folder, 'none', 'x')))).rejects.toMatchObject({ code: 'DEX_WRITE' });
  });
});
