import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { Report } from '../report/report.ts';
import type { ObservedResult } from '../report/result.ts';
import type { ShapeOptions } from '../rules/rule-options.ts';
import { sliceOf, slicesBetween } from './calendar.ts';
import { comparisonResult, rounded } from './comparison.ts';
import { checkRange, expectedRange, type RangeOptions } from './expected-range.ts';
import type { TablePartition, TablePartitions } from './read-partitions.ts';

export interface FreshPartitionOptions extends ShapeOptions {
  /** How old the newest moment may be. */
  withinMs: number;
}

export interface VolumeOptions extends RangeOptions, ShapeOptions {
  /** With fewer in a group it is not judged. @default 7 */
  minPartitions?: number | undefined;
}

/** What is asked of partitions; what is left out is not asked. */
export interface CheckPartitionsOptions {
  /** The first name that is expected. Those before it are not looked at. @default the first of each group */
  from?: string | undefined;
  /** The last name that is expected, such as the last slice that is over. @default the last of each group */
  to?: string | undefined;
  /** No slice of time is missing: needs `every`. */
  complete?: ShapeOptions | undefined;
  /** No two partitions of a group have the same content, and no partition has a row twice. */
  distinct?: ShapeOptions | undefined;
  /** The newest moment of each group is recent; without `every`, that of each partition. */
  fresh?: FreshPartitionOptions | undefined;
  /** No partition has far more or fewer rows than its group lets expect. */
  volume?: VolumeOptions | undefined;
}

/**
 * Asks of the partitions of a table what no single row tells: that none is missing, none comes twice, none is stale or of
 * an unusual size. Each is named in the result, with its group if it has one.
 *
 * ```ts
 * import { checkPartitions, readPartitions } from '@dataenginex/quality';
 *
 * const rows = [
 *   { date: '2012-01-01', rain: 0 },
 *   { date: '2012-01-02', rain: 10.9 },
 *   { date: '2012-01-04', rain: 10.9 },
 *   { date: '2012-01-05', rain: 0.8 },
 *   { date: '2012-01-05', rain: 0.8 },
 * ];
 * const days = await readPartitions(rows, { by: 'date', every: 'day' });
 * const report = checkPartitions('daily', days, { complete: {}, distinct: { severity: 'warning' } });
 * report.failures.map(({ rule }) => rule.id); // => ['partitions.complete', 'partitions.distinct']
 * report.assert(); // throws 2012-01-03 is missing
 * ```
 *
 * Partitions need not come from `readPartitions`: `name` and `rows` are enough to judge which are missing, and their
 * volume, so those of a history do: `runs.map(({ partition = '', rows }) => ({ name: partition, rows }))`.
 *
 * @param name What the report calls the table.
 * @throws {OptionError} When an option cannot work.
 */
export function checkPartitions(name: string, table: TablePartitions, options: CheckPartitionsOptions): Report {
  const start = performance.now();
  const { every } = table;
  const { from, to, complete, distinct, fresh, volume } = options;
  if (complete !== undefined && every === undefined) {
    throw new OptionError('checkPartitions.complete', 'left out, as the partitions are no slices of time', complete);
  }
  for (const [key, end] of Object.entries({ from, to })) {
    if (end === undefined || every === undefined || sliceOf(end, every) === end) continue;
    throw new OptionError(`checkPartitions.${key}`, `the name of a slice of time, as each ${every} has one`, end);
  }
  if (fresh !== undefined) checkNumber('checkPartitions.fresh.withinMs', fresh.withinMs, { min: 0 });
  if (volume !== undefined) {
    checkRange('checkPartitions.volume', volume);
    checkInteger('checkPartitions.volume.minPartitions', volume.minPartitions ?? 7, { min: 1 });
  }
  const isAsked = (partition: TablePartition): boolean =>
    (from === undefined || partition.name >= from) && (to === undefined || partition.name <= to);
  const asked = { ...table, partitions: table.partitions.filter(isAsked) };
  const groups = new Map<string | undefined, TablePartition[]>();
  for (const partition of table.partitions) groups.set(partition.group, []);
  if (groups.size === 0) groups.set(undefined, []);
  for (const partition of asked.partitions) groups.get(partition.group)?.push(partition);

  const results = [
    ...(complete === undefined ? [] : [judgeComplete(table, groups, options, complete)]),
    ...(distinct === undefined ? [] : [judgeDistinct(groups, distinct)]),
    ...(fresh === undefined ? [] : [judgeFresh(table, groups, fresh)]),
    ...(volume === undefined ? [] : [judgeVolume(groups, volume)]),
  ];
  const rows = table.partitions.reduce((sum, partition) => sum + partition.rows, table.unplaced ?? 0);
  return new Report(name, rows, performance.now() - start, results);
}

/** Rows of the year 9999, as some write "for ever", would miss millions. */
const mostMissing = 100_000;

type Groups = ReadonlyMap<string | undefined, readonly TablePartition[]>;

