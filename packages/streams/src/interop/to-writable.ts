import { finished, Writable } from 'node:stream';
import { OptionError } from '@dataenginex/core';
import { REACT_MS, settlesWithin } from '../pipes/settle.ts';
import type { Sink } from '../pipes/sink.ts';

export interface ToWritableOptions {
  /**
   * Whether the stream ends with the pipe, and is destroyed or aborted when that fails. `false` for one that goes on,
   * such as `process.stdout`.
   *
   * @default true
   */
  end?: boolean | undefined;
}

/**
 * Writes to a Node or Web stream, no faster than it takes the items. Once the run is over, they have been written.
 *
 * ```ts
 * import { createGzip } from 'node:zlib';
 * import { decompress, fromNdjson, pipe, run, toNdjson, toWritable } from '@dataenginex/streams';
 *
 * const gzip = createGzip(); // or a socket, an HTTP response, process.stdout with { end: false }
 * const written = run(pipe([{ tempMax: 12.8 }], toNdjson()), toWritable(gzip));
 * await Array.fromAsync(fromNdjson(pipe(gzip, decompress('gzip')))); // => [{ tempMax: 12.8 }]
 * await written; // => { items: 1, result: undefined }
 * ```
 *
 * @throws {OptionError} At once, when the stream is not writable.
 * @throws What the stream fails with, from the run.
 */
export function toWritable<T>(stream: WritableStream<T>, options?: ToWritableOptions): Sink<T>;
export function toWritable<T = string | Uint8Array>(stream: Writable, options?: ToWritableOptions): Sink<T>;
export function toWritable<T>(stream: Writable | WritableStream<T>, options: ToWritableOptions = {}): Sink<T> {
  const { end = true } = options;
  if (stream instanceof WritableStream) return new WebSink(stream, end);
  // A ServerResponse is one only by its methods.
  if (typeof stream === 'object' && stream !== null && 'write' in stream) return new NodeSink(stream, end);
  throw new OptionError('toWritable.stream', 'a writable stream', stream);
}

class NodeSink<T> implements Sink<T> {
  readonly #stream: Writable;
  /** Tells whether it drains and when it closes. */
  readonly #state: Writable;
  readonly #end: boolean;
  #over: { readonly error?: unknown } | undefined;
  /** Chunks whose last item is on its way. */
  #pending = 0;
  #isListening = false;
  #forget = (): void => {};
  #wake = (): void => {};

  constructor(stream: Writable, end: boolean) {
    this.#stream = stream;
    this.#state = findWritable(stream) ?? stream;
    this.#end = end;
  }

  async write(items: readonly T[]): Promise<void> {
    this.#listen();
    for (const [index, item] of items.entries()) {
      if (this.#over !== undefined || this.#state.writableEnded || this.#state.destroyed) {
        throw this.#over?.error ?? new Error('The stream has ended before the pipe.');
      }
      const isLast = index === items.length - 1;
      if (!this.#stream.write(item, isLast ? this.#createNote() : undefined)) {
        await this.#until(() => !this.#state.writableNeedDrain);
      }
    }
  }

  async close(): Promise<void> {
    this.#listen();
    if (this.#end) this.#stream.end();
    await this.#until(() => !this.#end && this.#pending === 0);
    this.#forget();
  }

  async abort(reason: unknown): Promise<void> {
    this.#listen();
    if (!this.#end) {
      this.#forget();
      this.#over = { error: reason };
      this.#wake();
      return;
    }
    this.#stream.destroy(reason instanceof Error ? reason : new Error('The pipe was stopped.', { cause: reason }));
    await new Promise<void>((resolve) => finished(this.#state, () => resolve()));
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const wake = (): void => this.#wake();
    const forget = finished(this.#state, { readable: false }, (error) => {
      this.#over = { error };
      wake();
    });
    this.#state.on('drain', wake);
    this.#forget = () => {
      forget();
      this.#state.off('drain', wake);
      this.#isListening = false;
    };
  }

  #createNote(): () => void {
    this.#pending += 1;
    return () => {
      this.#pending -= 1;
      this.#wake();
    };
  }

  /** Waits for that, or for the end of the stream. */
  async #until(isReady: () => boolean): Promise<void> {
    while (this.#over === undefined && !isReady()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#over?.error) throw this.#over.error;
  }
}

/** The response of http2 is no Writable, says less and emits otherwise than one; the stream that it writes to is one. */
function findWritable(response: object): Writable | undefined {
  if (response instanceof Writable || !('stream' in response)) return undefined;
  return response.stream instanceof Writable ? response.stream : undefined;
}

class WebSink<T> implements Sink<T> {
  readonly #stream: WritableStream<T>;
  readonly #end: boolean;
  #writer: WritableStreamDefaultWriter<T> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(stream: WritableStream<T>, end: boolean) {
    this.#stream = stream;
    this.#end = end;
  }

  async write(items: readonly T[]): Promise<void> {
    const writer = this.#open();
    for (const item of items) {
      await writer.ready;
      this.#last = writer.write(item);
      // It makes `ready` reject as well.
      this.#last.catch(() => {});
    }
  }

  async close(): Promise<void> {
    const writer = this.#open();
    await this.#last;
    if (this.#end) {
      this.#last = writer.close();
      await this.#last;
    }
    this.#release(writer);
  }

  async abort(reason: unknown): Promise<void> {
    const writer = this.#open();
    if (this.#end) {
      const aborted = Promise.allSettled([writer.abort(reason)]);
      // Until a write or close that has begun is over, nobody is told of the abort but its signal.
      if (await settlesWithin(REACT_MS, this.#last)) await aborted;
    }
    this.#release(writer);
  }

  #release(writer: WritableStreamDefaultWriter<T>): void {
    this.#writer = undefined;
    writer.releaseLock();
  }

  #open(): WritableStreamDefaultWriter<T> {
    this.#writer ??= this.#stream.getWriter();
    return this.#writer;
  }
}
