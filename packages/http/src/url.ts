import { OptionError } from '@dataenginex/core';
import { redact } from './facts.ts';

type Scalar = string | number | boolean | Date;

type QueryValue = Scalar | readonly Scalar[] | null | undefined;

/** Query parameters: an array repeats its name, a `Date` becomes ISO 8601, `undefined` and `null` are left out. */
export type Query = Readonly<Record<string, QueryValue>>;

/** What the properties of a type have to be for it to stand as a query; an interface has no index signature. */
export type QueryOf<Q> = object & { readonly [K in keyof Q]: QueryValue };

/** @throws {OptionError} When `baseUrl` is not an http(s) URL, or has a query, a fragment or credentials. */
export function parseBaseUrl(baseUrl: string | URL): URL {
  const text = String(baseUrl);
  const url = controlCharacter.test(text) ? null : URL.parse(text);
  if (url === null || !isHttp(url) || url.search !== '' || url.hash !== '' || hasCredentials(url)) {
    throw new OptionError(
      'createClient.baseUrl',
      'an http: or https: URL without credentials, query and fragment',
      shown(url),
    );
  }
  return url;
}

const controlCharacter = /\p{Cc}/u;

/**
 * Where a request goes. The path is appended to that of the base URL. An absolute URL is taken as it is, but may not
 * leave the origin of the base URL: it would take the client's headers along.
 *
 * @throws {OptionError}
 */
export function resolveUrl(path: string | URL, base: URL | undefined, query: object | undefined): URL {
  if (path === undefined || path === null) throw new OptionError('request.path', 'a path or a URL', path);
  const isWithin = base !== undefined && !(path instanceof URL || /^[a-z][a-z\d+.-]*:/i.test(path));
  const text = isWithin ? join(base, path) : String(path);
  // a parser of URLs would drop some without a word
  if (controlCharacter.test(text)) throw new OptionError('request.path', 'free of control characters', 'another');
  const url = URL.parse(query === undefined || query === null ? text : withQuery(text, query));
  // what is appended to the base URL keeps all that comes before its path
  if (url === null || !isWithin) checkAbsolute(url, base);
  if (url.hash !== '') url.hash = '';
  return url;
}

function checkAbsolute(url: URL | null, base: URL | undefined): asserts url {
  if (url === null || !isHttp(url)) {
    const wanted = base === undefined ? 'an http: or https: URL, as the client has no baseUrl' : 'a path or a URL';
    throw new OptionError('request.path', wanted, shown(url));
  }
  if (hasCredentials(url)) {
    throw new OptionError('request.path', 'a URL without credentials; put them into a header', shown(url));
  }
  if (base !== undefined && url.origin !== base.origin) {
    throw new OptionError('request.path', `a URL on ${base.origin}, the client's own origin`, url.origin);
  }
}

/** Joined as text: the path's own query may be signed, and stays as it is. */
function withQuery(text: string, query: object): string {
  const added = toSearchParams(query).toString();
  if (added === '') return text;
  const [before = ''] = text.split('#', 1);
  return `${before}${before.includes('?') ? '&' : '?'}${added}`;
}

/** @throws {OptionError} When a value is not of `Query`. */
export function toSearchParams(query: object, option = 'request.query'): URLSearchParams {
  const params = new URLSearchParams();
  // an array, a Map and URLSearchParams have entries that Object.entries does not see
  if (typeof query !== 'object' || Symbol.iterator in query) {
    throw new OptionError(option, 'a plain object of names and values, as Object.fromEntries makes one', typeof query);
  }
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) params.append(name, toText(one, `${option}.${name}`));
    }
  }
  return params;
}

function toText(value: unknown, option: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  throw new OptionError(option, 'a string, number, boolean or valid Date, or several', typeof value);
}

function join(base: URL, path: string): string {
  return path === '' ? base.href : `${base.href.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
}

export function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

export function hasCredentials(url: URL): boolean {
  return url.username !== '' || url.password !== '';
}

/** As it may stand in an error: what does not parse may be a secret in any part of it. */
function shown(url: URL | null): string {
  if (url === null) return 'one that does not parse';
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return redact(copy);
}
