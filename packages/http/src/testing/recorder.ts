import { Readable } from 'node:stream';
import { checkFunction, checkOneOf } from '@dataenginex/core';
import { Agent, type Dispatcher, Response } from 'undici';
import { readContent } from '../bodies/content.ts';
import { HttpError } from '../errors.ts';
import type { Fields } from '../layers/message.ts';
import {
  type Exchange,
  hasRecording,
  readBody,
  readRecording,
  type RecordedRequest,
  type RecordedResponse,
  writeBody,
  writeRecording,
} from './recording.ts';
import { type IsSecret, redactBody, redactHeader, redactUrls } from './redaction.ts';

export interface RecorderOptions {
  /**
   * `record` sends requests and writes what came to the file, `replay` answers from the file and sends nothing, `auto`
   * replays when the file is there and records when it is not.
   *
   * @default 'auto'
   */
  mode?: 'record' | 'replay' | 'auto' | undefined;
  /**
   * Whose values are written as `REDACTED`: headers, query parameters, form fields and members of JSON, by name.
   *
   * @default names that sound like it, such as `x-api-key`, `signature`, `access_token`
   */
  isSecret?: ((name: string) => boolean) | undefined;
  /** Changes a body of text before it is written, and that of a request before it is compared as well. */
  redact?: ((body: string, url: string) => string) | undefined;
  /** What requests go through while they are recorded. It stays yours to close. @default an Agent of its own */
  dispatcher?: Dispatcher | undefined;
}

export interface Recorder extends AsyncDisposable {
  /** For `createClient({ dispatcher })`, or undici itself. */
  readonly dispatcher: Dispatcher;
  readonly mode: 'record' | 'replay';
  /** Writes the file when recording, with the exchanges in the order in which they began. Once the client is done. */
  close(): Promise<void>;
}

/** A replayed request of which the recording has no answer, or none that was not given before. Nothing was sent. */
export class UnrecordedRequestError extends HttpError {
  override readonly name = 'UnrecordedRequestError';
  readonly code = 'DEX_HTTP_UNRECORDED';
  readonly retryable = false;
  /** What the recording holds, as `GET https://…`, in order. */
  readonly recorded: readonly string[];

  constructor({ method, url }: RecordedRequest, path: string, recorded: readonly string[], why: string) {
    const shown = recorded.length === 0 ? 'nothing' : recorded.slice(0, 10).join(', ');
    const more = recorded.length > 10 ? ` and ${recorded.length - 10} more` : '';
    const facts = { method, url, attempt: 1, repeatable: false };
    super(facts, `is not in the recording ${path}${why}. It holds ${shown}${more}. Record it anew with mode: 'record'`);
    this.recorded = recorded;
  }
}

/**
 * Records what a client is answered, and answers the same from the file later, without a network.
 *
 * An answer is found by method, URL and body; the same request made again gets the next one recorded for it. Headers of
 * requests are neither written nor compared, secrets are written as `REDACTED`, and what failed without an answer is
 * left out. Compressed bodies are written as what they become.
 *
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { createClient } from '@dataenginex/http';
 * import { createRecorder, startFaultyServer } from '@dataenginex/http/testing';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'dex-'));
 * const path = join(folder, 'weather.json');
 * const server = await startFaultyServer(() => ({ body: 'sunny' }), { seed: 1, faults: {} });
 * for (const mode of ['record', 'replay'] as const) {
 *   await using recorder = createRecorder(path, { mode });
 *   await using api = createClient({ baseUrl: server.url, dispatcher: recorder.dispatcher });
 *   await api.get('/today', { query: { api_key: 'k' } }).text(); // => 'sunny'
 *   await server.close();
 * }
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param path Of the file: JSON, to be read and committed. Its folder is made.
 * @throws {OptionError} When an option cannot work, or there is no recording to replay.
 */
export function createRecorder(path: string, options: RecorderOptions = {}): Recorder {
  const { mode = 'auto', isSecret, redact = (body) => body, dispatcher } = options;
  checkOneOf('createRecorder.mode', mode, ['record', 'replay', 'auto']);
  checkFunction('createRecorder.isSecret', isSecret);
  checkFunction('createRecorder.redact', redact);
  const rules = { isSecret, redact };
  if (mode === 'replay' || (mode === 'auto' && hasRecording(path))) return replay(path, readRecording(path), rules);
  return record(path, dispatcher, rules);
}

