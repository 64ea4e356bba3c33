import { checkInteger, OptionError } from '@dataenginex/core';
import { run } from '@dataenginex/streams';
import { setImmediate } from 'node:timers/promises';
import { isRowStream } from '../streams/check-stream.ts';
import { Report } from '../report/report.ts';
import { isObject } from '../schema/json-schema.ts';
import { hash } from '../state/hash.ts';
import type { RowSource } from '../state/read-rows.ts';
import { Spill } from '../streams/spill.ts';
import { isNull, keyOf, keyOfAll, show } from '../values.ts';
import { comparisonResult } from './comparison.ts';
import { Checksum, stir } from './row-hash.ts';
import type { Row } from './row-blocks.ts';
import { type Matches, RowMatcher } from './row-matcher.ts';

export interface ReconcileOptions {
  /** The column whose value each row has for itself, or several. */
  key: string | readonly string[];
  /** The other columns that are compared. @default all that a row has */
  columns?: readonly string[] | undefined;
  /** How many rows are told of each kind of difference, the first ones. @default 20 */
  samples?: number | undefined;
  /** So many rows of the source are held in memory; with more, both sides go to a temporary file. @default 100_000 */
  maxRows?: number | undefined;
  /** The folder that the file is made in. @default the system's */
  tempDir?: string | undefined;
  /** What the report calls the target. @default 'target' */
  name?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** One side of a reconciliation. */
export interface ReconciledSide {
  readonly rows: number;
  /** Rows whose key an earlier row of that side has; they are not compared. */
  readonly duplicates: number;
  /** Of each column that was compared, whatever the order of rows: two of all but the same are the same. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** Rows of one kind of difference. */
export interface Differences<T> {
  readonly count: number;
  /** The first of them. */
  readonly samples: readonly T[];
}

/** Rows of one key that differ. */
export interface ChangedRow {
  readonly key: Row;
  /** The columns that differ, each with both values. */
  readonly columns: Readonly<Record<string, { readonly source: unknown; readonly target: unknown }>>;
}

/** How a target differs from its source. */
export interface Reconciliation {
  readonly success: boolean;
  readonly source: ReconciledSide;
  readonly target: ReconciledSide;
  /** Rows of both that are equal in all columns. */
  readonly equal: number;
  /** Rows of the source whose key the target has not. */
  readonly missing: Differences<Row>;
  /** Rows of the target whose key the source has not. */
  readonly extra: Differences<Row>;
  readonly changed: Differences<ChangedRow>;
  /** In how many rows each column differs, most first; columns that never do are left out. */
  readonly changedColumns: Readonly<Record<string, number>>;
  /** The same as a report, as a gate. */
  readonly report: Report;
}

/**
 * Compares two tables row by row, by their keys, in any order of rows: what the target lacks, what it has too much, and
 * which columns differ. Both are arrays, columns or streams. Values are equal as they are in rules: `1` and `1n` are, and
 * dates by their moment; a null, NaN and a missing key are one.
 *
 * ```ts
 * import { reconcile } from '@dataenginex/quality';
 *
 * const source = [{ day: 1, rain: 0 }, { day: 2, rain: 10.9 }, { day: 3, rain: 0.8 }];
 * const target = [{ day: 2, rain: 10 }, { day: 1, rain: 0 }, { day: 4, rain: 20.3 }];
 * const found = await reconcile(source, target, { key: 'day' });
 * found.missing.samples; // => [{ day: 3, rain: 0.8 }]
 * found.extra.samples; // => [{ day: 4, rain: 20.3 }]
 * found.changed.samples; // => [{ key: { day: 2 }, columns: { rain: { source: 10.9, target: 10 } } }]
 * found.report.assert(); // throws - target.missing: 1 of 3 rows of the source, such as day 3
 * ```
 *
 * The source is read first, then the target, each once; counts are exact, and what is held in memory is bounded.
 *
 * @throws {OptionError} When an option cannot work, or a side is no source of rows.
 * @throws What a stream throws, as it is, and the signal's reason.
 */
export async function reconcile(
  source: RowSource,
  target: RowSource,
  options: ReconcileOptions,
): Promise<Reconciliation> {
  const start = performance.now();
  const { samples = 20, maxRows = 100_000, name = 'target', signal } = options;
  const keys = checkNames('reconcile.key', typeof options.key === 'string' ? [options.key] : options.key);
  if (keys.length === 0) throw new OptionError('reconcile.key', 'a column, or several', options.key);
  const columns = options.columns === undefined ? undefined : checkNames('reconcile.columns', options.columns);
  checkInteger('reconcile.samples', samples, { min: 0 });
  checkInteger('reconcile.maxRows', maxRows, { min: 1 });
  for (const [side, rows] of Object.entries({ source, target })) {
    if (isRowStream(rows)) continue;
    throw new OptionError(`reconcile.${side}`, 'an array, columns, or an iterable of rows', rows);
  }
  signal?.throwIfAborted();

  const differences = new RowDifferences(keys, samples);
  const spill = new Spill(options.tempDir);
  const matcher = new RowMatcher(differences, spill, maxRows);
  const sides = { source: new Side(keys, columns), target: new Side(keys, columns) };
  let last = performance.now();
  const pause = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (performance.now() - last < 4) return;
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  };
  try {
    const read = (rows: RowSource, side: Side, add: (key: string, row: Row, index: number) => void) =>
      run(
        rows,
        {
          async write(items: readonly unknown[]) {
            for (const item of items) side.read(item, add);
            await matcher.flush();
            await pause();
          },
          close: () => undefined,
        },
        { signal },
      );
    await read(source, sides.source, (...added) => matcher.addSource(...added));
    await read(target, sides.target, (...added) => matcher.addTarget(...added));
    await matcher.settle(pause);
  } finally {
    await spill.close();
  }
  return differences.result(name, sides, performance.now() - start);
}

function checkNames(option: string, names: readonly string[]): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new OptionError(option, 'names of columns', names);
}

