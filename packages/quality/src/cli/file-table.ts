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
  #held: ReadonlyMap<Input, readonly unknown[]> = new Map();

  constructor(inputs: readonly Input[]) {
    this.#inputs = inputs;
  }

  /** So that rows can be read twice: those of the standard input are kept in memory. */
  async hold(): Promise<void> {
    const once = this.#inputs.filter(({ isOnce }) => isOnce);
    const rows = await Promise.all(once.map((input) => Array.fromAsync(input.rows())));
    this.#held = new Map(once.map((input, at) => [input, rows[at] ?? []]));
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
    // A reading changes rows in place.
    return this.#held.get(input)?.map((row) => (isObject(row) ? { ...row } : row)) ?? input.rows();
  }
}