/** What is left out of a file. */
interface Rules {
  readonly isSecret: IsSecret | undefined;
  readonly redact: (body: string, url: string) => string;
}

function record(path: string, given: Dispatcher | undefined, rules: Rules): Recorder {
  const agent = given ?? new Agent();
  const exchanges: Promise<Exchange | undefined>[] = [];
  const dispatcher = agent.compose((dispatch) => (request, handler) => {
    const index = exchanges.push(Promise.resolve(undefined)) - 1;
    return dispatch(
      request,
      taking(handler, (taken) => {
        const exchange = toExchange(request, taken, rules);
        exchange.catch(() => {}); // `close` tells
        exchanges[index] = exchange;
      }),
    );
  });
  const write = async (): Promise<void> => {
    if (given === undefined) await agent.destroy();
    const made = await Promise.all(exchanges);
    await writeRecording(
      path,
      made.filter((exchange) => exchange !== undefined),
    );
  };
  let written: Promise<void> | undefined;
  const close = (): Promise<void> => (written ??= write());
  return { dispatcher, mode: 'record', close, [Symbol.asyncDispose]: close };
}

/** What went over the wire. */
interface Taken {
  readonly sent: Buffer;
  readonly status: number;
  readonly fields: Fields;
  readonly received: Buffer;
  readonly aborted: boolean;
}

/** Passes everything on to a handler, and tells of the answer once it has ended, or once the client has had enough. */
function taking(handler: Dispatcher.DispatchHandler, done: (taken: Taken) => void): Dispatcher.DispatchHandler {
  const sent: Buffer[] = [];
  const received: Buffer[] = [];
  let status = 0;
  let fields: Fields = {};
  const finish = (aborted: boolean): void =>
    done({ sent: Buffer.concat(sent), status, fields, received: Buffer.concat(received), aborted });
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onBodySent(chunk) {
      sent.push(Buffer.from(chunk));
      handler.onBodySent?.(chunk);
    },
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart(controller, statusCode, headers, message) {
      status = statusCode < 200 ? 0 : statusCode;
      fields = headers;
      handler.onResponseStart?.(controller, statusCode, headers, message);
    },
    onResponseData(controller, chunk) {
      received.push(chunk);
      handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd(controller, trailers) {
      finish(false);
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError(controller, error) {
      if (controller?.aborted && status !== 0) finish(true);
      handler.onResponseError?.(controller, error);
    },
  };
}

/** What belongs to the connection, or follows from the body. */
const transportFields = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

async function toExchange(options: Dispatcher.DispatchOptions, taken: Taken, rules: Rules): Promise<Exchange> {
  const request = toRequest(options, taken.sent, rules);
  const { status, aborted } = taken;
  const { bytes, isDecoded } = await decode(options.method, taken);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(taken.fields)) {
    const isHeadLength = name === 'content-length' && options.method === 'HEAD';
    if (value === undefined || (transportFields.has(name) && !isHeadLength)) continue;
    if (isDecoded && name === 'content-encoding') continue;
    const redacted = (one: string): string => redactHeader(name, one, rules.isSecret);
    headers[name] = typeof value === 'string' ? redacted(value) : value.map(redacted);
  }
  const body = writeBody(bytes, redactorOf(request.url, rules));
  return { request, response: { status, headers, ...body, ...(aborted && { aborted }) } };
}

/** More is kept as it came. */
const maxDecodedBytes = 2 ** 30;

/** The content as it was before it was compressed: to be read, and to find secrets in it. */
async function decode(
  method: string,
  { status, fields, received }: Taken,
): Promise<{ bytes: Uint8Array; isDecoded: boolean }> {
  const facts = { method, url: '', attempt: 1, repeatable: false };
  const options = { signal: undefined, maxBodyBytes: maxDecodedBytes, decompress: true };
  try {
    return { bytes: await readContent({ status, fields, body: received, facts }, options), isDecoded: true };
  } catch {
    return { bytes: received, isDecoded: false };
  }
}

