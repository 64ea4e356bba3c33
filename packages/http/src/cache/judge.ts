import { type Directives, noDirectives } from './cache-control.ts';
import type { CacheEntry } from './entry.ts';
import type { CacheMode, Freshness } from './freshness.ts';

/** What may be done with a stored response that matches the request. */
export type Verdict =
  | 'use'
  /** Use it, although it is stale, and fetch a newer one in the background. */
  | 'use-and-refresh'
  | 'validate';

/** Where the clock was set back nobody knows how old it is: what seems to come from the future is aged by as much. */
export function ageOf(entry: CacheEntry, mode: CacheMode, now: number): number {
  return entry.freshness(mode).initialAgeMs + Math.abs(now - entry.respondedAt);
}

/**
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1
 */
export function judge(entry: CacheEntry, ageMs: number, mode: CacheMode, wanted: Directives): Verdict {
  const freshness = entry.freshness(mode);
  const ttlMs = freshness.lifetimeMs - ageMs;
  if (freshness.alwaysValidate || wanted.noCache) return 'validate';
  if (wanted !== noDirectives && isTooOld(ageMs, ttlMs, freshness.immutable, wanted)) return 'validate';
  if (ttlMs > 0) return 'use';
  if (freshness.neverStale) return 'validate';
  if (wanted.maxStale !== undefined && -ttlMs <= wanted.maxStale * 1_000) return 'use';
  return -ttlMs < freshness.staleWhileRevalidateMs && !wantsFresh(wanted) ? 'use-and-refresh' : 'validate';
}

function isTooOld(ageMs: number, ttlMs: number, immutable: boolean, { maxAge, minFresh }: Directives): boolean {
  if (minFresh !== undefined && ttlMs < minFresh * 1_000) return true;
  if (maxAge === undefined) return false;
  // max-age=0 is a reload, which RFC 8246 spares what does not change; no-cache is a reload by force
  return maxAge === 0 ? !(immutable && ttlMs > 0) : ageMs > maxAge * 1_000;
}

/** Whether the request says how fresh an answer has to be. */
export function wantsFresh({ noCache, maxAge, minFresh }: Directives): boolean {
  return noCache || maxAge !== undefined || minFresh !== undefined;
}

/**
 * Whether a stale response may be given since the server fails.
 *
 * @param staleIfErrorMs Where the response does not say for how long.
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.2.4
 * @see https://www.rfc-editor.org/rfc/rfc5861#section-4
 */
export function mayReplaceError(
  entry: CacheEntry,
  ageMs: number,
  mode: CacheMode,
  wanted: Directives,
  staleIfErrorMs: number,
): boolean {
  const freshness = entry.freshness(mode);
  if (freshness.neverStale || wantsFresh(wanted)) return false;
  const said =
    freshness.staleIfErrorMs ?? (wanted.staleIfError === undefined ? undefined : wanted.staleIfError * 1_000);
  const allowedMs = said ?? (freshness.lifetimeMs > 0 ? staleIfErrorMs : 0);
  return ageMs - freshness.lifetimeMs <= allowedMs;
}

/** How long a response is of use without the server, from when it came. */
export function usefulMs(freshness: Freshness, staleIfErrorMs: number): number {
  const freshMs = freshness.alwaysValidate ? 0 : freshness.lifetimeMs - freshness.initialAgeMs;
  if (freshness.neverStale) return freshMs;
  const onErrorMs = freshness.staleIfErrorMs ?? (freshness.lifetimeMs > 0 ? staleIfErrorMs : 0);
  return freshMs + Math.max(freshness.staleWhileRevalidateMs, onErrorMs);
}
