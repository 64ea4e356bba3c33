import { createServer, request } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import { EventEmitter, on } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { delay, watched } from '../../test/sources.ts';
import { map, pipe, run, take, toNdjson, toWritable } from '../index.ts';

/** A slow stream that notes what it holds at most. */
function slow(seen: { most: number; got: unknown[] }, ms: number, failAt = Infinity) {
  return new Writable({
    objectMode: true,
    highWaterMark: 4,
    write(item, _, done) {
      seen.most = Math.max(seen.most, this.writableLength);
      seen.got.push(item);
      setTimeout(() => done(seen.got.length >= failAt ? new RangeError('Too warm.') : null), ms);
    },
  });
}

describe('toWritable, to a Node stream', () => {
  it('says so when the stream was destroyed before', async () => {
    const stream = slow({ most: 0, got: [] }, 1);
    stream.destroy();
    await expect(run(pipe([1, 2]), toWritable<number>(stream))).rejects.toThrow();
  });

  it('waits until it drains, item by item, and for its end', async () => {
    const seen = { most: 0, got: [] as unknown[] };
    const stream = slow(seen, 1);
    const items = Array.from({ length: 60 }, (_, n) => n);
    expect(await run(pipe(items), toWritable<number>(stream))).toEqual({ items: 60, result: undefined });
    expect(seen.got).toEqual(items);
    expect(seen.most).toBeLessThanOrEqual(4);
    expect(stream.writableFinished).toBe(true);
    expect(stream.listenerCount('error')).toBe(0);
    expect(stream.listenerCount('drain')).toBe(0);
  });

  it('writes a response over HTTP, and stops with its client', async () => {
    const { seen, items } = watched(Infinity);
    const outcome = Promise.withResolvers<unknown>();
    const server = createServer((_, response) => {
      const rows = pipe(
        items(),
        map((n) => ({ n, filler: 'x'.repeat(10_000) })),
        toNdjson(),
      );
      run(rows, toWritable(response)).then(outcome.resolve, outcome.resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const asked = request({ port: address.port }, (response) => response.once('data', () => asked.destroy()));
    asked.on('error', () => {});
    asked.end();
    expect(await outcome.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(seen.closed).toBe(1);
    server.close();
  });

  it.each(['response', 'stream'] as const)('writes a %s over HTTP/2 no faster than it is read', async (kind) => {
    const { seen, items } = watched(Infinity);
    const outcome = Promise.withResolvers<unknown>();
    const server = createHttp2Server((_, response) => {
      const rows = pipe(
        items(),
        map((n) => ({ n, filler: 'x'.repeat(10_000) })),
        toNdjson(),
      );
      run(rows, toWritable(kind === 'response' ? response : response.stream)).then(outcome.resolve, outcome.resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const client = connect(`http://127.0.0.1:${address.port}`);
    const asked = client.request({ ':path': '/' });
    await new Promise<void>((resolve) => void asked.once('data', () => resolve(void asked.pause())));
    await delay(100);
    expect(seen.pulled).toBeLessThan(50);
    const left = performance.now();
    asked.destroy();
    expect(await outcome.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(performance.now() - left).toBeLessThan(400);
    expect(seen.closed).toBe(1);
    client.destroy();
    server.close();
  });

  it("fails with the stream's error, and closes the source", async () => {
    const { seen, items } = watched(1_000);
    const stream = slow({ most: 0, got: [] }, 1, 10);
    await expect(run(items(), toWritable<number>(stream))).rejects.toThrow('Too warm.');
    expect(seen.closed).toBe(1);
    expect(stream.destroyed).toBe(true);
  });

  it('fails when the stream is closed or ended by somebody else', async () => {
    const closing = new PassThrough({ highWaterMark: 1 });
    const first = run(watched(100).items(), toWritable<unknown>(closing.resume()));
    const objects = new PassThrough({ objectMode: true, highWaterMark: 1 });
    const second = run(watched(100, { hangs: false }).items(), toWritable<unknown>(objects));
    await delay(5);
    objects.destroy();
    await expect(first).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(second).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    const ended = new PassThrough({ objectMode: true });
    const third = run(watched(100).items(), toWritable<unknown>(ended.resume()));
    ended.end();
    await expect(third).rejects.toThrow(/ended|after end/);
  });

  it('destroys it with the reason when the run fails or is aborted, and waits for that', async () => {
    const stream = slow({ most: 0, got: [] }, 1);
    const failing = pipe(
      [1, 2],
      map((n) => {
        if (n === 2) throw new RangeError('Too warm.');
        return n;
      }),
    );
    await expect(run(failing, toWritable<number>(stream))).rejects.toThrow('Too warm.');
    expect(stream.closed).toBe(true);
    expect(stream.errored).toMatchObject({ code: 'DEX_OPERATOR' });

    const stuck = new Writable({ objectMode: true, highWaterMark: 1, write() {} });
    const running = run(pipe([1, 2, 3]), toWritable<number>(stuck), { signal: AbortSignal.timeout(10) });
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(stuck.closed).toBe(true);
  });

  it('leaves it open with `end: false`, whatever happens, with everything written', async () => {
    const seen = { most: 0, got: [] as unknown[] };
    const stream = slow(seen, 1);
    await run(pipe([1, 2, 3]), toWritable<number>(stream, { end: false }));
    expect(seen.got).toEqual([1, 2, 3]);
    expect(stream.writableLength).toBe(0);
    const { items } = watched(Infinity);
    const running = run(items(), toWritable<number>(stream, { end: false }), { signal: AbortSignal.timeout(10) });
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(stream.destroyed).toBe(false);
    await run(pipe([]), toWritable<number>(stream));
    expect(stream.writableFinished).toBe(true);
    expect(stream.listenerCount('error')).toBe(0);
    expect(stream.listenerCount('drain')).toBe(0);
  });

  it.each(['Node', 'Web'])('goes on in the next run with `end: false`: %s', async (kind) => {
    const got: unknown[] = [];
    const node = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(item, _, done) {
        got.push(item);
        setTimeout(done, 1);
      },
    });
    const web = new WritableStream({ write: (item) => void got.push(item) });
    const sink = kind === 'Node' ? toWritable<number>(node, { end: false }) : toWritable<number>(web, { end: false });
    await run([1, 2], sink);
    await run([3, 4], sink);
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it('waits no more for a stream that is full and goes on', async () => {
    const full = new Writable({ objectMode: true, highWaterMark: 1, write() {} });
    const begun = performance.now();
    const running = run([1, 2], toWritable<number>(full, { end: false }), { signal: AbortSignal.timeout(10) });
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - begun).toBeLessThan(400);
    expect(full.destroyed).toBe(false);
  });

  it.each([null, undefined, {}, new ReadableStream()])('refuses %s', (stream) => {
    // @ts-expect-error not writable
    expect(() => toWritable(stream)).toThrow('Option "toWritable.stream" must be a writable stream');
  });
});

describe('toWritable, to a Web stream', () => {
  it('waits until it is ready, and for its end', async () => {
    const got: number[] = [];
    let ended = false;
    const { seen, items } = watched(20);
    const stream = new WritableStream<number>(
      {
        async write(n) {
          expect(seen.pulled - n).toBeLessThan(5);
          got.push(n);
          await delay(1);
        },
        async close() {
          await delay(1);
          ended = true;
        },
      },
      { highWaterMark: 1 },
    );
    await run(items(), toWritable(stream));
    expect(got).toHaveLength(20);
    expect(ended).toBe(true);
    expect(stream.locked).toBe(false);
  });

  it.each([
    [true, ['Too warm.']],
    [false, []],
  ])('is aborted with the reason when the run fails, unless it goes on: end %s', async (end, expected) => {
    const reasons: unknown[] = [];
    const stream = new WritableStream({
      abort(reason: Error) {
        reasons.push(reason.message);
        throw new RangeError('Not now.');
      },
    });
    async function* failing() {
      yield 1;
      throw new RangeError('Too warm.');
    }
    await expect(run(failing(), toWritable(stream, { end }))).rejects.toThrow('Too warm.');
    expect(reasons).toEqual(expected);
    expect(stream.locked).toBe(false);
  });

  it('fails with its error, be it the last item', async () => {
    for (const end of [true, false]) {
      const stream = new WritableStream<number>({
        write(n) {
          if (n === 2) throw new RangeError('Too warm.');
        },
      });
      await expect(run(pipe([1, 2]), toWritable(stream, { end }))).rejects.toThrow('Too warm.');
    }
  });
});

describe('toWritable, to a Web stream that is stuck', () => {
  it.each(['write', 'close'] as const)('leaves it behind 500 ms after an abort in the midst of a %s', async (stuck) => {
    const stream = new WritableStream<number>({ [stuck]: () => new Promise<void>(() => {}) });
    const controller = new AbortController();
    setTimeout(() => controller.abort('stop'), 10);
    const begun = performance.now();
    await expect(run([1, 2, 3], toWritable(stream), controller)).rejects.toBe('stop');
    expect(performance.now() - begun).toBeLessThan(900);
    expect(stream.locked).toBe(false);
    await expect(stream.getWriter().ready).rejects.toBe('stop');
  });
});

describe('a Web stream as a source', () => {
  it('is unlocked when it has ended, failed or been left', async () => {
    const streams = {
      ended: ReadableStream.from([1, 2]),
      failed: new ReadableStream({ start: (controller) => controller.error(new RangeError('Too warm.')) }),
      left: ReadableStream.from([1, 2, 3]),
      uncancellable: new ReadableStream({
        pull: (controller) => controller.enqueue(1),
        cancel: () => Promise.reject(new RangeError('Not now.')),
      }),
    };
    await run(streams.ended);
    await expect(run(streams.failed)).rejects.toThrow('Too warm.');
    await run(pipe(streams.left, take(1)));
    await run(pipe(streams.uncancellable, take(1))).catch(() => {});
    for (const [name, { locked }] of Object.entries(streams)) expect([name, locked]).toEqual([name, false]);
  });
});

describe('a pipe as the source of others', () => {
  it('is read by ReadableStream.from, which closes it', async () => {
    const { seen, items } = watched(Infinity);
    const stream: ReadableStream<string> = ReadableStream.from(pipe(items(), map(String)));
    const reader = stream.getReader();
    expect((await reader.read()).value).toBe('0');
    await reader.cancel();
    expect(seen.closed).toBe(1);
    expect(seen.pulled).toBeLessThan(10);
    const body = ReadableStream.from(pipe([{ n: 1 }], toNdjson())).pipeThrough(new TextEncoderStream());
    expect(await new Response(body).text()).toBe('{"n":1}\n');
  });

  it('is read by Readable.from, which closes it, also while it hangs', async () => {
    expect(await text(Readable.from(pipe([{ n: 1 }], toNdjson())))).toBe('{"n":1}\n');
    const { seen, items } = watched(Infinity);
    const stream = Readable.from(pipe(items(), map(String)));
    for await (const item of stream) if (item === '3') break;
    await delay(20);
    expect(seen.closed).toBe(1);
    expect(seen.pulled).toBeLessThan(30);
  });

  it('reads events of an emitter', async () => {
    const emitter = new EventEmitter();
    const readings = Array.fromAsync(
      pipe(
        on(emitter, 'reading'),
        map(([celsius]: number[]) => celsius),
        take(2),
      ),
    );
    await delay(1);
    emitter.emit('reading', 12.8);
    emitter.emit('reading', 10.6);
    expect(await readings).toEqual([12.8, 10.6]);
    expect(emitter.listenerCount('reading')).toBe(0);
  });
});
