import { Readable } from 'node:stream';
import { answerFrom, withCacheStatus } from './answer.ts';
import { addBounded } from './bounded-set.ts';
import { isAbout, isSameAsHead, isSameStrong, withValidators } from './conditional.ts';
import { type Directives, noDirectives } from './cache-control.ts';
import { copyBody } from './copy.ts';
import type { CredentialKeeper } from './credential.ts';
import { type Draft, draftOf, type Times } from './draft.ts';
import { CacheEntry, updatedFields } from './entry.ts';
import type { Flight } from './flight.ts';
import { freshnessOf } from './freshness.ts';
import { ageOf, mayReplaceError } from './judge.ts';
import { joinParts } from './range.ts';
import type { Forwarded } from './cache-status.ts';
import { countRequest } from './telemetry.ts';
import { type HttpCache, keyOf, type PendingWrite } from './cache.ts';
import { codeOf, isRetryableStatus } from '../errors.ts';
import { type Call, fieldOf, isSuccess, letGo, type Outgoing, type Reply, type Send } from '../layers/message.ts';

/** A request that goes to the server, and what is stored for it. */
export interface Lookup {
  readonly request: Outgoing;
  readonly call: Call;
  readonly key: string;
  readonly wanted: Directives;
  readonly entry: CacheEntry | undefined;
  readonly forwarded: Forwarded;
}

/** What belongs to one sending. */
interface Sending extends Lookup {
  readonly flight: Flight | undefined;
  readonly pending: PendingWrite;
  readonly times: Times;
}

const noBytes = new Uint8Array();

/** In place of them something stale may be given: RFC 5861, section 4. */
const serverErrors = new Set([500, 502, 503, 504]);
/** URLs whose last answer was for its caller alone, so that nobody waits for another's. */
const maxNotForOthers = 1_000;

/** The way to the server: what is sent for a request, and what is kept of the reply. */
export class CacheOrigin {
  readonly #cache: HttpCache;
  readonly #keeper: CredentialKeeper;
  readonly #send: Send;
  readonly #notForOthers = new Set<string>();

  constructor(cache: HttpCache, keeper: CredentialKeeper, send: Send) {
    this.#cache = cache;
    this.#keeper = keeper;
    this.#send = send;
  }

  isNotForOthers(key: string): boolean {
    return this.#notForOthers.has(key);
  }

