import { checkInteger, OptionError } from '@dataenginex/core';
import type { RuleResult } from '../report/result.ts';
import { createRowsCheck, type RowsCheck, type RowsCheckOptions } from '../rows/check-rows.ts';
import type { Rule } from '../rules/rule.ts';
import { type Bounds, Spill } from './spill.ts';

/** How much of a stream is held in memory, whatever its length. An array, which is in memory, is judged without limits. */
export interface MemoryOptions {
  /**
   * How many distinct values of a column are counted one by one, and how many of its numbers are sorted; of more, a
   * sketch tells about how many there are, and which are in the middle. A text counts for one more with each 64 characters.
   *
   * @default 500
   */
  maxValues?: number | undefined;
  /**
   * How many keys of a column that must be unique, or numbers among which outliers are looked for, a rule holds; more go to
   * a file. A text counts for one more with each 64 characters.
   *
   * @default 50_000
   */
  maxKeys?: number | undefined;
  /**
   * The folder for that file, which is removed in the end; `false` for none: a rule that would need one is an error then.
   *
   * @default the system's folder for temporary files
   */
  spill?: string | false | undefined;
}

/** Of options that have more. */
export function memoryOf({ maxValues, maxKeys, spill }: MemoryOptions): MemoryOptions {
  return { maxValues, maxKeys, spill };
}

export interface StreamCheckOptions extends Omit<RowsCheckOptions, 'bounds'>, MemoryOptions {
  readonly signal: AbortSignal | undefined;
}

/** Rules on their way through a stream, in bounded memory. To be closed. */
export class StreamCheck {
  readonly #check: RowsCheck;
  readonly #bounds: Bounds;
  readonly #spill: Spill | undefined;
  readonly #signal: AbortSignal | undefined;
  rows = 0;

  /** @param name Whose options they are, such as `check`. */
  constructor(name: string, rules: readonly Rule[], options: StreamCheckOptions) {
    const { maxValues = 500, maxKeys = 50_000, spill, signal, ...others } = options;
    checkInteger(`${name}.maxValues`, maxValues, { min: 1, max: 100_000 });
    checkInteger(`${name}.maxKeys`, maxKeys, { min: 1, max: 10_000_000 });
    if (spill !== undefined && spill !== false && (typeof spill !== 'string' || spill === '')) {
      throw new OptionError(`${name}.spill`, 'a folder, or false', spill);
    }
    this.#signal = signal;
    this.#spill = spill === false ? undefined : new Spill(spill);
    this.#bounds = { maxValues, maxKeys, spill: this.#spill, spilling: [] };
    this.#check = createRowsCheck(rules, { ...others, bounds: this.#bounds });
  }

  /** @returns The rows that break a rule that `tells` takes, by their places among all. */
  push(rows: readonly unknown[]): ReadonlyMap<number, readonly string[]> {
    this.#check.push(rows);
    this.rows += rows.length;
    return this.#check.broken();
  }

  /** Writes to the file what must go there. */
  flush(): Promise<void> | undefined {
    const writes = this.#bounds.spilling.filter((spilling) => spilling.isFull);
    return writes.length === 0 ? undefined : this.#flush(writes);
  }

  async #flush(writes: Bounds['spilling']): Promise<void> {
    for (const spilling of writes) await spilling.flush();
  }

  async finish(): Promise<{ readonly rows: number; readonly results: readonly RuleResult[] }> {
    for (const spilling of this.#bounds.spilling) await spilling.settle(this.#signal);
    return this.#check.finish();
  }

  async close(): Promise<void> {
    await this.#spill?.close();
  }
}
