import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { OptionError } from '@dataenginex/core';
import { describe, expect, it } from 'vitest';
import { delay, watched } from '../../test/sources.ts';
import { batch, filter, fromChunks, map, mapAsync, pipe, run, type Sink, toNdjson } from '../index.ts';

function collector<T>() {
  const events: string[] = [];
  const items: T[] = [];
  const sink: Sink<T, number> = {
    write(chunk) {
      items.push(...chunk);
    },
    close() {
      events.push('close');
      return items.length;
    },
    abort(reason) {
      events.push(`abort ${String(reason)}`);
    },
  };
  return { events, items, sink };
}

describe('run', () => {
  it('counts what reaches the end', async () => {
    expect(
      await run(
        pipe(
          [1, 2, 3],
          filter((n) => n > 1),
        ),
      ),
    ).toEqual({ items: 2, result: undefined });
  });

  it('writes into a sink and returns what it returns', async () => {
    const { events, items, sink } = collector<number>();
    expect(await run(pipe([1, 2, 3]), sink)).toEqual({ items: 3, result: 3 });
    expect(items).toEqual([1, 2, 3]);
    expect(events).toEqual(['close']);
  });

  it.each([
    [null, 'Option "run.sink" must be a Sink or a function, got null.'],
    ['out.ndjson', 'Option "run.sink" must be a Sink or a function, got "out.ndjson".'],
    [
      { signal: new AbortController().signal },
      '(an operator goes into the pipe, options come third), got an object (Object).',
    ],
    [toNdjson(), '(an operator goes into the pipe, options come third), got an object (Object).'],
    [{ write() {} }, '"run.sink" must be a Sink, which has write and close'],
    [{ write() {}, close: true }, '"run.sink" must be a Sink, which has write and close'],
    [new PassThrough(), 'must be a Sink, such as toWritable of this stream, got an object (PassThrough).'],
    [new WritableStream(), 'must be a Sink, such as toWritable of this stream, got an object (WritableStream).'],
  ])('refuses what is no sink before anything is opened: %o', async (given, message) => {
    const { seen, items } = watched(3);
    const checkpoint = { store: { load: async () => undefined, save: async () => {} } };
    for (const options of [{}, { checkpoint }]) {
      // @ts-expect-error no sinks
      const error: unknown = await run(items(), given, options).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(OptionError);
      expect(String(error)).toContain(message);
    }
    expect(seen.pulled).toBe(0);
  });

  it('refuses what is no pipe, and aborts the sink', async () => {
    const { events, sink } = collector<string>();
    // @ts-expect-error no iterable
    await expect(run(new Response('a\n'), sink)).rejects.toThrow(
      '"run.pipe" must be an iterable or async iterable, such as its body',
    );
    expect(events).toHaveLength(1);
  });

  it('waits for each write before it asks for more', async () => {
    const { seen, items } = watched(20);
    let written = 0;
    await run(items(), {
      async write(chunk) {
        await delay(1);
        written += chunk.length;
        expect(seen.pulled - written).toBeLessThanOrEqual(1);
      },
      close() {},
    });
    expect(written).toBe(20);
  });

  it('feeds a function, and closes the source when the function has seen enough', async () => {
    const { seen, items } = watched(10);
    const first = await run(items(), async (numbers) => {
      for await (const n of numbers) return n;
      return undefined;
    });
    expect(first).toEqual({ items: 1, result: 0 });
    expect(seen.closed).toBe(1);
  });

  it('closes the source and aborts the sink when the sink fails', async () => {
    const { seen, items } = watched(10);
    const { events, sink } = collector<number>();
    const full = new Error('ENOSPC');
    await expect(run(items(), { ...sink, write: () => Promise.reject(full) })).rejects.toBe(full);
    expect(seen.closed).toBe(1);
    expect(events).toEqual(['abort Error: ENOSPC']);
    await expect(run(pipe([1]), { ...sink, close: () => Promise.reject(full) })).rejects.toBe(full);
    expect(events).toHaveLength(2);
  });

  it('throws what failed, not what failed while cleaning up', async () => {
    const failure = new Error('first');
    const broken: Sink<number> = {
      write: () => Promise.reject(failure),
      close() {},
      abort() {
        throw new Error('second');
      },
    };
    await expect(run(pipe([1]), broken)).rejects.toBe(failure);
  });
});

describe('an iterator made by hand', () => {
  const by = <N>(next: () => N) => {
    const calls: string[] = [];
    const iterator = {
      next,
      return: () => {
        calls.push('return');
        return Promise.resolve({ done: true as const, value: undefined });
      },
    };
    return { source: { [Symbol.asyncIterator]: () => iterator }, calls };
  };

  it('may answer with a promise of another realm, or at once', async () => {
    const foreign: unknown = runInNewContext('Promise.resolve({ done: false, value: 1 })');
    expect(foreign).not.toBeInstanceOf(Promise);
    const answers = [foreign, { done: false, value: 2 }, { done: true, value: undefined }];
    const { sink } = collector<unknown>();
    // @ts-expect-error no promises
    expect(await run(by(() => answers.shift()).source, sink)).toEqual({ items: 2, result: 2 });
  });

  it('is not closed when it throws, and is when the sink throws, each at once', async () => {
    const failing = by(() => {
      throw new RangeError('No next.');
    });
    await expect(run(failing.source)).rejects.toThrow('No next.');
    expect(failing.calls).toEqual([]);
    const endless = by(async () => ({ done: false as const, value: 1 }));
    const { events, sink } = collector<number>();
    const full = new Error('ENOSPC');
    const write = (): void => {
      throw full;
    };
    await expect(run(endless.source, { ...sink, write })).rejects.toBe(full);
    expect(endless.calls).toEqual(['return']);
    expect(events).toEqual(['abort Error: ENOSPC']);
  });
});