/** The request as it stands in the file, and is looked for there. */
function toRequest(options: Dispatcher.DispatchOptions, sent: Buffer, rules: Rules): RecordedRequest {
  const { origin = '', path, method, query = {} } = options;
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries<unknown>(query)) {
    for (const one of Array.isArray(value) ? value : [value]) added.append(name, String(one));
  }
  const search = added.size === 0 ? '' : `${path.includes('?') ? '&' : '?'}${added.toString()}`;
  const url = redactUrls(`${String(origin).replace(/\/$/, '')}${path}${search}`, rules.isSecret);
  return { method, url, ...writeBody(withoutBoundary(sent), redactorOf(url, rules)) };
}

function redactorOf(url: string, { isSecret, redact }: Rules): (text: string) => string {
  return (text) => redact(redactBody(text, isSecret), url);
}

/** A boundary between parts is made anew for each request. */
function withoutBoundary(sent: Buffer): Buffer {
  const text = sent.toString('latin1');
  const [, boundary] = /^--([^\r\n]{1,70})\r\n/.exec(text) ?? [];
  return boundary === undefined ? sent : Buffer.from(text.replaceAll(boundary, 'boundary'), 'latin1');
}

function replay(path: string, exchanges: readonly Exchange[], rules: Rules): Recorder {
  const left = Map.groupBy(exchanges, ({ request }) => keyOf(request));
  const recorded = exchanges.map(({ request }) => `${request.method} ${request.url}`);
  const take = (request: RecordedRequest): RecordedResponse => {
    const found = left.get(keyOf(request));
    const next = found?.shift();
    if (next !== undefined) return next.response;
    const isKnown = recorded.includes(`${request.method} ${request.url}`);
    const why = found ? ' once more than it was recorded' : isKnown ? ' with this body' : '';
    throw new UnrecordedRequestError(request, path, recorded, why);
  };
  const agent = new Agent(); // sends nothing
  const dispatcher = agent.compose(() => (options, handler) => {
    void answer(handler, async () => take(toRequest(options, await readSent(options.body), rules)));
    return true;
  });
  const close = (): Promise<void> => agent.destroy();
  return { dispatcher, mode: 'replay', close, [Symbol.asyncDispose]: close };
}

function keyOf({ method, url, body, base64 }: RecordedRequest): string {
  return JSON.stringify([method, url, body, base64]);
}

async function readSent(body: Dispatcher.DispatchOptions['body']): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  if (body instanceof Readable) return Buffer.concat(await body.toArray());
  return Buffer.from(await new Response(body).arrayBuffer());
}

/** Gives a handler a recorded answer, as a connection would. */
async function answer(handler: Dispatcher.DispatchHandler, find: () => Promise<RecordedResponse>): Promise<void> {
  const controller = new ReplayController((reason) => handler.onResponseError?.(controller, reason));
  try {
    handler.onRequestStart?.(controller, {});
    const { status, headers, aborted, ...recorded } = await find();
    if (controller.aborted) return;
    const body = readBody(recorded);
    handler.onResponseStart?.(controller, status, withLength(headers, body, aborted));
    if (body.length > 0 && !controller.aborted) handler.onResponseData?.(controller, body);
    if (controller.aborted || aborted === true) return;
    controller.end();
    handler.onResponseEnd?.(controller, {});
  } catch (error) {
    controller.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

function withLength(
  headers: RecordedResponse['headers'],
  body: Buffer,
  aborted: boolean | undefined,
): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) fields[name] = typeof value === 'string' ? value : [...value];
  if (aborted !== true) fields['content-length'] ??= String(body.length);
  return fields;
}

class ReplayController implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  #isOver = false;
  readonly #onAbort: (reason: Error) => void;

  constructor(onAbort: (reason: Error) => void) {
    this.#onAbort = onAbort;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.end();
    this.aborted = true;
    this.reason = reason;
    this.#onAbort(reason);
  }

  end(): void {
    this.#isOver = true;
  }
}
