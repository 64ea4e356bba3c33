import { checkFields, createPick, type Fields } from './ndjson-fields.ts';
import { isSpace } from './json-items.ts';
import type { Operator } from '../pipes/operator.ts';
import type { Pipe } from '../pipes/pipe.ts';
import { type BytesSource, checkNoName } from '../bytes/pieces.ts';
import { pipeRows, type RowOptions, type Scan, type Scanned, TOO_LONG } from '../rows/rows.ts';
import { toJson } from './to-json.ts';

export interface NdjsonOptions extends RowOptions {
  /**
   * The fields that rows are to have, in this order; others are left out, and one that a row does not have is missing.
   * Rows that are not objects are malformed.
   *
   * @default undefined, whole rows
   */
  fields?: readonly string[] | undefined;
}

/**
 * Reads newline-delimited JSON. Rows are `unknown` until a schema has read them; blank lines are skipped, and a last
 * line may lack its end.
 *
 * ```ts
 * import { fromNdjson, type Reject } from '@dataenginex/streams';
 *
 * const refused: Reject[] = [];
 * const rows = fromNdjson('{"tempMax":12.8}\n{"tempMax":\n', { rejects: (reject) => void refused.push(reject) });
 * await Array.fromAsync(rows); // => [{ tempMax: 12.8 }]
 * refused[0]?.position; // => { index: 1, line: 2, byte: 17 }
 * refused[0]?.value; // => '{"tempMax":'
 * ```
 *
 * With `fields`, rows that look alike, as those of one writer do, are read some three times as fast. What is read is
 * what `JSON.parse` reads, to the last duplicate of a key, and what it refuses is refused: fields that are left out are
 * checked all the same.
 *
 * ```ts
 * import { fromNdjson } from '@dataenginex/streams';
 *
 * const rows = fromNdjson('{"at":"06:00","station":"Seattle","tempMax":12.8}\n', { fields: ['station', 'tempMax'] });
 * await Array.fromAsync(rows); // => [{ station: 'Seattle', tempMax: 12.8 }]
 * ```
 *
 * @throws {OptionError} At once, when the source is none or an option is out of range.
 * @throws {FormatError} From the pipe: a malformed line when there is no `rejects`; a line longer than `maxRowBytes`
 *   and a byte that is not UTF-8 in any case.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` lines are malformed.
 * @see https://github.com/ndjson/ndjson-spec
 */
export function fromNdjson<const Name extends string>(
  source: BytesSource,
  options: NdjsonOptions & { fields: readonly Name[] },
): Pipe<Fields<Name>>;
export function fromNdjson(source: BytesSource, options?: NdjsonOptions & { fields?: undefined }): Pipe<unknown>;
export function fromNdjson(source: BytesSource, options: NdjsonOptions = {}): Pipe<unknown> {
  const { fields } = options;
  checkNoName('fromNdjson', source);
  if (fields !== undefined) checkFields('fromNdjson.fields', fields);
  const createRead = (): typeof readWhole => (fields === undefined ? readWhole : createPick(fields));
  return pipeRows(
    source,
    { format: 'NDJSON', operator: 'fromNdjson', createScan: (isTooLong) => createScan(createRead(), isTooLong) },
    options,
  );
}

const readWhole = (text: string, start: number, end: number): unknown => JSON.parse(text.slice(start, end));

function createScan(
  read: (text: string, start: number, end: number) => unknown,
  isTooLong: (text: string, start: number, end: number) => boolean,
): Scan<unknown> {
  return (text, isLast) => {
    const found: Scanned<unknown> = { items: [], starts: [], bad: [], end: 0, lines: 0 };
    for (let start = 0; start < text.length; start = found.end) {
      let end = text.indexOf('\n', start);
      if (end === -1) {
        if (!isLast) break;
        end = text.length;
      }
      if (isTooLong(text, start, end)) {
        found.damage = { at: start, reason: TOO_LONG };
        break;
      }
      // Many blank lines would take long if each were to throw.
      if (!isBlank(text, start, end)) {
        try {
          const row = read(text, start, end);
          if (row === undefined)
            found.bad.push({ before: found.items.length, start, end, reason: 'not a JSON object' });
          else {
            found.items.push(row);
            found.starts.push(start);
          }
        } catch (cause) {
          found.bad.push({ before: found.items.length, start, end, reason: 'not JSON', cause });
        }
      }
      if (end < text.length) found.lines += 1;
      found.end = Math.min(end + 1, text.length);
    }
    return found;
  };
}

function isBlank(text: string, start: number, end: number): boolean {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) at += 1;
  return at === end;
}

/**
 * Turns every row into a line of JSON.
 *
 * ```ts
 * import { pipe, toNdjson } from '@dataenginex/streams';
 *
 * await Array.fromAsync(pipe([{ tempMax: 12.8 }, null], toNdjson())); // => ['{"tempMax":12.8}\n', 'null\n']
 * ```
 *
 * @throws {OperatorError} From the pipe, for what JSON cannot hold: `undefined`, a function, a bigint, a cycle.
 */
export function toNdjson(): Operator<unknown, string> {
  return {
    name: 'toNdjson',
    fuse: (push, fail) => ({
      push: (row) => push(`${toJson(row, fail)}\n`),
    }),
  };
}
