/** A value in JSON, the kinds that JSON lacks as `{ $: kind, of }`. */
export type Encoded = null | boolean | number | string | readonly Encoded[] | { readonly [key: string]: Encoded };

/**
 * Turns a state into JSON, at once: plain objects and arrays, `undefined`, every number, bigint, Date, Map, Set and
 * `Uint8Array` (a `Buffer` stays one), nested in any way.
 *
 * @throws {TypeError} For anything else, which would not come back as it was.
 */
export function encodeState(value: unknown): Encoded {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged('number', numberText(value));
    case 'bigint':
      return tagged('bigint', String(value));
    case 'undefined':
      return tagged('undefined', null);
    case 'object':
      return value === null ? null : encodeObject(value);
    case 'function':
    case 'symbol':
    default:
      throw new TypeError(`a ${typeof value} cannot be saved`);
  }
}

function encodeObject(value: object): Encoded {
  if (Array.isArray(value)) return Array.from(value, encodeState);
  if (value instanceof Map) return tagged('Map', Array.from(value, encodeState));
  if (value instanceof Set) return tagged('Set', Array.from(value, encodeState));
  if (value instanceof Date) return tagged('Date', encodeState(value.getTime()));
  if (value instanceof Uint8Array)
    return tagged(Buffer.isBuffer(value) ? 'Buffer' : 'Uint8Array', Buffer.from(value).toString('base64'));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new TypeError(`an object of the class ${value.constructor.name} cannot be saved`);
  }
  const entries = Object.entries(value).map(([key, item]): [string, Encoded] => [key, encodeState(item)]);
  // One that looks like a tag must not be read as one.
  if ('$' in value) return tagged('Object', entries);
  return Object.fromEntries(entries);
}

/** @throws {TypeError} For what `encodeState` cannot have made. */
export function decodeState(encoded: unknown): unknown {
  if (Array.isArray(encoded)) return encoded.map(decodeState);
  if (typeof encoded !== 'object' || encoded === null) return encoded;
  if (!('$' in encoded && 'of' in encoded)) {
    return Object.fromEntries(Object.entries(encoded).map(([key, item]) => [key, decodeState(item)]));
  }
  const { $: kind, of } = encoded;
  switch (kind) {
    case 'number':
      return Number(of);
    case 'bigint':
      return BigInt(String(of));
    case 'undefined':
      return undefined;
    case 'Date':
      return new Date(Number(decodeState(of)));
    case 'Uint8Array':
      return Uint8Array.from(Buffer.from(String(of), 'base64'));
    case 'Buffer':
      return Buffer.from(String(of), 'base64');
    case 'Map':
      return new Map(pairsOf(of));
    case 'Set':
      return new Set(listOf(of));
    case 'Object':
      return Object.fromEntries(pairsOf(of));
    default:
      throw new TypeError(`a state of the kind ${String(kind)} is unknown`);
  }
}

function tagged(kind: string, of: Encoded): Encoded {
  return { $: kind, of };
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function listOf(encoded: unknown): unknown[] {
  const list = decodeState(encoded);
  if (!Array.isArray(list)) throw new TypeError('a state that is no list');
  return list;
}

function pairsOf(encoded: unknown): [PropertyKey, unknown][] {
  return listOf(encoded).map((pair) => (Array.isArray(pair) ? [pair[0], pair[1]] : [String(pair), undefined]));
}
