import { concat, map, pipe } from '@dataenginex/streams';
import { isObject } from '../schema/json-schema.ts';
import type { Input, InputFormat } from './rows-of-files.ts';

/** Makes a row of a file what it means; of each format its own. */
export type ReadRow = (row: unknown, format: InputFormat) => unknown;

export interface PlacedRow {
  readonly row: unknown;
  /** From 0, in all files. */
  readonly index: number;
  readonly file: string;
  readonly format: InputFormat;
  /** From 0, in its file. */
  readonly place: number;
}

/** Files as one table, in their order: what several of them are to those who write a day in each. */
export class FileTable {
  readonly #inputs: readonly Input[];
  #held: ReadonlyMap<Input, HeldRows> = new Map();

  constructor(inputs: readonly Input[]) {
    this.#inputs = inputs;
  }

  /** So that rows can be read twice: those of the standard input are kept in memory. */
  async hold(): Promise<void> {
    const once = this.#inputs.filter(({ isOnce }) => isOnce);
    this.#held = new Map(await Promise.all(once.map(async (input) => [input, await holdRows(input)] as const)));
  }

  rows(read: ReadRow): AsyncIterable<unknown> {
    return concat(
      ...this.#inputs.map((input) =>
        pipe(
          this.#rowsOf(input),
          map((row) => read(row, input.format)),
        ),
      ),
    );
  }

  /** The rows at these places, as the files have them. */
  async *places(wanted: { has(index: number): boolean; readonly size: number }): AsyncGenerator<PlacedRow> {
    if (wanted.size === 0) return;
    let index = 0;
    let found = 0;
    for (const input of this.#inputs) {
      let place = 0;
      for await (const row of this.#rowsOf(input)) {
        if (wanted.has(index)) {
          yield { row, index, file: input.name, format: input.format, place };
          if (++found === wanted.size) return;
        }
        index++;
        place++;
      }
    }
  }

  #rowsOf(input: Input): AsyncIterable<unknown> | Iterable<unknown> {
    const held = this.#held.get(input);
    return held === undefined ? input.rows() : told(held);
  }
}

interface HeldRows {
  readonly rows: readonly unknown[];
  /** What came after them, if it was not the end. */
  readonly failure: { readonly error: unknown } | undefined;
}

async function holdRows(input: Input): Promise<HeldRows> {
  const rows: unknown[] = [];
  try {
    for await (const row of input.rows()) rows.push(row);
    return { rows, failure: undefined };
  } catch (error) {
    return { rows, failure: { error } };
  }
}

function* told({ rows, failure }: HeldRows): Generator {
  // A reading changes rows in place.
  for (const row of rows) yield isObject(row) ? { ...row } : row;
  if (failure !== undefined) throw failure.error;
}