const scratch = new Int32Array(2);

/** Reads one side: what of its rows is compared, and checksums. */
class Side {
  rows = 0;
  readonly #keys: readonly string[];
  readonly #columns: readonly string[] | undefined;
  readonly #checksums = new Map<string, Checksum>();

  constructor(keys: readonly string[], columns: readonly string[] | undefined) {
    this.#keys = keys;
    this.#columns = columns === undefined ? undefined : [...new Set([...keys, ...columns])];
  }

  read(item: unknown, add: (key: string, row: Row, index: number) => void): void {
    const given = isObject(item) ? item : {};
    const row: Row =
      this.#columns === undefined ? given : Object.fromEntries(this.#columns.map((name) => [name, given[name]]));
    const key = keyOfAll(this.#keys.map((name) => row[name]));
    hash(key, scratch);
    const [keyHigh = 0, keyLow = 0] = scratch;
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (isNull(value)) continue;
      let checksum = this.#checksums.get(name);
      if (checksum === undefined) this.#checksums.set(name, (checksum = new Checksum()));
      hash(value, scratch);
      const high = stir(scratch[0] ?? 0, keyHigh);
      checksum.add(high, stir(scratch[1] ?? 0, keyLow ^ high));
    }
    add(key, row, this.rows++);
  }

  result(duplicates: number): ReconciledSide {
    const checksums = Array.from(this.#checksums, ([name, checksum]) => [name, String(checksum)] as const);
    return { rows: this.rows, duplicates, checksums: Object.fromEntries(checksums) };
  }
}

/** The first of what is found in any order, by their places, and how many there are. */
class First<T> {
  #count = 0;
  readonly #most: number;
  #last: number;
  #found: { readonly value: T; readonly index: number }[] = [];

  constructor(most: number) {
    this.#most = most;
    this.#last = most === 0 ? -1 : Infinity;
  }

