import { type Directives, parseCacheControl, parseSeconds } from './cache-control.ts';
import { parseHttpDate } from './date.ts';
import { type Fields, fieldOf } from '../layers/message.ts';

/** Who uses the cache: one user, or many. */
export type CacheMode = 'private' | 'shared';

/** For how long a response may be used, and how; in milliseconds. */
export interface Freshness {
  /** When the response was made, by the server's clock. */
  readonly date: number;
  /** Its age when it came. */
  readonly initialAgeMs: number;
  readonly lifetimeMs: number;
  /** Whether the lifetime was said, and not guessed. */
  readonly isExplicit: boolean;
  /** Never used without asking the server. */
  readonly alwaysValidate: boolean;
  /** Not used when stale, whatever else allows it. */
  readonly neverStale: boolean;
  readonly immutable: boolean;
  readonly staleWhileRevalidateMs: number;
  /** `undefined` where the response says nothing of it. */
  readonly staleIfErrorMs: number | undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-15.1 */
const heuristicallyCacheable = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
/** A tenth of what has passed since the last change, and no more than a day. */
const heuristicFraction = 0.1;
const maxHeuristicMs = 86_400_000;

/** The final status codes of RFC 9110, whose rules for caches this one follows. */
const understood = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407,
  408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
]);

/** @see https://www.rfc-editor.org/rfc/rfc9111#section-4.2 */
export function freshnessOf(
  { status, fields }: { readonly status: number; readonly fields: Fields },
  times: { readonly requestedAt: number; readonly respondedAt: number },
  mode: CacheMode,
): Freshness {
  const { requestedAt, respondedAt } = times;
  const directives = parseCacheControl(fieldOf(fields, 'cache-control'));
  const shared = mode === 'shared';
  const date = parseHttpDate(fieldOf(fields, 'date'), respondedAt) ?? respondedAt;
  const said = lifetimeSaid(directives, fields, date, respondedAt, shared);
  return {
    date,
    // section 4.2.3
    initialAgeMs: Math.max(0, respondedAt - date, ageSaid(fields) * 1_000 + Math.max(0, respondedAt - requestedAt)),
    lifetimeMs: said ?? guessLifetime(status, directives, fields, date),
    isExplicit: said !== undefined,
    alwaysValidate: directives.noCache,
    neverStale:
      directives.noCache ||
      directives.mustRevalidate ||
      (shared && (directives.proxyRevalidate || directives.sMaxage !== undefined)),
    immutable: directives.immutable,
    staleWhileRevalidateMs: (directives.staleWhileRevalidate ?? 0) * 1_000,
    staleIfErrorMs: directives.staleIfError === undefined ? undefined : directives.staleIfError * 1_000,
  };
}

/** Section 4.2.1. */
function lifetimeSaid(
  directives: Directives,
  fields: Fields,
  date: number,
  now: number,
  shared: boolean,
): number | undefined {
  if (shared && directives.sMaxage !== undefined) return directives.sMaxage * 1_000;
  if (directives.maxAge !== undefined) return directives.maxAge * 1_000;
  const expires = fieldOf(fields, 'expires');
  if (expires === undefined) return undefined;
  const at = parseHttpDate(expires, now); // what is no date, "0" above all, is in the past
  return at === undefined ? 0 : at - date;
}

/** Section 4.2.2. */
function guessLifetime(status: number, directives: Directives, fields: Fields, date: number): number {
  if (!heuristicallyCacheable.has(status) && !directives.isPublic) return 0;
  const modified = parseHttpDate(fieldOf(fields, 'last-modified'), date);
  if (modified === undefined) return 0;
  return Math.min(Math.max(0, (date - modified) * heuristicFraction), maxHeuristicMs);
}

/** Of several values the first counts; one that is not whole seconds is none (section 5.1). */
function ageSaid(fields: Fields): number {
  return parseSeconds(fieldOf(fields, 'age')?.split(',', 1)[0]?.trim()) ?? 0;
}

/**
 * Whether a response to a GET may be stored.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-3
 */
export function mayStore(status: number, fields: Fields, mode: CacheMode, withAuthorization: boolean): boolean {
  const value = fieldOf(fields, 'cache-control');
  const directives = parseCacheControl(value);
  const shared = mode === 'shared';
  if (status < 200 || status === 304 || status === 416) return false; // about a condition, or a range, of the request
  if (directives.mustUnderstand ? !understood.has(status) : directives.noStore) return false;
  const { isPublic, isPrivate, mustRevalidate, sMaxage, maxAge } = directives;
  // section 3.5
  if (shared && withAuthorization && !isPublic && !mustRevalidate && sMaxage === undefined) return false;
  if (shared && isPrivate) return false;
  const isExplicit = maxAge !== undefined || fields['expires'] !== undefined || (shared && sMaxage !== undefined);
  // A cookie is made for one user: others get it only where the server says for how long.
  if (shared && !isExplicit && !isPublic && fields['set-cookie'] !== undefined) return false;
  return isExplicit || isPublic || isPrivate || heuristicallyCacheable.has(status);
}
