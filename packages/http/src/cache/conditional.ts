import { parseHttpDate } from './date.ts';
import type { CacheEntry } from './entry.ts';
import { type Fields, fieldOf, type Outgoing } from '../layers/message.ts';

type Headers = Outgoing['headers'];

/** Quoted as it should be, or a bare one as some servers send it. A comma may stand within the quotes. */
const entityTag = /(?:W\/)?"[^"]*"|[^\s,"]+/g;

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** Whether the list of `If-None-Match` holds the tag, by the weak comparison. */
function holds(list: string, tag: string): boolean {
  if (list.trim() === '*') return true;
  for (const [one] of list.matchAll(entityTag)) if (opaque(one) === opaque(tag)) return true;
  return false;
}

/** Whether two tags name the same bytes. */
export function isSameStrong(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a === b && a.startsWith('"');
}

/**
 * Whether a request's own condition says that the client has the response already: it is to be answered with a 304.
 * `If-None-Match` counts before `If-Modified-Since`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.3.2
 */
export function isNotModified(headers: Headers, fields: Fields, receivedAt: number): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return holds(tags, fieldOf(fields, 'etag') ?? '');
  const since = parseHttpDate(headers['if-modified-since'], receivedAt);
  if (since === undefined) return false;
  const changed = fieldOf(fields, 'last-modified') ?? fieldOf(fields, 'date');
  return (parseHttpDate(changed, receivedAt) ?? receivedAt) <= since;
}

/** What a 304 tells: fields of the connection to the body are for the client to know already. */
const inNotModified = ['cache-control', 'content-location', 'date', 'etag', 'expires', 'last-modified', 'vary'];

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5 */
export function notModifiedFields(fields: Fields): Record<string, string | readonly string[]> {
  const told: Record<string, string | readonly string[]> = {};
  for (const name of inNotModified) {
    const value = fields[name];
    if (value !== undefined) told[name] = value;
  }
  return told;
}

export function hasValidator(fields: Fields): boolean {
  return fields['etag'] !== undefined || fields['last-modified'] !== undefined;
}

/**
 * The request with the stored response's validators. The tags of the client's own condition go along: a 304 that is about
 * one of them is for the client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.3.1
 */
export function withValidators(request: Outgoing, entry: CacheEntry): Outgoing {
  const tag = fieldOf(entry.fields, 'etag');
  const modified = fieldOf(entry.fields, 'last-modified');
  if (tag === undefined && modified === undefined) return request;
  const { 'if-none-match': clientTags, 'if-modified-since': _, ...others } = request.headers;
  const headers: Record<string, string> = others;
  if (tag !== undefined) {
    const own =
      clientTags === undefined || clientTags.trim() === '*' || holds(clientTags, tag) ? '' : `, ${clientTags}`;
    headers['if-none-match'] = `${tag}${own}`;
  } else if (clientTags !== undefined) {
    return request; // its condition would count before ours
  }
  if (modified !== undefined) headers['if-modified-since'] = modified;
  return { ...request, headers };
}

/**
 * Whether a 304 is about the stored response, and not about another whose tag was asked for as well.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.3.4
 */
export function isAbout(entry: CacheEntry, notModified: Fields, sent: Headers): boolean {
  const stored = fieldOf(entry.fields, 'etag');
  const told = fieldOf(notModified, 'etag');
  if (told !== undefined) return stored !== undefined && opaque(stored) === opaque(told);
  const tags = sent['if-none-match'];
  return tags === undefined || tags === stored;
}

/**
 * Whether a stored response is the one that a HEAD has told of: whatever validators and length came are its own.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.3.5
 */
export function isSameAsHead(stored: Fields, head: Fields): boolean {
  return ['etag', 'last-modified', 'content-length'].every((name) => {
    const told = fieldOf(head, name);
    return told === undefined || told === fieldOf(stored, name);
  });
}
