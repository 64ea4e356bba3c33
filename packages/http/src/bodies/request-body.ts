import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { OptionError } from '@dataenginex/core';
import type { OutgoingBody, StreamBody } from '../layers/message.ts';
import { encodeMultipart } from './multipart.ts';
import { checkHeaderValue, type RequestHeaders } from '../request-headers.ts';
import { type Query, toSearchParams } from '../url.ts';

/** A body piece by piece, text as UTF-8: a Node or Web stream, a generator. */
export type BodyPieces = AsyncIterable<string | Uint8Array>;

/**
 * A body to send. A Blob or File goes with its type and can be sent again, as can what a function makes anew each time;
 * pieces that are given as they are can be sent once, so such a request is never repeated after it was begun.
 */
export type RequestBody = string | Uint8Array | Blob | BodyPieces | (() => BodyPieces);

/** What a request sends: at most one of these. */
export interface BodyOptions {
  /** A value to send as JSON. */
  json?: unknown;
  /** Fields to send as `application/x-www-form-urlencoded`, by the rules of `query`. */
  form?: Query | URLSearchParams | undefined;
  /** Fields and files to send as `multipart/form-data`. */
  multipart?: FormData | undefined;
  /** A body to send as it is. */
  body?: RequestBody | undefined;
}

/** A body, and the `content-type` that it brings along. */
export interface EncodedBody {
  readonly body: OutgoingBody;
  readonly bodyHeaders: RequestHeaders;
}

/** @throws {OptionError} When there are two bodies, or one that cannot be sent. It never holds the value: that may be secret. */
export function encodeBody(method: string, options: BodyOptions): EncodedBody {
  const { json, form, multipart, body } = options;
  if (json === undefined && form === undefined && multipart === undefined && body === undefined) return noBody;
  const [name = 'body', second] = names.filter((each) => options[each] !== undefined);
  if (second !== undefined) {
    throw new OptionError(`request.${name}`, 'left out where a body is given', typeof options[name]);
  }
  if (body !== undefined) return encodeRaw(body);
  if (method === 'GET' || method === 'HEAD') {
    throw new OptionError(`request.${name}`, `left out of a ${method}`, typeof options[name]);
  }
  if (multipart !== undefined) return encodeMultipart(multipart);
  if (form !== undefined) {
    const fields = form instanceof URLSearchParams ? form : toSearchParams(form);
    return { body: fields.toString(), bodyHeaders: { 'content-type': 'application/x-www-form-urlencoded' } };
  }
  const text = JSON.stringify(json);
  if (typeof text !== 'string') throw new OptionError('request.json', 'a value that JSON can hold', typeof json);
  return { body: text, bodyHeaders: { 'content-type': 'application/json' } };
}

const noBody: EncodedBody = { body: null, bodyHeaders: {} };
const names = ['json', 'form', 'multipart', 'body'] as const;

function encodeRaw(body: RequestBody): EncodedBody {
  if (typeof body === 'string' || body instanceof Uint8Array) return { body, bodyHeaders: noBody.bodyHeaders };
  if (body instanceof Blob) {
    const bodyHeaders = body.type === '' ? noBody.bodyHeaders : { 'content-type': body.type };
    checkHeaderValue('request.body.type', body.type);
    if (body.size === 0) return { body: '', bodyHeaders };
    const open = (): AsyncIterable<Uint8Array> => toPieces(body.stream());
    return { body: { replayable: true, length: body.size, open }, bodyHeaders };
  }
  if (typeof body === 'function') {
    return { body: { replayable: true, open: () => toPieces(body()) }, bodyHeaders: noBody.bodyHeaders };
  }
  if (!isPieces(body)) {
    throw new OptionError('request.body', 'text, bytes, a Blob, a stream, or a function that makes one', typeof body);
  }
  return { body: sentOnce(body), bodyHeaders: noBody.bodyHeaders };
}

function isPieces(value: unknown): value is BodyPieces {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function sentOnce(source: BodyPieces): StreamBody {
  const isTaken = source instanceof Readable ? Readable.isDisturbed(source) : 'locked' in source && source.locked;
  if (isTaken) {
    throw new OptionError('request.body', 'a stream that nobody has read from', source);
  }
  let isOpen = false;
  return {
    replayable: false,
    open() {
      if (isOpen) throw new Error('The body was sent before, and cannot be sent again.');
      isOpen = true;
      return toPieces(source);
    },
    discard() {
      if (source instanceof Readable) source.on('error', () => {}).destroy();
      else if (source instanceof ReadableStream && !source.locked) void source.cancel().catch(() => {});
    },
  };
}

function toPieces(source: BodyPieces): AsyncIterable<Uint8Array> {
  return new SourcePieces(source);
}

/** The bytes of a source. Ended from outside it lets go of the source at once, also while a piece is waited for. */
class SourcePieces implements AsyncIterableIterator<Uint8Array> {
  readonly #iterator: AsyncIterator<string | Uint8Array>;
  /** A stream's own iterator would first wait for the piece that it has asked for. */
  readonly #stream: Readable | undefined;

  constructor(source: BodyPieces) {
    if (source instanceof ReadableStream) this.#stream = Readable.fromWeb(source);
    else if (source instanceof Readable) this.#stream = source;
    this.#iterator = (this.#stream ?? source)[Symbol.asyncIterator]();
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { done, value } = await this.#iterator.next();
    if (done === true) return { done, value: undefined };
    if (typeof value === 'string') return { done: false, value: Buffer.from(value) };
    if (value instanceof Uint8Array) return { done: false, value };
    throw new TypeError(`A body's pieces must be text or bytes, got ${typeof value}.`);
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#stream !== undefined) this.#stream.on('error', () => {}).destroy();
    else await this.#iterator.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
