import { checkFunction, checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { ColumnTable } from '../rows/column-table.ts';
import { isObject } from '../schema/json-schema.ts';
import { readRows, type RowSource } from '../state/read-rows.ts';
import { isNull, momentOf, textOf } from '../values.ts';
import { type CalendarUnit, calendarUnits, sliceOf } from './calendar.ts';
import { Checksum, RowHash } from './row-hash.ts';

/** What is known of one slice of a table. */
export interface TablePartition {
  /** Such as `2012-01`. */
  readonly name: string;
  /** With `groupBy`, the value of that column, as text. */
  readonly group?: string | undefined;
  readonly rows: number;
  /** The newest moment in it. */
  readonly newest?: Date | undefined;
  /** A checksum of its rows but for the columns that are ignored, whatever their order. */
  readonly content?: string | undefined;
  /** Rows that are equal in all columns to one before them in the partition. */
  readonly repeats?: number | undefined;
}

export interface TablePartitions {
  /** What the names are, where they are slices of time. */
  readonly every?: CalendarUnit | undefined;
  readonly partitions: readonly TablePartition[];
  /** Rows that are in none, as they have no value for it. */
  readonly unplaced?: number | undefined;
}

export interface ReadPartitionsOptions {
  /** The column whose value tells a row's partition, or a function that tells it. */
  by: string | ((row: Readonly<Record<string, unknown>>) => unknown);
  /** The value is a moment, and rows of one such slice of time, in UTC, are together. @default undefined, each value by itself */
  every?: CalendarUnit | undefined;
  /** A column: partitions are told apart by its value as well. @default none */
  groupBy?: string | undefined;
  /** The column whose newest moment is told. @default `by` if that is a column, and `every` is given */
  newest?: string | undefined;
  /** Columns in which the content of two partitions differs anyway. @default `by` if that is a column */
  ignore?: readonly string[] | undefined;
  /** Past so many partitions it throws. @default 100_000 */
  maxPartitions?: number | undefined;
  signal?: AbortSignal | undefined;
}

interface Slice {
  readonly name: string;
  readonly group: string | undefined;
  readonly content: Checksum;
  newest: number;
  repeats: number;
  readonly seen: Set<number>;
}

/** Past so many rows in all, repeats are not looked for any more. */
const mostSeen = 1_000_000;

/** So many names are not made anew, as rows of one day mostly come together. */
const mostNames = 10_000;

/**
 * Reads rows once, and tells of each partition how many rows it has, the newest moment in it, and checksums of its content:
 * what {@link checkPartitions} takes. Moments are dates, ISO 8601 texts, and numbers of milliseconds.
 *
 * ```ts
 * import { readPartitions } from '@dataenginex/quality';
 *
 * const rows = [{ date: '2012-01-01', rain: 0 }, { date: '2012-01-02', rain: 10.9 }, { date: '2012-03-01', rain: 0 }];
 * const { partitions } = await readPartitions(rows, { by: 'date', every: 'month' });
 * partitions.map(({ name, rows }) => [name, rows]); // => [['2012-01', 2], ['2012-03', 1]]
 * ```
 *
 * Of the first million different rows, each that comes again in its partition is counted in `repeats`; later ones are not.
 *
 * @returns The partitions by their groups and names.
 * @throws {OptionError} When an option cannot work, the source is none, or there are too many partitions.
 */
export async function readPartitions(source: RowSource, options: ReadPartitionsOptions): Promise<TablePartitions> {
  const { by, every, groupBy, maxPartitions = 100_000, signal } = options;
  const column = typeof by === 'string' ? by : undefined;
  const { newest = every === undefined ? undefined : column, ignore = column === undefined ? [] : [column] } = options;
  if (typeof by !== 'string') checkFunction('readPartitions.by', by ?? null);
  if (every !== undefined) checkOneOf('readPartitions.every', every, calendarUnits);
  if (!Array.isArray(ignore)) throw new OptionError('readPartitions.ignore', 'an array of columns', ignore);
  checkInteger('readPartitions.maxPartitions', maxPartitions, { min: 1 });

  const slices = new Map<string, Map<string, Slice>>();
  const hash = new RowHash(ignore);
  const names = new Map<unknown, string | undefined>();
  const nameOf = (value: unknown): string | undefined => {
    if (names.has(value)) return names.get(value);
    if (names.size >= mostNames) names.clear();
    const name = every === undefined ? (isNull(value) ? undefined : textOf(value)) : sliceOf(value, every);
    names.set(value, name);
    return name;
  };
  let count = 0;
  let seen = 0;
  let unplaced = 0;
  const add = (row: unknown): void => {
    const value = !isObject(row) ? undefined : typeof by === 'string' ? row[by] : by(row);
    const name = nameOf(value);
    if (name === undefined || !isObject(row)) {
      unplaced++;
      return;
    }
    const group = groupBy === undefined ? '' : textOf(isNull(row[groupBy]) ? null : row[groupBy]);
    let ofGroup = slices.get(group);
    if (ofGroup === undefined) slices.set(group, (ofGroup = new Map()));
    let slice = ofGroup.get(name);
    if (slice === undefined) {
      if (++count > maxPartitions) throw new OptionError('readPartitions.maxPartitions', 'more', maxPartitions);
      const told = groupBy === undefined ? undefined : group;
      slice = { name, group: told, content: new Checksum(), newest: Number.NaN, repeats: 0, seen: new Set() };
      ofGroup.set(name, slice);
    }
    hash.read(row);
    slice.content.add(hash.contentHigh, hash.contentLow);
    if (newest !== undefined) {
      const moment = momentOf(row[newest], 1);
      if (!(moment <= slice.newest) && !Number.isNaN(moment)) slice.newest = moment;
    }
    const key = (hash.high >>> 11) * 2 ** 32 + (hash.low >>> 0);
    if (slice.seen.has(key)) slice.repeats++;
    else if (seen++ < mostSeen) slice.seen.add(key);
  };
  await readRows(
    source,
    (rows, from, to) => {
      for (let at = from; at < to; at++) add(rows instanceof ColumnTable ? rows.row(at) : rows[at]);
    },
    signal,
  );

  const all = [...slices.values()].flatMap((ofGroup) => [...ofGroup.values()]);
  return {
    every,
    unplaced,
    partitions: all
      .toSorted((a, b) => order(a.group ?? '', b.group ?? '') || order(a.name, b.name))
      .map((slice) => ({
        name: slice.name,
        ...(slice.group !== undefined && { group: slice.group }),
        rows: slice.content.count,
        ...(!Number.isNaN(slice.newest) && { newest: new Date(slice.newest) }),
        content: String(slice.content),
        repeats: slice.repeats,
      })),
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
