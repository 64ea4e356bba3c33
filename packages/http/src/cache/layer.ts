import { answerFrom, gatewayTimeout, withCacheStatus } from './answer.ts';
import { type Directives, noDirectives, parseCacheControl } from './cache-control.ts';
import type { CredentialKeeper } from './credential.ts';
import type { CacheEntry } from './entry.ts';
import { Flight, type Landing } from './flight.ts';
import type { CacheMode } from './freshness.ts';
import { ageOf, judge, mayReplaceError, wantsFresh } from './judge.ts';
import { CacheOrigin, isForAnotherHost, isForAnotherMethod, type Lookup } from './origin.ts';
import type { CacheStatus, Forwarded } from './cache-status.ts';
import { countRequest } from './telemetry.ts';
import { type HttpCache, keyOf } from './cache.ts';
import { type LayerContext, sendOn, sendWithin } from '../layers/deadline.ts';
import { isSafe } from '../facts.ts';
import { type Call, letGo, type Outgoing, type Reply, type Send } from '../layers/message.ts';
import { untilAborted } from '../layers/until-aborted.ts';

/** Refreshes in the background at a time; beyond them stale responses are given without. */
const maxRefreshes = 64;
/** Nobody waits for one and could end it, and the user's own policy need not. */
const maxRefreshMs = 300_000;

/** Answers requests from the cache, and keeps what the layer below brings. */
export function createCacheLayer(cache: HttpCache, keeper: CredentialKeeper, context: LayerContext, send: Send): Send {
  const layer = new CacheLayer(cache, keeper, context, send);
  return (request, call) => layer.handle(request, call);
}

class CacheLayer {
  readonly #cache: HttpCache;
  readonly #keeper: CredentialKeeper;
  readonly #context: LayerContext;
  readonly #send: Send;
  readonly #origin: CacheOrigin;
  readonly #flights = new Map<string, Flight>();
  #refreshes = 0;

  constructor(cache: HttpCache, keeper: CredentialKeeper, context: LayerContext, send: Send) {
    this.#cache = cache;
    this.#keeper = keeper;
    this.#context = context;
    this.#send = send;
    this.#origin = new CacheOrigin(cache, keeper, send);
  }

  /** Not async: a hit in memory costs one promise. */
  handle(request: Outgoing, call: Call): Promise<Reply> {
    const { method, headers, url, body } = request;
    if (isForAnotherMethod(headers)) return this.#origin.change(request, call);
    if (method !== 'GET' && method !== 'HEAD') {
      return isSafe(method) ? this.#passBy(request, call, 'method') : this.#origin.change(request, call);
    }
    const control = headers['cache-control'];
    const wanted = control === undefined ? noDirectives : parseCacheControl(control);
    const isForServer = headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined;
    if (body !== null || wanted.noStore || isForServer || isForAnotherHost(request))
      return this.#passBy(request, call, 'bypass');
    if (call.signal?.aborted === true) return Promise.reject(call.signal.reason);
    const key = keyOf(url);
    const found = this.#cache.read(key);
    if (!('then' in found)) return this.#answer(request, call, key, wanted, found);
    return untilAborted(found, [call.signal]).then((entries) => this.#answer(request, call, key, wanted, entries));
  }

  async #passBy(request: Outgoing, call: Call, forwarded: Forwarded): Promise<Reply> {
    countRequest('bypass');
    return withCacheStatus(await this.#send(request, call), { forwarded });
  }

  #answer(
    request: Outgoing,
    call: Call,
    key: string,
    wanted: Directives,
    entries: readonly CacheEntry[],
  ): Promise<Reply> {
    const entry = this.#select(entries, request);
    let forwarded: Forwarded = entries.length === 0 ? 'uri-miss' : 'vary-miss';
    if (entry !== undefined) {
      const { mode } = this.#cache;
      const ageMs = ageOf(entry, mode, Date.now());
      const ttlMs = entry.freshness(mode).lifetimeMs - ageMs;
      const verdict = judge(entry, ageMs, mode, wanted);
      const reply = verdict === 'validate' ? undefined : answerFrom(entry, request, call, ageMs, { ttlMs });
      if (reply !== undefined) {
        countRequest(ttlMs > 0 ? 'hit' : 'stale');
        if (verdict === 'use-and-refresh' && !wanted.onlyIfCached) this.#refresh(request, key, entry, entries);
        return Promise.resolve(reply);
      }
      forwarded = verdict !== 'validate' ? 'partial' : ttlMs > 0 ? 'request' : 'stale';
    }
    if (wanted.onlyIfCached) {
      countRequest('miss');
      return Promise.resolve(gatewayTimeout(request));
    }
    const lookup: Lookup = { request, call, key, wanted, entry, forwarded };
    const isAlone = forwarded === 'partial' || !isShareable(request, wanted) || this.#origin.isNotForOthers(key);
    if (isAlone) return this.#origin.fetch(lookup);
    const flightKey = this.#flightKeyOf(request, key, entries);
    const flight = this.#flights.get(flightKey);
    return flight === undefined ? this.#lead(lookup, flightKey) : this.#follow(lookup, flight);
  }

