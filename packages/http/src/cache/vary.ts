import { createHash } from 'node:crypto';
import { isSecretName } from '../facts.ts';
import { type Fields, fieldOf, type Outgoing } from '../layers/message.ts';

/** A request header that chose a response, and what it held; `null` where it was not there. */
export type Selector = readonly [name: string, value: string | null];

/** Each is looked at for each request. */
const maxNames = 64;

/**
 * What `Vary` names; `undefined` where it has a `*` and no request matches, or more names than are good for anything.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.1
 */
export function parseVary(fields: Fields): readonly string[] | undefined {
  const value = fieldOf(fields, 'vary');
  if (value === undefined) return [];
  const names = new Set(value.split(',').map((name) => name.trim().toLowerCase()));
  names.delete('');
  return names.has('*') || names.size > maxNames ? undefined : [...names].toSorted();
}

/** @param names Sorted, in lower case. */
export function selectorsOf(names: readonly string[], headers: Outgoing['headers']): Selector[] {
  return names.map((name) => [name, selecting(name, headers)]);
}

export function matches(selectors: readonly Selector[], headers: Outgoing['headers']): boolean {
  for (const [name, value] of selectors) {
    if (selecting(name, headers) !== value) return false;
  }
  return true;
}

/** Their values are no lists, so a space in them may mean something. */
const singletons = new Set(['origin', 'referer', 'user-agent']);

const maxNamesKnown = 1_000;
const known = new Map<string, boolean>();

/** Whether a header names or proves someone to the server. A key against repetition does not. */
export function isPersonal(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const personal = name === 'cookie' || (isSecretName(name) && name !== 'idempotency-key');
  if (known.size >= maxNamesKnown) known.clear();
  known.set(name, personal);
  return personal;
}

/** A value such that two which mean the same are the same. */
function selecting(name: string, headers: Outgoing['headers']): string | null {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined; // the server may name "constructor"
  if (value === undefined) return null;
  if (isPersonal(name)) return digest(value); // what is kept of it in a store
  // inside of a quoted string a space and a comma are part of the value
  if (singletons.has(name) || value.includes('"')) return value;
  const members = value.split(',').map((member) => member.trim());
  // of languages the weight tells the order, not the place
  if (name === 'accept-language')
    return members
      .map((member) => member.toLowerCase())
      .toSorted()
      .join(',');
  return members.join(',');
}

const maxDigests = 16;
const digests = new Map<string, string>();

/** Most requests of a client bear the same credentials: the last digests are kept. */
export function digest(secret: string): string {
  const kept = digests.get(secret);
  if (kept !== undefined) return kept;
  const made = createHash('sha256').update(secret).digest('base64url');
  if (digests.size >= maxDigests) digests.clear();
  digests.set(secret, made);
  return made;
}