  /** @param mayBeStale Whether something stale may be given in place of an error. */
  async fetch(lookup: Lookup, flight?: Flight, mayBeStale = true): Promise<Reply> {
    const { request, call, entry, key, forwarded } = lookup;
    const rest = restOf(lookup);
    const asked = rest ?? (entry === undefined ? request : ask(request, entry));
    const asks: Call = rest === undefined ? call : { ...call, whole: true, maxBodyBytes: this.#cache.maxEntryBytes };
    const pending = this.#cache.begin(key);
    const requestedAt = Date.now();
    let reply: Reply;
    try {
      reply = await this.#send(asked, asks);
    } catch (error) {
      this.#cache.giveUp(pending);
      const isAborted = call.signal?.aborted === true;
      flight?.land(isAborted ? undefined : { failure: error, status: undefined });
      const isOver = isAborted || codeOf(error) === 'DEX_HTTP_CLOSED' || !mayBeStale;
      const stale = isOver ? undefined : this.#stale(lookup, undefined);
      if (stale === undefined) throw error;
      return stale;
    }
    const sending: Sending = { ...lookup, flight, pending, times: { requestedAt, respondedAt: Date.now() } };
    if (entry !== undefined) {
      if (rest !== undefined && (reply.status !== 200 || reply.truncated === true)) {
        return this.#complete(sending, entry, reply, mayBeStale);
      }
      if (reply.status === 304 && asked !== request) return this.#validated(sending, entry, asked, reply, mayBeStale);
      const stale = mayBeStale && serverErrors.has(reply.status) ? this.#stale(lookup, reply.status) : undefined;
      if (stale !== undefined) {
        this.#cache.giveUp(pending);
        letGo(reply);
        flight?.land({ failure: undefined, status: reply.status });
        return stale;
      }
    }
    countRequest('miss');
    if (request.method === 'GET') return this.#keep(sending, reply);
    this.#learnFromHead(sending, reply);
    return withCacheStatus(reply, { forwarded });
  }

  /**
   * A request that may change what the server has: what is stored for its URL, and for those that the answer names, is
   * dropped.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.4
   */
  async change(request: Outgoing, call: Call): Promise<Reply> {
    countRequest('bypass');
    const requestedAt = Date.now();
    const reply = await this.#send(request, call);
    const times = { requestedAt, respondedAt: Date.now() };
    const { status, fields } = reply;
    const { url, method } = request;
    if (status < 200 || status >= 400) return withCacheStatus(reply, { forwarded: 'method' });
    const key = keyOf(url);
    const contentLocation = sameOrigin(fieldOf(fields, 'content-location'), url);
    const keys = new Set([key, contentLocation ?? key, sameOrigin(fieldOf(fields, 'location'), url) ?? key]);
    await Promise.all([...keys].map((one) => this.#cache.drop(one)));
    // RFC 9110, section 9.3.3: such an answer to a POST is what a GET of the same URL would have
    const isItself = !isForAnotherHost(request) && !isForAnotherMethod(request.headers);
    const isForGet = method === 'POST' && isItself && status === 200 && contentLocation === key;
    if (!isForGet || !freshnessOf(reply, times, this.#cache.mode).isExplicit) {
      return withCacheStatus(reply, { forwarded: 'method' });
    }
    const lookup: Lookup = { request, call, key, wanted: noDirectives, entry: undefined, forwarded: 'method' };
    return this.#keep({ ...lookup, flight: undefined, pending: this.#cache.begin(key), times }, reply);
  }

  #stale(lookup: Lookup, forwardedStatus: number | undefined): Reply | undefined {
    const { request, call, wanted, entry, forwarded } = lookup;
    const { mode, staleIfErrorMs } = this.#cache;
    if (entry === undefined) return undefined;
    const ageMs = ageOf(entry, mode, Date.now());
    if (!mayReplaceError(entry, ageMs, mode, wanted, staleIfErrorMs)) return undefined;
    const ttlMs = entry.freshness(mode).lifetimeMs - ageMs;
    const status = { forwarded, forwardedStatus, ttlMs, detail: 'stale-if-error' };
    const stale = answerFrom(entry, request, call, ageMs, status);
    if (stale !== undefined) countRequest('stale');
    return stale;
  }

  /** Sections 4.3.3 and 4.3.4. */
  async #validated(
    sending: Sending,
    entry: CacheEntry,
    asked: Outgoing,
    reply: Reply,
    mayBeStale: boolean,
  ): Promise<Reply> {
    const { request, call, key, forwarded, flight, pending, times } = sending;
    const { mode } = this.#cache;
    if (isAbout(entry, reply.fields, asked.headers)) {
      letGo(reply);
      const fields = updatedFields(entry.fields, reply.fields, mode);
      const updated = this.#update(sending, entry, fields);
      flight?.land(updated && { entry: updated });
      // what may not be kept any more still answers this request
      const current = updated ?? entry.with(fields, times);
      const status = { forwarded, forwardedStatus: 304, stored: updated !== undefined };
      const answer = answerFrom(current, request, call, ageOf(current, mode, times.respondedAt), status);
      countRequest('revalidated');
      if (answer !== undefined) return answer;
    } else {
      this.#cache.giveUp(pending);
      void this.#cache.drop(key, entry.variant);
      if (request.headers['if-none-match'] !== undefined) {
        flight?.land(undefined);
        return withCacheStatus(reply, { forwarded }); // it is about what the client has
      }
      letGo(reply);
    }
    return this.fetch({ ...sending, entry: undefined }, flight, mayBeStale);
  }

  /** Stores the entry with newer fields; drops it where they do not allow that. */
  #update(
    { request, key, pending, times }: Sending,
    entry: CacheEntry,
    fields: CacheEntry['fields'],
  ): CacheEntry | undefined {
    const draft = draftOf({ status: entry.status, fields }, times, request, this.#cache, this.#keeper);
    const updated = draft && new CacheEntry({ ...draft, range: entry.range, body: entry.body });
    if (updated?.variant !== entry.variant) void this.#cache.drop(key, entry.variant);
    if (updated !== undefined) return this.#cache.write(pending, updated) ? updated : undefined;
    this.#cache.giveUp(pending);
    return undefined;
  }

  /** Section 4.3.5. */
  #learnFromHead(sending: Sending, { status, fields }: Reply): void {
    const { entry, key, pending } = sending;
    if (entry === undefined || entry.range !== undefined || status !== 200) return this.#cache.giveUp(pending);
    if (isSameAsHead(entry.fields, fields)) {
      this.#update(sending, entry, updatedFields(entry.fields, fields, this.#cache.mode));
    } else {
      this.#cache.giveUp(pending);
      void this.#cache.drop(key, entry.variant);
    }
  }

  /** Section 3.4: the rest of a part that is stored has come, or has not. */
  async #complete(sending: Sending, entry: CacheEntry, reply: Reply, mayBeStale: boolean): Promise<Reply> {
    const { request, call, forwarded, flight, pending, times } = sending;
    const draft = draftOf(reply, times, request, this.#cache, this.#keeper);
    const joined = draft && reply.body instanceof Uint8Array ? join(entry, draft, reply.body) : undefined;
    letGo(reply);
    if (joined === undefined || joined.range !== undefined) {
      this.#cache.giveUp(pending);
      return this.fetch({ ...sending, entry: undefined }, flight, mayBeStale);
    }
    const stored = this.#cache.write(pending, joined);
    flight?.land(stored ? { entry: joined } : undefined);
    countRequest('miss');
    const status = { forwarded, forwardedStatus: 206, stored };
    const answer = answerFrom(joined, request, call, ageOf(joined, this.#cache.mode, times.respondedAt), status);
    return answer ?? this.fetch({ ...sending, entry: undefined }, flight, mayBeStale);
  }

  /** Hands a reply on, and stores it where that is allowed. */
  #keep(sending: Sending, reply: Reply): Reply {
    const { request, entry, key, forwarded, flight, pending, times } = sending;
    const { maxEntryBytes } = this.#cache;
    const body = reply.status === 204 ? noBytes : reply.body; // a stream of nothing has ended before it is read
    const isTooLarge = reply.truncated === true || (body instanceof Uint8Array && body.byteLength > maxEntryBytes);
    const draft = isTooLarge ? undefined : draftOf(reply, times, request, this.#cache, this.#keeper);
    if (draft === undefined) {
      this.#cache.giveUp(pending);
      flight?.land(undefined);
      if (entry !== undefined && replaces(reply.status)) void this.#cache.drop(key, entry.variant);
      if (isSuccess(reply.status)) addBounded(this.#notForOthers, key, maxNotForOthers);
      return withCacheStatus(reply, { forwarded });
    }
    if (body instanceof Readable) {
      const copied = copyBody(body, maxEntryBytes, (copy) => {
        const stored = copy && this.#store(sending, draft, copy);
        if (copy === undefined) this.#cache.giveUp(pending);
        flight?.land(stored && { entry: stored });
      });
      flight?.bodyComes(copied);
      return withCacheStatus({ ...reply, body: copied.body }, { forwarded });
    }
    const stored = this.#store(sending, draft, new Uint8Array(body));
    flight?.land(stored && { entry: stored });
    return withCacheStatus(reply, { forwarded, stored: stored !== undefined });
  }

  #store({ entry, key, pending }: Sending, draft: Draft, body: Uint8Array): CacheEntry | undefined {
    const { range } = draft;
    if (range !== undefined && body.byteLength !== range.last - range.first + 1) {
      this.#cache.giveUp(pending);
      return undefined;
    }
    const joined = entry === undefined || range === undefined ? undefined : join(entry, draft, body);
    const fits = joined !== undefined && joined.body.byteLength <= this.#cache.maxEntryBytes;
    const stored = fits ? joined : new CacheEntry({ ...draft, body });
    this.#notForOthers.delete(key);
    return this.#cache.write(pending, stored) ? stored : undefined;
  }
}

/** Whether the answer is what is there now, though it is not to be stored: not one about a range, a condition, or now. */
function replaces(status: number): boolean {
  return status !== 206 && status !== 304 && status !== 416 && !isRetryableStatus(status);
}

/** A HEAD is sent as it is, and so is what a stored part cannot answer. */
function ask(request: Outgoing, entry: CacheEntry): Outgoing {
  const isUseless = request.method === 'HEAD' || (entry.range !== undefined && request.headers['range'] === undefined);
  return isUseless ? request : withValidators(request, entry);
}

/** Asks for what is missing where the start of a representation is stored, and can be told from that of another. */
function restOf({ request, entry }: Lookup): Outgoing | undefined {
  const { headers, method } = request;
  const tag = entry?.range?.first === 0 ? fieldOf(entry.fields, 'etag') : undefined;
  if (method !== 'GET' || headers['range'] !== undefined || !isSameStrong(tag, tag)) return undefined;
  if (headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined) return undefined;
  const rest = { range: `bytes=${(entry?.range?.last ?? 0) + 1}-`, 'if-range': tag ?? '' };
  return { ...request, headers: { ...headers, ...rest } };
}

/** A stored part, or the whole, with another part of the same: one with the same strong tag. */
function join(entry: CacheEntry, draft: Draft, body: Uint8Array): CacheEntry | undefined {
  if (draft.range === undefined || !isSameStrong(fieldOf(entry.fields, 'etag'), fieldOf(draft.fields, 'etag'))) {
    return undefined;
  }
  const whole = { first: 0, last: entry.body.byteLength - 1, complete: entry.body.byteLength };
  const joined = joinParts({ range: entry.range ?? whole, body: entry.body }, { range: draft.range, body });
  if (joined === undefined) return undefined;
  const { range } = joined;
  const isWhole = range.first === 0 && range.complete === range.last + 1;
  const { 'content-range': _, ...fields } = { ...entry.fields, ...draft.fields };
  return new CacheEntry({
    ...draft,
    status: isWhole ? 200 : 206,
    fields: { ...fields, 'content-length': String(joined.body.byteLength) },
    range: isWhole ? undefined : range,
    body: joined.body,
  });
}

/** The URL of a request with a `Host` of its own is not what it asks for. */
export function isForAnotherHost({ headers, url }: Outgoing): boolean {
  const host = headers['host'];
  return host !== undefined && host !== url.host;
}

/** Frameworks take it for that method, if they are so configured. */
export function isForAnotherMethod(headers: Outgoing['headers']): boolean {
  return (
    headers['x-http-method-override'] !== undefined ||
    headers['x-http-method'] !== undefined ||
    headers['x-method-override'] !== undefined
  );
}

/** The key of a URL that a response names, where it is one of the same origin. */
function sameOrigin(location: string | undefined, base: URL): string | undefined {
  const url = location === undefined ? null : URL.parse(location, base.href);
  return url?.origin === base.origin ? keyOf(url) : undefined;
}
