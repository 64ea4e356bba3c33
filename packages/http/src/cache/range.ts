import { concat } from './concat.ts';
import { type Fields, fieldOf } from '../layers/message.ts';

/** Bytes of a representation, both ends inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Where a part lies in the whole of `complete` bytes; `undefined` where that is not known. */
export interface PartialRange extends ByteRange {
  readonly complete: number | undefined;
}

/** What a `Range` header asks for: `last` is open, or `suffix` counts from the end. */
export type RangeWanted = { readonly first: number; readonly last: number | undefined } | { readonly suffix: number };

/**
 * A single range of bytes; `undefined` for another unit, several ranges or what cannot be read.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function parseRange(value: string): RangeWanted | undefined {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(value) ?? [];
  if (first === '') return last === '' ? undefined : { suffix: Number(last) };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return { first: Number(first), last: last === '' ? undefined : Number(last) };
}

/** The bytes asked for, of a whole that is `complete` bytes long; `undefined` when there are none of them. */
export function resolveRange(wanted: RangeWanted, complete: number): ByteRange | undefined {
  const range =
    'suffix' in wanted
      ? { first: Math.max(0, complete - wanted.suffix), last: complete - 1 }
      : { first: wanted.first, last: Math.min(wanted.last ?? Infinity, complete - 1) };
  return range.first <= range.last ? range : undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-14.4 */
export function parseContentRange(fields: Fields): PartialRange | undefined {
  const value = fieldOf(fields, 'content-range') ?? '';
  const [, first, last, complete] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value) ?? [];
  if (first === undefined) return undefined;
  const range = {
    first: Number(first),
    last: Number(last),
    complete: complete === '*' ? undefined : Number(complete),
  };
  return range.last < (range.complete ?? Infinity) ? range : undefined;
}

/** One part of two that overlap or touch, and say the same of the whole. Whether they are parts of the same is for the caller to know. */
export function joinParts(
  a: { readonly range: PartialRange; readonly body: Uint8Array },
  b: { readonly range: PartialRange; readonly body: Uint8Array },
): { readonly range: PartialRange; readonly body: Uint8Array } | undefined {
  const [left, right] = a.range.first <= b.range.first ? [a, b] : [b, a];
  if (right.range.first > left.range.last + 1) return undefined;
  const complete = left.range.complete ?? right.range.complete;
  if (complete !== (right.range.complete ?? complete)) return undefined;
  if (right.range.last <= left.range.last) return left;
  const body = concat([left.body, right.body.subarray(left.range.last + 1 - right.range.first)]);
  return { range: { first: left.range.first, last: right.range.last, complete }, body };
}
