/** What a `Cache-Control` header says; numbers in seconds. */
export interface Directives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  /** Fields that must not be used again without validation; the rest of the response may be. */
  readonly noCacheFields: readonly string[];
  readonly isPrivate: boolean;
  readonly privateFields: readonly string[];
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly immutable: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly sMaxage: number | undefined;
  readonly minFresh: number | undefined;
  readonly maxStale: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

/** A directive, with its argument as a quoted string or a token. No space around the equals sign: RFC 9111 knows none. */
const directive = /([^\s,="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;

/**
 * Names are taken in any case; of one that comes twice, the first.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2
 */
export function parseCacheControl(value: string | undefined): Directives {
  if (value === undefined) return noDirectives;
  if (value !== lastValue) {
    lastDirectives = parse(value);
    lastValue = value;
  }
  return lastDirectives;
}

function parse(value: string): Directives {
  const given = new Map<string, string | undefined>();
  for (const [, name = '', quoted, token] of value.matchAll(directive)) {
    const key = name.toLowerCase();
    if (!given.has(key)) given.set(key, quoted ?? token);
  }
  const noCacheFields = fieldNames(given.get('no-cache'));
  const privateFields = fieldNames(given.get('private'));
  return {
    noStore: given.has('no-store'),
    noCache: given.has('no-cache') && noCacheFields.length === 0,
    noCacheFields,
    isPrivate: given.has('private') && privateFields.length === 0,
    privateFields,
    isPublic: given.has('public'),
    mustRevalidate: given.has('must-revalidate'),
    proxyRevalidate: given.has('proxy-revalidate'),
    mustUnderstand: given.has('must-understand'),
    immutable: given.has('immutable'),
    onlyIfCached: given.has('only-if-cached'),
    // Freshness that cannot be read is none (section 4.2.1), and a limit that cannot be read is the narrowest.
    maxAge: given.has('max-age') ? (parseSeconds(given.get('max-age')) ?? 0) : undefined,
    sMaxage: given.has('s-maxage') ? (parseSeconds(given.get('s-maxage')) ?? 0) : undefined,
    minFresh: parseSeconds(given.get('min-fresh')),
    maxStale: given.has('max-stale') ? maxStaleOf(given.get('max-stale')) : undefined,
    staleWhileRevalidate: parseSeconds(given.get('stale-while-revalidate')),
    staleIfError: parseSeconds(given.get('stale-if-error')),
  };
}

/**
 * Whole seconds; past 2^31 they are 2^31, which is 68 years.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2
 */
export function parseSeconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) : undefined;
}

function maxStaleOf(value: string | undefined): number | undefined {
  return value === undefined ? Infinity : parseSeconds(value);
}

function fieldNames(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

/** Of a header that says nothing, or is not there. */
export const noDirectives: Directives = parse('');

/** One value is asked about several times in a row. */
let lastValue = '';
let lastDirectives = noDirectives;
