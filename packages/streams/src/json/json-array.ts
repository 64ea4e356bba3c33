import { checkInteger, OptionError } from '@dataenginex/core';
import { FormatError } from '../errors.ts';
import { type Chunk, openChunks } from '../pipes/input.ts';
import { type JsonBounds, JsonItems, trimJson } from './json-items.ts';
import type { Operator } from '../pipes/operator.ts';
import { type BytesSource, checkNoName, fileOf, piecesOf, toPieces } from '../bytes/pieces.ts';
import { openReader, type Pipe, pipeFrom } from '../pipes/pipe.ts';
import type { Position } from '../pipes/position.ts';
import type { Reader } from '../pipes/reader.ts';
import { checkRejects, type Refuse } from '../pipes/rejects.ts';
import type { RowOptions } from '../rows/rows.ts';
import { toJson } from './to-json.ts';

export interface JsonArrayOptions extends RowOptions {
  /**
   * The keys that lead to the array: `['data', 'items']` reads the array of `{ "data": { "items": […] } }`.
   *
   * @default [], the array is the document
   */
  path?: readonly string[] | undefined;
  /**
   * How deep arrays and objects may be nested, those around the items included. It ends the reading.
   *
   * @default 1000
   */
  maxDepth?: number | undefined;
}

/**
 * Reads the items of a JSON array, one by one, of a document of any size: no more than an item is kept. Items are
 * `unknown` until a schema has read them.
 *
 * ```ts
 * import { fromJsonArray, type Reject } from '@dataenginex/streams';
 *
 * const page = '{"total":3,"data":{"items":[{"tempMax":12.8},{"tempMax":},{"tempMax":10.6}]}}';
 * const refused: Reject[] = [];
 * const rows = fromJsonArray(page, { path: ['data', 'items'], rejects: (reject) => void refused.push(reject) });
 * await Array.fromAsync(rows); // => [{ tempMax: 12.8 }, { tempMax: 10.6 }]
 * refused[0]?.position; // => { index: 1, byte: 45 }
 * ```
 *
 * Items are checked as `JSON.parse` checks them. Outside of the array, only brackets, quotes and the keys on the way to
 * it are; the first of two keys with the same name counts. A document that ends before its last bracket is an error, once
 * all items before have been delivered.
 *
 * @throws {OptionError} At once, when the source is none or an option is out of range.
 * @throws {FormatError} From the pipe: a malformed item when there is no `rejects`; in any case no array where `path`
 *   says, brackets that do not match, nesting deeper than `maxDepth`, a byte that is not UTF-8, an item longer than
 *   `maxRowBytes`, a document that is cut off.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` items are malformed.
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export function fromJsonArray(source: BytesSource, options: JsonArrayOptions = {}): Pipe<unknown> {
  const { path = [], maxDepth = 1000, maxRowBytes = 1_048_576 } = options;
  if (!Array.isArray(path) || path.some((key) => typeof key !== 'string')) {
    throw new OptionError('fromJsonArray.path', 'an array of keys', path);
  }
  checkInteger('fromJsonArray.maxDepth', maxDepth, { min: 1 });
  checkInteger('fromJsonArray.maxRowBytes', maxRowBytes, { min: 1 });
  const createRefuse = checkRejects('fromJsonArray', options);
  const bounds: JsonBounds = { path: [...path], maxBytes: maxRowBytes, maxDepth };
  checkNoName('fromJsonArray', source);
  const pieces = piecesOf('fromJsonArray', source);
  const file = fileOf(pieces);
  return pipeFrom(() => {
    const reader = openReader(pieces);
    return openChunks(readItems(reader, new JsonItems(bounds), file, createRefuse?.()), new AbortController(), reader);
  });
}

async function* readItems(
  reader: Reader<string | Uint8Array>,
  scan: JsonItems,
  file: Pick<Position, 'file'>,
  refuse: Refuse | undefined,
): AsyncGenerator<Chunk<unknown>, void, undefined> {
  let index = 0;
  for await (const piece of withEnd(toPieces(reader))) {
    const { items: found, damage } = piece === undefined ? scan.end() : scan.add(piece);
    const items: unknown[] = [];
    const positions: Position[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (const { text, byte } of found) {
      const position = { ...file, index, byte };
      index += 1;
      try {
        if (text === undefined) throw new FormatError('JSON', position, 'bytes that are not UTF-8', '');
        const parsed = parseJson(text);
        if ('value' in parsed) {
          items.push(parsed.value);
          positions.push(position);
        } else await refuseItem(refuse, position, trimJson(text), parsed.cause);
      } catch (error) {
        failure = { error };
        break;
      }
    }
    if (damage !== undefined) {
      failure ??= { error: new FormatError('JSON', { ...file, index, byte: damage.byte }, damage.reason, '') };
    }
    if (items.length > 0) yield { items, position: (item) => positions[item] ?? { index: 0 } };
    if (failure !== undefined) throw failure.error;
  }
}

async function* withEnd<T>(items: AsyncIterable<T>): AsyncGenerator<T | undefined, void, undefined> {
  yield* items;
  yield undefined;
}

function parseJson(text: string): { readonly value: unknown } | { readonly cause: unknown } {
  try {
    return { value: JSON.parse(text) };
  } catch (cause) {
    return { cause };
  }
}

function refuseItem(
  refuse: Refuse | undefined,
  position: Position,
  value: string,
  cause: unknown,
): void | Promise<void> {
  const reason = 'not JSON';
  if (refuse === undefined) throw new FormatError('JSON', position, reason, value, { cause });
  return refuse({ operator: 'fromJsonArray', position, reason, issues: [{ message: reason }], value });
}

/**
 * Turns rows into a JSON array, a row on a line of its own. Without rows it is `[]`.
 *
 * ```ts
 * import { pipe, toJsonArray } from '@dataenginex/streams';
 *
 * const text = await Array.fromAsync(pipe([{ tempMax: 12.8 }, { tempMax: 10.6 }], toJsonArray()));
 * text.join(''); // => '[\n{"tempMax":12.8},\n{"tempMax":10.6}\n]\n'
 * ```
 *
 * @throws {OperatorError} From the pipe, for what JSON cannot hold: `undefined`, a function, a bigint, a cycle.
 */
export function toJsonArray(): Operator<unknown, string> {
  return {
    name: 'toJsonArray',
    fuse(push, fail, { restored }) {
      let isEmpty = restored !== false;
      return {
        push(row) {
          const json = toJson(row, fail);
          push(isEmpty ? `[\n${json}` : `,\n${json}`);
          isEmpty = false;
        },
        end: () => push(isEmpty ? '[]\n' : '\n]\n'),
        save: () => isEmpty,
      };
    },
  };
}
