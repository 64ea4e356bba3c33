import { OptionError } from '@dataenginex/core';

/** Header names and values. A name that is `undefined` in a request takes the client's default away. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** What belongs to the connection, and is undici's to send. */
const reservedHeaders = new Set(['content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

const token = /^[!#$%&'*+.^_`|~\w-]+$/;
const unsafe = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The headers with their names in lower case.
 *
 * @throws {OptionError} When a name or value could break out of its line.
 */
export function normalizeHeaders(option: string, headers: RequestHeaders): Record<string, string | undefined> {
  // Headers, a Map and an array have entries that Object.entries does not see
  if (Symbol.iterator in headers) {
    throw new OptionError(option, 'a plain object of names and values, as Object.fromEntries makes one', 'another');
  }
  const normalized: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) {
    // an object of headers cannot hold it, and would lose it without a word
    const isToken = token.test(name) && name !== '__proto__';
    if (!isToken) throw new OptionError(option, 'headers whose names are tokens', name);
    const lowered = name.toLowerCase();
    if (reservedHeaders.has(lowered)) throw new OptionError(option, 'free of connection headers', name);
    if (value !== undefined) checkHeaderValue(`${option}.${name}`, value);
    normalized[lowered] = value;
  }
  return normalized;
}

/** @throws {OptionError} When the value could break out of its line; it does not show it. */
export function checkHeaderValue(option: string, value: unknown): void {
  if (typeof value !== 'string') throw new OptionError(option, 'a string', typeof value);
  if (unsafe.test(value)) {
    throw new OptionError(option, 'one line of Latin-1', 'a control character or one past U+00FF');
  }
}

/** The headers of all layers, the last to name one wins. */
export function mergeHeaders(...layers: readonly RequestHeaders[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const layer of layers) {
    for (const name in layer) {
      const value = layer[name];
      if (value === undefined) delete merged[name];
      else merged[name] = value;
    }
  }
  return merged;
}

/**
 * Ranges count the bytes that are sent, and a part of a compressed body cannot be decompressed.
 *
 * @see https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
 */
export function encodingForRange(headers: RequestHeaders): RequestHeaders {
  return headers['range'] === undefined ? noHeaders : identity;
}

const noHeaders: RequestHeaders = {};
const identity: RequestHeaders = { 'accept-encoding': 'identity' };
