/**
 * A key to keep: V8 cuts a text out of a longer one without copying it, and keeps all of that alive.
 *
 * @returns The value; a text is a copy of its own.
 */
export function detach<T>(value: T): T;
export function detach(value: unknown): unknown {
  // V8 copies what it joins as soon as it is cut again; shorter texts than this are copied anyway.
  return typeof value === 'string' && value.length >= 13 ? ` ${value}`.slice(1) : value;
}