  /** What came for those who sent no cookie will do for those who do, where nothing of their own is stored. */
  #select(entries: readonly CacheEntry[], request: Outgoing): CacheEntry | undefined {
    if (entries.length === 0) return undefined;
    const own = this.#newestOf(entries, request, this.#keeper.credentialOf(request));
    if (own !== undefined || request.headers['cookie'] === undefined) return own;
    return this.#newestOf(entries, request, this.#keeper.credentialOf(request, false));
  }

  /** Section 4.1: of several that match, the newest. */
  #newestOf(entries: readonly CacheEntry[], request: Outgoing, credential: string | null): CacheEntry | undefined {
    let newest: CacheEntry | undefined;
    for (const entry of entries) {
      if (!entry.isFor(request.headers, credential) || this.#keeper.isUnseen(request, entry.selectors)) continue;
      if (newest === undefined || isNewer(entry, newest, this.#cache.mode)) newest = entry;
    }
    return newest;
  }

  #flightKeyOf(request: Outgoing, key: string, entries: readonly CacheEntry[]): string {
    const { headers } = request;
    const values: (string | null | undefined)[] = [key, this.#keeper.credentialOf(request)];
    for (const name of usualSelectors) values.push(headers[name]);
    for (const { selectors } of entries) {
      for (const [name] of selectors) values.push(name, headers[name]);
    }
    return JSON.stringify(values);
  }

  #takeOff(flightKey: string, first: AbortSignal | undefined): Flight {
    const flight = new Flight(first, () => this.#flights.delete(flightKey));
    this.#flights.set(flightKey, flight);
    return flight;
  }

  /** Fetches for this caller and all who come meanwhile, and goes on for them when this one leaves. */
  async #lead(lookup: Lookup, flightKey: string): Promise<Reply> {
    const { signal } = lookup.call;
    const flight = this.#takeOff(flightKey, signal);
    flight.join();
    const call = { ...lookup.call, signal: flight.signal };
    const fetched = this.#origin.fetch({ ...lookup, call }, flight);
    try {
      return await (signal === undefined ? fetched : untilAborted(fetched, [signal]));
    } catch (error) {
      if (signal?.aborted === true) fetched.then(letGo, () => {});
      throw error;
    } finally {
      flight.leave(signal?.reason);
    }
  }

  async #follow(lookup: Lookup, flight: Flight): Promise<Reply> {
    const { call } = lookup;
    const beganAt = performance.now();
    flight.join();
    let landing: Landing;
    try {
      landing = await untilAborted(flight.landing, [call.signal]);
    } finally {
      flight.leave(call.signal?.reason);
    }
    const fetch: Send = (request, ownCall) => this.#origin.fetch({ ...lookup, request, call: ownCall });
    return this.#answerAfter(landing, lookup) ?? sendOn(this.#context, beganAt, fetch, lookup.request, call);
  }

  #answerAfter(landing: Landing, lookup: Lookup): Reply | undefined {
    if (landing === undefined) return undefined;
    const { request, call, wanted, forwarded } = lookup;
    const { mode, staleIfErrorMs } = this.#cache;
    const now = Date.now();
    if ('entry' in landing) {
      const { entry } = landing;
      const ageMs = ageOf(entry, mode, now);
      if (this.#select([entry], request) === undefined || judge(entry, ageMs, mode, wanted) === 'validate')
        return undefined;
      countRequest('collapsed');
      return answerFrom(entry, request, call, ageMs, { forwarded, collapsed: true });
    }
    const { entry } = lookup;
    if (entry !== undefined) {
      const ageMs = ageOf(entry, mode, now);
      if (mayReplaceError(entry, ageMs, mode, wanted, staleIfErrorMs)) {
        const status: CacheStatus = { forwarded, forwardedStatus: landing.status, collapsed: true };
        countRequest('stale');
        return answerFrom(entry, request, call, ageMs, status);
      }
    }
    if (landing.status === undefined) throw landing.failure;
    return undefined;
  }

  /** RFC 5861, section 3. */
  #refresh(request: Outgoing, key: string, entry: CacheEntry, entries: readonly CacheEntry[]): void {
    const {
      range: _range,
      'if-range': _if,
      'if-none-match': _tags,
      'if-modified-since': _since,
      'cache-control': _control,
      ...headers
    } = request.headers;
    const plain: Outgoing = { ...request, method: 'GET', headers };
    const flightKey = this.#flightKeyOf(plain, key, entries);
    if (this.#flights.has(flightKey) || this.#refreshes >= maxRefreshes) return;
    this.#refreshes += 1;
    const { maxEntryBytes } = this.#cache;
    const call: Call = {
      signal: undefined,
      whole: true,
      maxBodyBytes: maxEntryBytes,
      maxErrorBytes: maxEntryBytes,
      repeatable: false,
    };
    const lookup: Lookup = { request: plain, call, key, wanted: noDirectives, entry, forwarded: 'stale' };
    const flight = this.#takeOff(flightKey, undefined);
    flight.join(); // and stays: it ends when it has landed, whoever of those who wait for it leaves
    const refresh: Send = (_request, ownCall) => this.#origin.fetch({ ...lookup, call: ownCall }, flight, false);
    void sendWithin(maxRefreshMs, refresh, plain, call)
      .catch((error: unknown) => this.#cache.fail('refresh', key, error))
      .finally(() => {
        this.#refreshes -= 1;
      });
  }
}

/** By `Date`, which counts seconds; of one second, the one that came last. */
function isNewer(a: CacheEntry, b: CacheEntry, mode: CacheMode): boolean {
  const laterMs = a.freshness(mode).date - b.freshness(mode).date;
  return laterMs > 0 || (laterMs === 0 && a.respondedAt > b.respondedAt);
}

/** A request whose answer serves others as well, and that others' answers may serve. */
function isShareable({ method, headers }: Outgoing, wanted: Directives): boolean {
  return (
    method === 'GET' &&
    headers['range'] === undefined &&
    headers['if-none-match'] === undefined &&
    headers['if-modified-since'] === undefined &&
    !wantsFresh(wanted)
  );
}

/** What servers choose a response by most often; what else they name in `Vary` is known once one is stored. */
const usualSelectors = ['accept', 'accept-encoding', 'accept-language', 'authorization', 'cookie', 'origin'];