describe('an abort', () => {
  it('is heeded before anything is opened', async () => {
    let opened = false;
    const source = fromChunks(() => {
      opened = true;
      return [[1]];
    });
    await expect(run(source, undefined, { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    expect(opened).toBe(false);
  });

  const hanging = (signal: AbortSignal, closed: () => void) =>
    fromChunks<number>(async function* ({ signal: stopped }) {
      try {
        yield [1];
        await new Promise((_resolve, reject) => {
          stopped.addEventListener('abort', () => reject(stopped.reason));
        });
      } finally {
        await delay(20);
        if (signal.aborted) closed();
      }
    });

  it.each(['nothing', 'a sink', 'a function'])(
    'rejects with the reason while the source hangs, after its finally: into %s',
    async (into) => {
      const controller = new AbortController();
      const { signal } = controller;
      let closed = false;
      const rows = pipe(
        hanging(signal, () => {
          closed = true;
        }),
        map((n) => n),
        mapAsync(async (n) => n),
      );
      const { events, sink } = collector<number>();
      const options = { signal };
      const running =
        into === 'nothing'
          ? run(rows, undefined, options)
          : into === 'a sink'
            ? run(rows, sink, options)
            : run(rows, (items) => Array.fromAsync(items), options);
      setTimeout(() => controller.abort('stop'), 10);
      const begun = performance.now();
      await expect(running).rejects.toBe('stop');
      expect(performance.now() - begun).toBeLessThan(400);
      expect(closed).toBe(true);
      if (into === 'a sink') expect(events).toEqual(['abort stop']);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );

  it('waits for the finally of a generator that is not hanging', async () => {
    const controller = new AbortController();
    const { seen, items } = watched(Infinity);
    const slow = pipe(
      items(),
      mapAsync(() => delay(1)),
    );
    setTimeout(() => controller.abort('stop'), 20);
    await expect(run(slow, undefined, controller)).rejects.toBe('stop');
    expect(seen.closed).toBe(1);
  });

  it('leaves a source behind that hangs and does not react, after 500 ms', async () => {
    const controller = new AbortController();
    const { seen, items } = watched(1, { hangs: true });
    setTimeout(() => controller.abort('stop'), 10);
    const begun = performance.now();
    await expect(run(items(), undefined, controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(900);
    expect(seen.closed).toBe(0);
  });

  it('settles a read that hangs in a Node stream and in a Web stream', async () => {
    for (const source of [new PassThrough(), new ReadableStream<Uint8Array>()]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort('stop'), 5);
      const begun = performance.now();
      await expect(run(pipe(source, batch(2)), undefined, controller)).rejects.toBe('stop');
      expect(performance.now() - begun).toBeLessThan(400);
    }
  });

  it('reaches a source that never waits', async () => {
    const forever = (function* () {
      for (;;) yield 1;
    })();
    await expect(
      run(
        pipe(
          forever,
          filter(() => false),
        ),
        undefined,
        { signal: AbortSignal.timeout(30) },
      ),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('writes nothing more, even where the pipe never waits', async () => {
    const controller = new AbortController();
    let written = 0;
    let aborted = false;
    const forever = (function* () {
      for (;;) yield 1;
    })();
    setTimeout(() => controller.abort('stop'), 20);
    const sink: Sink<number> = {
      write() {
        expect(aborted).toBe(false);
        written += 1;
      },
      close() {},
      abort() {
        aborted = true;
      },
    };
    await expect(run(forever, sink, controller)).rejects.toBe('stop');
    const before = written;
    await delay(30);
    expect(written).toBe(before);
  });

  it('does not wait for a write that hangs, and does not close the sink', async () => {
    const controller = new AbortController();
    const { events, sink } = collector<number>();
    const stuck = { ...sink, write: () => new Promise<void>(() => {}) };
    setTimeout(() => controller.abort('stop'), 5);
    await expect(run(pipe([1]), stuck, controller)).rejects.toBe('stop');
    expect(events).toEqual(['abort stop']);
  });

  it('leaves no listener behind when nothing is aborted', async () => {
    const { signal } = new AbortController();
    await run(pipe([1]), undefined, { signal });
    await run(pipe([1]), { write: () => Promise.reject(new Error('x')), close() {} }, { signal }).catch(() => {});
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('aborts the sink also when it fails before it begins', async () => {
    const locked = new ReadableStream<string>();
    locked.getReader();
    const broken = fromChunks<string>(() => {
      throw new Error('No cursor.');
    });
    for (const [source, options] of [
      [['a'], { signal: AbortSignal.abort('early') }],
      [locked, {}],
      [broken, {}],
    ] as const) {
      const calls: string[] = [];
      const sink: Sink<string> = {
        write: () => void calls.push('write'),
        close: () => void calls.push('close'),
        abort: () => void calls.push('abort'),
      };
      await run(source, sink, options).catch(() => {});
      expect(calls).toEqual(['abort']);
    }
  });
});
