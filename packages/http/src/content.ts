import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { type Compression, decompress, FormatError, pipe } from '@dataenginex/streams';
import { BodyError, BodyTooLargeError, codeOf, describeFailure } from './errors.ts';
import { BrokenOff } from './exchange.ts';
import { fieldOf, lengthOf, letGo, type Reply } from './message.ts';
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

const inflaters: Record<Compression, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/**
 * The whole content, held in memory.
 *
 * @throws {BodyTooLargeError} @throws {BodyError} When it is encoded in a way that is not known, or badly.
 */
export async function readContent(reply: Reply, options: ContentOptions): Promise<Uint8Array> {
  const { facts } = reply;
  const { maxBodyBytes } = options;
  if (reply.body instanceof Uint8Array) {
    let content = reply.body;
    options.progress?.ended(content.byteLength);
    for (const coding of codingsOf(reply, options)) {
      try {
        content = await inflaters[coding](content, { maxOutputLength: maxBodyBytes });
      } catch (error) {
        if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLargeError(facts, maxBodyBytes);
        throw brokenCoding(reply, coding, error);
      }
    }
    return content;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of contentChunks(reply, options)) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maxBodyBytes) throw new BodyTooLargeError(facts, maxBodyBytes);
  }
  return Buffer.concat(chunks, length);
}

/** The content piece by piece, with the failures of the connection as errors of ours. It has no limit. */
export async function* contentChunks(reply: Reply, options: ContentOptions): AsyncGenerator<Uint8Array, void> {
  try {
    let chunks: AsyncIterable<Uint8Array> = wireChunks(reply, options.signal);
    const { progress } = options;
    if (progress !== undefined) chunks = metered(chunks, lengthOf(reply.fields), progress);
    for (const coding of codingsOf(reply, options)) chunks = pipe(chunks, decompress(coding, { maxBytes: Infinity }));
    yield* chunks;
  } catch (error) {
    if (error instanceof FormatError) throw brokenCoding(reply, error.format, error);
    throw error;
  } finally {
    letGo(reply);
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
  const codings = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity')
    .toReversed();
  if (codings.length <= maxCodings && codings.every(isCompression)) return codings;
  throw new BodyError(facts, `sent a body encoded as "${header.slice(0, 100)}", which was not asked for`, '');
}

function isCompression(name: string): name is Compression {
  return Object.hasOwn(inflaters, name);
}

function brokenCoding({ facts }: Reply, coding: string, cause: unknown): BodyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BodyError(facts, `sent a body that is not ${coding} (${reason})`, '', cause);
}
