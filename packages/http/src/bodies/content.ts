import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { type Compression, decompress, FormatError, pipe } from '@dataenginex/streams';
import { maxStartBytes, startOf } from './body.ts';
import { BodyError, BodyTooLargeError, codeOf, describeFailure } from '../errors.ts';
import { BrokenOff } from '../layers/exchange.ts';
import { fieldOf, lengthOf, letGo, type Reply } from '../layers/message.ts';
import { metered, type ProgressMeter } from './progress.ts';

/** How the body of a reply is read. */
export interface ContentOptions {
  readonly signal: AbortSignal | undefined;
  /** Of what is held in memory; the inflated size counts. */
  readonly maxBodyBytes: number;
  /** Whether content codings are undone. */
  readonly decompress: boolean;
  readonly progress?: ProgressMeter | undefined;
}

/** What a client asks for when it is to decompress. */
export const acceptedEncodings = 'gzip, br, zstd';

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number; info: true }) => Promise<unknown>;

const inflaters: Record<Compression, Inflate | undefined> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: undefined, // Node 22 takes a frame that is cut for a whole one
};

/**
 * The whole content, held in memory.
 *
 * @throws {BodyTooLargeError} @throws {BodyError} When it is encoded in a way that is not known, or badly.
 */
export function readContent(reply: Reply, options: ContentOptions): Uint8Array | Promise<Uint8Array> {
  const { body, fields } = reply;
  if (!(body instanceof Uint8Array) || fields['content-encoding'] !== undefined) return decodeContent(reply, options);
  options.progress?.ended(body.byteLength);
  return body;
}

async function decodeContent(reply: Reply, options: ContentOptions): Promise<Uint8Array> {
  const { facts } = reply;
  const { maxBodyBytes } = options;
  let rest = options;
  if (reply.body instanceof Uint8Array) {
    options.progress?.ended(reply.body.byteLength);
    const content = await inflateAtOnce(reply, reply.body, options);
    if (content !== undefined) return content;
    rest = { ...options, progress: undefined };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of contentChunks(reply, rest)) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maxBodyBytes) throw new BodyTooLargeError(facts, maxBodyBytes);
  }
  return Buffer.concat(chunks, length);
}

/** `undefined` where that cannot be told to be all: something stands behind the end, or it is zstd. */
async function inflateAtOnce(reply: Reply, body: Uint8Array, options: ContentOptions): Promise<Uint8Array | undefined> {
  const { maxBodyBytes } = options;
  let content = body;
  for (const coding of codingsOf(reply, options)) {
    const inflateOne = inflaters[coding];
    if (inflateOne === undefined) return undefined;
    try {
      const inflated = await inflateOne(content, { maxOutputLength: maxBodyBytes, info: true });
      if (!isInflated(inflated) || inflated.engine.bytesWritten < content.byteLength) return undefined;
      content = inflated.buffer;
    } catch (error) {
      if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLargeError(reply.facts, maxBodyBytes);
      throw brokenCoding(reply, coding, error);
    }
  }
  return content;
}

/** What `info` makes of it: `engine.bytesWritten` tells how much was read. */
function isInflated(value: unknown): value is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof value === 'object' && value !== null && 'engine' in value;
}

/** The start of a body that tells what went wrong, decompressed as far as it goes. */
export async function readStart(reply: Reply, options: ContentOptions): Promise<string> {
  if (fieldOf(reply.fields, 'content-encoding') === undefined) return startOf(reply.body);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of contentChunks(reply, options)) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length >= maxStartBytes) break;
    }
  } catch {
    // the status is what counts, and most error pages are cut
  }
  return startOf(Buffer.concat(chunks));
}

/** The content piece by piece, with the failures of the connection as errors of ours. It has no limit. */
export async function* contentChunks(reply: Reply, options: ContentOptions): AsyncGenerator<Uint8Array, void> {
  let isEmpty = true;
  try {
    let chunks: AsyncIterable<Uint8Array> = wireChunks(reply, options.signal);
    const { progress } = options;
    if (progress !== undefined) chunks = metered(chunks, lengthOf(reply.fields), progress);
    const codings = codingsOf(reply, options);
    if (codings.length > 0) chunks = noted(chunks, () => (isEmpty = false));
    for (const coding of codings) chunks = pipe(chunks, decompress(coding, { maxBytes: Infinity }));
    yield* chunks;
  } catch (error) {
    if (error instanceof FormatError && isEmpty) return; // servers name a coding for nothing, too
    if (error instanceof FormatError) throw brokenCoding(reply, error.format, error);
    throw error;
  } finally {
    letGo(reply);
  }
}

async function* noted(chunks: AsyncIterable<Uint8Array>, onChunk: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onChunk();
    yield chunk;
  }
}

async function* wireChunks(
  { status, body, facts }: Reply,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  try {
    yield* body;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof Error ? describeFailure(new BrokenOff(status, error), facts) : error;
  }
}

/** More than two are nobody's good faith. */
const maxCodings = 2;

/** The codings to undo, the last that was put on first. */
function codingsOf(reply: Reply, options: ContentOptions): readonly Compression[] {
  const { fields, facts, status } = reply;
  const header = fieldOf(fields, 'content-encoding');
  if (header === undefined || !options.decompress) return [];
  const isEmpty =
    facts.method === 'HEAD' ||
    status === 204 ||
    status === 304 ||
    fields['content-length'] === '0' ||
    (reply.body instanceof Uint8Array && reply.body.length === 0);
  if (isEmpty) return [];
  const codings = listCodings(header);
  if (codings.length <= maxCodings && codings.every(isCompression)) return codings;
  throw new BodyError(facts, `sent a body encoded as "${header.slice(0, 100)}", which was not asked for`, '');
}

/** The last that was put on first. */
function listCodings(header: string): readonly string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity')
    .toReversed();
}

export function hasUnknownCoding({ fields }: Reply): boolean {
  return !listCodings(fieldOf(fields, 'content-encoding') ?? '').every(isCompression);
}

function isCompression(name: string): name is Compression {
  return Object.hasOwn(inflaters, name);
}

function brokenCoding({ facts }: Reply, coding: string, cause: unknown): BodyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BodyError(facts, `sent a body that is not ${coding} (${reason})`, '', cause);
}
