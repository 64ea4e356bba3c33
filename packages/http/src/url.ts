import { OptionError } from '@dataenginex/core';

type Scalar = string | number | boolean | Date;

/** Query parameters: an array repeats its name, a `Date` becomes ISO 8601, `undefined` and `null` are left out. */
export type Query = Readonly<Record<string, Scalar | readonly Scalar[] | null | undefined>>;

/** @throws {OptionError} When `baseUrl` is not an http(s) URL, or has a query, a fragment or credentials. */
export function parseBaseUrl(baseUrl: string | URL): URL {
  const url = URL.parse(String(baseUrl));
  if (url === null || !isHttp(url) || url.search !== '' || url.hash !== '' || hasCredentials(url)) {
    const wanted = 'an http: or https: URL without credentials, query and fragment';
    throw new OptionError('createClient.baseUrl', wanted, url === null ? baseUrl : withoutCredentials(url));
  }
  return url;
}

/**
 * Where a request goes. The path is appended to that of the base URL. An absolute URL is taken as it is, but may not
 * leave the origin of the base URL: it would take the client's headers along.
 *
 * @throws {OptionError}
 */
export function resolveUrl(path: string | URL, base: URL | undefined, query: Query | undefined): URL {
  const absolute = path instanceof URL || /^[a-z][a-z\d+.-]*:/i.test(path) ? URL.parse(String(path)) : null;
  const url = absolute ?? (base === undefined ? null : URL.parse(join(base, String(path))));
  if (url === null || !isHttp(url)) {
    const wanted = base === undefined ? 'an http: or https: URL, as the client has no baseUrl' : 'a path or a URL';
    throw new OptionError('request.path', wanted, String(path));
  }
  if (hasCredentials(url)) {
    throw new OptionError('request.path', 'a URL without credentials; put them into a header', withoutCredentials(url));
  }
  if (base !== undefined && url.origin !== base.origin) {
    throw new OptionError('request.path', `a URL on ${base.origin}, the client's own origin`, url.origin);
  }
  url.hash = '';
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        url.searchParams.append(name, one instanceof Date ? one.toISOString() : String(one));
      }
    }
  }
  return url;
}

function join(base: URL, path: string): string {
  return `${base.href.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function hasCredentials(url: URL): boolean {
  return url.username !== '' || url.password !== '';
}

function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