  add(index: number, value: () => T): void {
    this.#count++;
    if (index > this.#last) return;
    this.#found.push({ value: value(), index });
    if (this.#found.length >= 2 * this.#most) this.#cut();
  }

  #cut(): void {
    this.#found = this.#found.toSorted((a, b) => a.index - b.index).slice(0, this.#most);
    if (this.#found.length === this.#most) this.#last = this.#found.at(-1)?.index ?? -1;
  }

  result(): Differences<T> {
    this.#cut();
    return { count: this.#count, samples: this.#found.map(({ value }) => value) };
  }
}

/** Gathers what differs. */
class RowDifferences implements Matches {
  readonly #keys: readonly string[];
  readonly #missing: First<Row>;
  readonly #extra: First<Row>;
  readonly #changed: First<ChangedRow>;
  readonly #again: Record<'source' | 'target', First<Row>>;
  readonly #columns = new Map<string, number>();
  #equal = 0;

  constructor(keys: readonly string[], samples: number) {
    this.#keys = keys;
    this.#missing = new First(samples);
    this.#extra = new First(samples);
    this.#changed = new First(samples);
    this.#again = { source: new First(1), target: new First(1) };
  }

  missing(source: Row, index: number): void {
    this.#missing.add(index, () => source);
  }

  extra(target: Row, index: number): void {
    this.#extra.add(index, () => target);
  }

  again(side: 'source' | 'target', row: Row, index: number): void {
    this.#again[side].add(index, () => row);
  }

  pair(source: Row, target: Row, index: number): void {
    const columns: [string, { source: unknown; target: unknown }][] = [];
    const compare = (name: string): void => {
      const from = source[name];
      const to = target[name];
      if (from === to || keyOf(from) === keyOf(to)) return;
      columns.push([name, { source: from ?? null, target: to ?? null }]);
      this.#columns.set(name, (this.#columns.get(name) ?? 0) + 1);
    };
    for (const name of Object.keys(source)) compare(name);
    for (const name of Object.keys(target)) if (!Object.hasOwn(source, name)) compare(name);
    if (columns.length === 0) this.#equal++;
    else this.#changed.add(index, () => ({ key: this.#keyOf(source), columns: Object.fromEntries(columns) }));
  }

  result(name: string, sides: Readonly<Record<'source' | 'target', Side>>, durationMs: number): Reconciliation {
    const missing = this.#missing.result();
    const extra = this.#extra.result();
    const changed = this.#changed.result();
    const again = { source: this.#again.source.result(), target: this.#again.target.result() };
    const { source, target } = sides;
    const byCount = [...this.#columns].toSorted(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
    const changedColumns = Object.fromEntries(byCount);
    const told = (count: number, rows: number, side: string, sample: Row | undefined): string =>
      sample === undefined
        ? `none of ${rows} rows of ${side}`
        : `${count} of ${rows} rows of ${side}, such as ${this.#inWords(sample)}`;
    const [firstChange] = changed.samples;
    const inColumns = firstChange === undefined ? '' : `, in ${Object.keys(changedColumns).join(', ')}`;
    const repeats = again.source.count + again.target.count;
    const [repeated] = [...again.source.samples, ...again.target.samples];
    const results = [
      [
        'missing',
        'each row of the source is in the target',
        missing.count,
        told(missing.count, source.rows, 'the source', missing.samples[0]),
      ],
      [
        'extra',
        'each row of the target is in the source',
        extra.count,
        told(extra.count, target.rows, 'the target', extra.samples[0]),
      ],
      [
        'changed',
        'rows are equal in both',
        changed.count,
        `${told(changed.count, source.rows, 'the source', firstChange?.key)}${inColumns}`,
      ],
      ['unique', 'no key comes twice', repeats, told(repeats, source.rows + target.rows, 'both', repeated)],
    ] as const;
    const report = new Report(
      name,
      target.rows,
      durationMs,
      results.map(([id, about, count, summary]) =>
        comparisonResult({ name: `target.${id}`, about, success: count === 0, observed: count, summary }),
      ),
    );
    return {
      success: report.success,
      source: source.result(again.source.count),
      target: target.result(again.target.count),
      equal: this.#equal,
      missing,
      extra,
      changed,
      changedColumns,
      report,
    };
  }

  #keyOf(row: Row): Row {
    return Object.fromEntries(this.#keys.map((name) => [name, row[name] ?? null]));
  }

  #inWords(row: Row): string {
    return Object.entries(this.#keyOf(row))
      .map(([name, value]) => `${name} ${show(value)}`)
      .join(', ');
  }
}
