import { isNotModified, isSameStrong, notModifiedFields } from './conditional.ts';
import { parseHttpDate } from './date.ts';
import type { CacheEntry } from './entry.ts';
import { type ByteRange, parseRange, resolveRange } from './range.ts';
import { type CacheStatus, describeStatus } from './cache-status.ts';
import { redact } from '../facts.ts';
import { type Call, type Fields, fieldOf, isSuccess, type Outgoing, type Reply } from '../layers/message.ts';

const noBytes = new Uint8Array();

/**
 * The reply to a request from a stored response that matches it: whole, the range asked for, or a 304 to the client's own
 * condition. `undefined` where the stored part does not hold what is asked for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4
 */
export function answerFrom(
  entry: CacheEntry,
  request: Outgoing,
  call: Call,
  ageMs: number,
  status: CacheStatus,
): Reply | undefined {
  const { headers, method } = request;
  const facts = factsOf(entry, request);
  const isConditional = headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  if (isConditional && isSuccess(entry.status) && isNotModified(headers, entry.fields, entry.respondedAt)) {
    const fields = withStatus(notModifiedFields(entry.fields), ageMs, status);
    return { status: 304, fields, body: noBytes, facts };
  }
  if (entry.range !== undefined || (headers['range'] !== undefined && method === 'GET' && entry.status === 200)) {
    const range = rangeFor(entry, request);
    if (range === undefined) return undefined;
    if (range !== 'whole') return partOf(entry, range, request, call, ageMs, status);
  }
  const fields =
    status.forwarded === undefined ? servedFields(entry, ageMs, status) : withStatus(entry.fields, ageMs, status);
  if (method === 'HEAD') return { status: entry.status, fields, body: noBytes, facts };
  return { status: entry.status, fields, ...bodyFor(entry.body, entry.status, call), facts };
}

/** A hit on what is asked for often: the fields differ by their age in seconds only. */
function servedFields(entry: CacheEntry, ageMs: number, status: CacheStatus): Fields {
  const second = Math.floor(ageMs / 1_000);
  if (entry.served?.second === second) return entry.served.fields;
  const fields = withStatus(entry.fields, ageMs, status);
  entry.served = { second, fields };
  return fields;
}

function withStatus(fields: Fields, ageMs: number, status: CacheStatus): Fields {
  return {
    ...fields,
    age: String(Math.floor(ageMs / 1_000)),
    'cache-status': describeStatus(status, fields),
  };
}

function factsOf(entry: CacheEntry, { url, method }: Outgoing): Reply['facts'] {
  entry.facts ??= { method: 'GET', url: redact(url), attempt: 1, repeatable: true };
  return method === 'GET' ? entry.facts : { ...entry.facts, method };
}

/** A copy, since whoever gets it may change it. */
function bodyFor(body: Uint8Array, status: number, call: Call): Pick<Reply, 'body' | 'truncated'> {
  const wholeLimit = call.whole ? call.maxBodyBytes : Infinity;
  const limit = isSuccess(status) ? wholeLimit : (call.maxErrorBytes ?? wholeLimit);
  if (body.byteLength > limit) return { body: Buffer.from(body.subarray(0, limit)), truncated: true };
  return { body: Buffer.from(body) };
}

/** Which bytes to give; `whole` where a range is not to be heeded, `undefined` where they are not stored. */
function rangeFor(
  { fields, body, range, respondedAt }: CacheEntry,
  request: Outgoing,
): ByteRange | 'whole' | undefined {
  const { headers, method } = request;
  const { range: wantedRange, 'if-range': condition } = headers;
  if (wantedRange === undefined || method !== 'GET') return undefined;
  // a part of a compressed body is of no use to who asked for plain bytes, and could not be inflated
  if (headers['accept-encoding'] === 'identity' && fields['content-encoding'] !== undefined) return undefined;
  if (condition !== undefined && !isUnchanged(condition, fields, respondedAt))
    return range === undefined ? 'whole' : undefined;
  const wanted = parseRange(wantedRange);
  const complete = range === undefined ? body.byteLength : range.complete;
  if (wanted === undefined) return undefined;
  if (complete === undefined) {
    const isInside = 'first' in wanted && wanted.last !== undefined && range !== undefined;
    return isInside && wanted.last !== undefined && wanted.first >= range.first && wanted.last <= range.last
      ? { first: wanted.first, last: wanted.last }
      : undefined;
  }
  const resolved = resolveRange(wanted, complete);
  if (resolved === undefined || range === undefined) return resolved;
  return resolved.first >= range.first && resolved.last <= range.last ? resolved : undefined;
}

/** `If-Range`, by the strong comparison: what changed in the second it was sent in may have changed once more. */
function isUnchanged(condition: string, fields: Fields, receivedAt: number): boolean {
  if (condition.startsWith('"')) return isSameStrong(condition, fieldOf(fields, 'etag'));
  const at = parseHttpDate(condition, receivedAt);
  if (at === undefined || at !== parseHttpDate(fieldOf(fields, 'last-modified'), receivedAt)) return false;
  return at < (parseHttpDate(fieldOf(fields, 'date'), receivedAt) ?? at);
}

function partOf(
  entry: CacheEntry,
  { first, last }: ByteRange,
  request: Outgoing,
  call: Call,
  ageMs: number,
  status: CacheStatus,
): Reply {
  const offset = entry.range?.first ?? 0;
  const complete = entry.range === undefined ? entry.body.byteLength : (entry.range.complete ?? '*');
  const fields = {
    ...withStatus(entry.fields, ageMs, status),
    'content-range': `bytes ${first}-${last}/${complete}`,
    'content-length': String(last - first + 1),
  };
  const part = entry.body.subarray(first - offset, last + 1 - offset);
  return { status: 206, fields, ...bodyFor(part, 206, call), facts: factsOf(entry, request) };
}

/** Section 5.2.1.7: nothing stored will do, and the request must not go further. */
export function gatewayTimeout({ url, method }: Outgoing): Reply {
  return {
    status: 504,
    fields: { 'content-length': '0', 'cache-status': 'DEX; detail=only-if-cached' },
    body: noBytes,
    facts: { method, url: redact(url), attempt: 1, repeatable: false },
  };
}

/** A reply of the server, with what the cache did. */
export function withCacheStatus(reply: Reply, status: CacheStatus): Reply {
  return { ...reply, fields: { ...reply.fields, 'cache-status': describeStatus(status, reply.fields) } };
}
