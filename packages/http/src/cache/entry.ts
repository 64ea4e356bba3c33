import { type Freshness, freshnessOf, type CacheMode } from './freshness.ts';
import type { PartialRange } from './range.ts';
import { matches, type Selector } from './vary.ts';
import { parseCacheControl } from './cache-control.ts';
import type { RequestFacts } from '../facts.ts';
import { type Fields, fieldOf, type Outgoing } from '../layers/message.ts';

/** A response as it is stored: plain data. */
export interface StoredResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
  /** When the request went out and when its answer began, in milliseconds since 1970. */
  readonly requestedAt: number;
  readonly respondedAt: number;
  /** The request headers that `Vary` names. */
  readonly selectors: readonly Selector[];
  /** A digest of the credentials that a private cache keeps the response for; empty without them, `null` in a shared one. */
  readonly credential: string | null;
  /** Which bytes of the whole `body` holds; `undefined` when all. */
  readonly range: PartialRange | undefined;
  /** When it is of no use any more, in milliseconds since 1970. */
  readonly keepUntil: number;
}

/** What a hit is answered with, for as long as its age in seconds stays the same. */
export interface ServedFields {
  readonly second: number;
  readonly fields: Fields;
}

/**
 * A stored response, with what was read out of it. A `CacheStore` keeps it as it is, or as bytes: see `encodeEntry`.
 */
export class CacheEntry implements StoredResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
  readonly requestedAt: number;
  readonly respondedAt: number;
  readonly selectors: readonly Selector[];
  readonly credential: string | null;
  readonly range: PartialRange | undefined;
  readonly keepUntil: number;
  /** Tells apart the responses under one key. */
  readonly variant: string;
  /** @internal Kept with the entry, for the next hit. */
  facts: RequestFacts | undefined;
  /** @internal */
  served: ServedFields | undefined;
  #freshness: Freshness | undefined;
  #bytes: number | undefined;

  constructor(stored: StoredResponse) {
    this.status = stored.status;
    this.fields = stored.fields;
    this.body = stored.body;
    this.requestedAt = stored.requestedAt;
    this.respondedAt = stored.respondedAt;
    this.selectors = stored.selectors;
    this.credential = stored.credential;
    this.range = stored.range;
    this.keepUntil = stored.keepUntil;
    this.variant = JSON.stringify([stored.credential, ...stored.selectors]);
  }

  /** What it takes in memory, about: its body, its fields, and what is kept for the next hit. */
  get bytes(): number {
    return (this.#bytes ??= this.body.byteLength + weigh(this.fields) + this.variant.length * 2 + entryBytes);
  }

  /** @internal A cache has one mode, so that one is enough to keep. */
  freshness(mode: CacheMode): Freshness {
    return (this.#freshness ??= freshnessOf(this, this, mode));
  }

  /** @internal The same response with newer fields. */
  with(fields: Fields, { requestedAt, respondedAt }: Pick<StoredResponse, 'requestedAt' | 'respondedAt'>): CacheEntry {
    const { status, body, selectors, credential, range, keepUntil } = this;
    return new CacheEntry({ status, fields, body, requestedAt, respondedAt, selectors, credential, range, keepUntil });
  }

  /** @internal */
  isFor(headers: Outgoing['headers'], credential: string | null): boolean {
    return this.credential === credential && matches(this.selectors, headers);
  }
}

/** They hold for one connection, or one exchange. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The fields to keep, without those of the connection and those that must not be used again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-3.1
 */
export function storedFields(fields: Fields, mode: CacheMode): Record<string, string | readonly string[]> {
  const directives = parseCacheControl(fieldOf(fields, 'cache-control'));
  const dropped = new Set(directives.noCacheFields);
  for (const name of (fieldOf(fields, 'connection') ?? '').split(',')) dropped.add(name.trim().toLowerCase());
  if (mode === 'shared') for (const name of directives.privateFields) dropped.add(name);
  const stored: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !hopByHop.has(name) && !dropped.has(name)) stored[name] = value;
  }
  return stored;
}

/** They belong to the stored body, or tell of the 304 alone. */
const notUpdated = new Set(['cache-status', 'content-encoding', 'content-length', 'content-range']);

/**
 * The fields of a stored response after a 304 or a HEAD has told newer ones.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-3.2
 */
export function updatedFields(stored: Fields, newer: Fields, mode: CacheMode): Fields {
  const { age: _, ...others } = stored; // that of the 304 counts, and none is none
  const updated: Record<string, Fields[string]> = others;
  for (const [name, value] of Object.entries(storedFields(newer, mode))) {
    if (!notUpdated.has(name)) updated[name] = value;
  }
  return updated;
}

/** Measured: objects of an entry that was hit, and of one field of it and its share in two tables. */
const entryBytes = 1_024;
const fieldBytes = 24;

function weigh(fields: Fields): number {
  let characters = 0;
  for (const name in fields) {
    const value = fields[name];
    characters += fieldBytes + name.length + (typeof value === 'string' ? value.length : (value?.join().length ?? 0));
  }
  return characters;
}