function judgeComplete(
  { every = 'day', unplaced: without = 0 }: TablePartitions,
  groups: Groups,
  { from, to }: CheckPartitionsOptions,
  options: ShapeOptions,
): ObservedResult {
  const missing: string[] = [];
  let unplaced = without;
  for (const [group, partitions] of groups) {
    const names = new Set<string>();
    for (const { name, rows } of partitions) {
      if (sliceOf(name, every) === name) names.add(name);
      else unplaced += rows;
    }
    const sorted = [...names].toSorted();
    const first = from ?? sorted[0];
    const last = to ?? sorted.at(-1);
    if (first === undefined || last === undefined) continue;
    for (const name of slicesBetween(first, last, every)) {
      if (missing.length === mostMissing) break;
      if (!names.has(name)) missing.push(labelOf({ group, name }));
    }
  }
  const least = missing.length === mostMissing ? 'at least ' : '';
  const told =
    missing.length === 0
      ? 'none is missing'
      : `${least}${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`;
  return comparisonResult(
    {
      name: 'partitions.complete',
      about: `no ${every} is missing`,
      success: missing.length === 0,
      observed: missing,
      summary: unplaced === 0 ? told : `${told}; ${unplaced} ${unplaced === 1 ? 'row has' : 'rows have'} no ${every}`,
      details: { unplaced },
    },
    options,
  );
}

function judgeDistinct(groups: Groups, options: ShapeOptions): ObservedResult {
  const same: (readonly [string, string])[] = [];
  const repeated: { partition: string; rows: number }[] = [];
  for (const partitions of groups.values()) {
    const first = new Map<string, TablePartition>();
    for (const partition of partitions) {
      const { content, repeats = 0 } = partition;
      if (repeats > 0) repeated.push({ partition: labelOf(partition), rows: repeats });
      if (content === undefined) continue;
      const other = first.get(content);
      if (other === undefined) first.set(content, partition);
      else same.push([labelOf(partition), labelOf(other)]);
    }
  }
  const found = [
    ...same.map(([label, other]) => `${label} is the same as ${other}`),
    ...repeated.map(({ partition, rows }) => `${partition} has ${rows} ${rows === 1 ? 'row' : 'rows'} again`),
  ];
  return comparisonResult(
    {
      name: 'partitions.distinct',
      about: 'no partition is the same as another, and none has a row twice',
      success: found.length === 0,
      observed: [...same.map(([label]) => label), ...repeated.map(({ partition }) => partition)],
      summary: found.length === 0 ? 'so it is' : listed(found, '; '),
      details: { same, repeated },
    },
    options,
  );
}

function judgeFresh({ every }: TablePartitions, groups: Groups, options: FreshPartitionOptions): ObservedResult {
  const now = Date.now();
  const newest = [...groups].flatMap(([group, partitions]) => {
    const all = partitions.map((partition) => ({
      label: labelOf(partition),
      at: partition.newest?.getTime() ?? -Infinity,
    }));
    return every === undefined ? all : [{ label: group ?? 'the newest', at: Math.max(...all.map(({ at }) => at)) }];
  });
  const stale = newest.filter(({ at }) => !(now - at <= options.withinMs));
  const told = stale.map(({ label, at }) =>
    at === -Infinity ? `${label} has no moment` : `${label} is of ${new Date(at).toISOString()}`,
  );
  return comparisonResult(
    {
      name: 'partitions.fresh',
      about: `the newest moment is at most ${options.withinMs / 1000} s old`,
      success: stale.length === 0,
      observed: stale.map(({ label }) => label),
      summary: stale.length === 0 ? 'so it is' : listed(told, '; '),
    },
    options,
  );
}

function judgeVolume(groups: Groups, options: VolumeOptions): ObservedResult {
  const { method = 'robustZ', minPartitions = 7 } = options;
  const unjudged: string[] = [];
  const outliers = [...groups].flatMap(([group, partitions]) => {
    const expected = expectedRange(
      partitions.map(({ rows }) => rows),
      options,
    );
    if (expected === undefined || partitions.length < minPartitions) {
      unjudged.push(group ?? 'all');
      return [];
    }
    const { min, max } = expected;
    const off = partitions.filter(({ rows }) => rows < min || rows > max);
    return off.map((partition) => ({ partition: labelOf(partition), rows: partition.rows, expected }));
  });
  const told = outliers.map(
    ({ partition, rows, expected: { min, max } }) =>
      `${partition} has ${rows} rows, expected ${rounded(min)} to ${rounded(max)}`,
  );
  const judged =
    unjudged.length === 0 ? 'so they have' : `not judged with fewer than ${minPartitions}: ${listed(unjudged)}`;
  return comparisonResult(
    {
      name: 'partitions.volume',
      about: `partitions have about as many rows as the others (${method})`,
      success: outliers.length === 0,
      observed: outliers.map(({ partition }) => partition),
      summary: outliers.length === 0 ? judged : listed(told, '; '),
      details: { outliers, unjudged },
    },
    options,
  );
}

function labelOf({ group, name }: Pick<TablePartition, 'group' | 'name'>): string {
  return group === undefined ? name : `${group} ${name}`;
}

/** The first ten of them, in words. */
function listed(texts: readonly string[], separator = ', '): string {
  const more = texts.length > 10 ? `${separator}and ${texts.length - 10} more` : '';
  return texts.slice(0, 10).join(separator) + more;
}
