import { interpolate, type Interpolation } from '../rows/collect.ts';
import type { Rule } from '../rules/rule.ts';
import { isNumeric, nounOf, type Term } from './dialect.ts';
import { type Grouping, groupingOf } from './groups.ts';
import { type MapQuestion, scalar } from './map-rules.ts';
import { all, ask, measure, numberOf, over, type Steps, type Window } from './steps.ts';
import type { Table } from './table.ts';
import { conditionOf } from './terms.ts';

export type ColumnRule = Rule & { readonly kwargs: { readonly column: string } };

/** What the numbers of a column, or of one of its groups, have in common. */
export interface Numbers {
  readonly sql: string;
  readonly sum: number;
  readonly mean: number;
  /** Why values are no numbers. */
  readonly trouble: string | undefined;
  question(breaks: string): MapQuestion;
  deviation(): Steps<number>;
  quantiles(shares: readonly number[], interpolation: Interpolation): Steps<readonly number[]>;
  /** The mean and the deviation in SQL: of each row its group's. Null where values do not deviate. */
  moments(): Steps<Moments>;
  /** So many times the distance of the quartiles below the first and above the third, in SQL: of each row its group's. */
  fences(multiplier: number): Steps<Fences>;
}

interface Moments {
  readonly mean: string;
  readonly deviation: string;
  readonly windows: readonly Window[];
}

interface Fences {
  readonly low: string;
  readonly high: string;
  readonly windows: readonly Window[];
}

/** Booleans count as 0 and 1. */
export function* numbersOf(rule: ColumnRule, table: Table): Steps<Numbers> {
  const { dialect } = table;
  const { column } = rule.kwargs;
  const term = scalar(rule, table.term(column));
  const where = conditionOf(rule, table);
  const areNumbers = isNumeric(term) || term.kind === 'boolean';
  const number: Term = !areNumbers
    ? { ...term, kind: 'number', sql: dialect.null('number') }
    : term.kind === 'boolean'
      ? { ...term, kind: 'integer', sql: `CAST(${term.sql} AS INTEGER)` }
      : term;
  const { sql } = number;
  const double = number.kind === 'number' ? sql : `CAST(${sql} AS DOUBLE PRECISION)`;
  const infinity = dialect.double(Infinity);
  const isFinite = number.kind === 'number' ? `abs(${sql}) < ${infinity}` : undefined;
  // The squares of larger numbers are infinite, which is an error in databases.
  const isSmall = number.kind === 'number' ? `abs(${sql}) < ${dialect.double(1e150)}` : undefined;
  const sums = {
    sum: over(dialect.sum(number), where, isFinite),
    deviation: over(dialect.deviation(double), where, isSmall),
    count: over(`count(${sql})`, where),
    small: over(`count(${sql})`, where, isSmall),
  };
  const [values, summed, above, below] = yield* measure(
    over(`count(${term.sql})`, where),
    sums.sum,
    number.kind === 'number' ? over('count(*)', where, `${sql} = ${infinity}`) : '0',
    number.kind === 'number' ? over('count(*)', where, `${sql} = ${dialect.double(-Infinity)}`) : '0',
  );
  const count = Number(values);
  const infinite = (Number(above) > 0 ? Infinity : 0) + (Number(below) > 0 ? -Infinity : 0);
  const sum = (summed === null ? 0 : numberOf(summed)) + infinite;
  const mean = sum / count;
  const isOther = !areNumbers && term.kind !== 'none';
  const grouping = groupingOf(rule, table);
  const hasGroups = grouping.terms.length > 0;
  const asked = all(where, `${sql} IS NOT NULL`);
  const numbers: Numbers = {
    sql,
    sum,
    mean,
    trouble: isOther && count > 0 ? `${nounOf(term)} is no number` : undefined,
    question: (breaks) => ({
      columns: [column],
      skip: 'any',
      breaks: isOther ? `${term.sql} IS NOT NULL` : breaks,
      trouble: isOther ? `${nounOf(term)} is no number` : undefined,
    }),
    *deviation() {
      const [deviation, every, small] = yield* measure(sums.deviation, sums.count, sums.small);
      return Number(every) === Number(small) ? numberOf(deviation) : Number.NaN;
    },
    *quantiles(shares, interpolation) {
      if (count === 0 || !areNumbers) return shares.map(() => Number.NaN);
      const places = shares.flatMap((share) => [Math.floor(share * (count - 1)), Math.ceil(share * (count - 1))]);
      const ofAll = places.map((place) =>
        over(dialect.quantile(sql, (place + 0.5) / count), where, `${sql} IS NOT NULL`),
      );
      const found = hasGroups ? yield* rankedByGroups(table, grouping, sql, asked, shares) : yield* measure(...ofAll);
      const ends = found.map(numberOf);
      return shares.map((share, index) => {
        const [low = Number.NaN, high = Number.NaN] = ends.slice(index * 2);
        return interpolate(low, high, share * (count - 1), interpolation);
      });
    },
    *moments() {
      if (hasGroups) return momentsByGroups(table, grouping, sums);
      const deviation = yield* numbers.deviation();
      const sqlOf = deviation > 0 ? dialect.double(deviation) : dialect.null('number');
      return { mean: dialect.double(mean), deviation: sqlOf, windows: [] };
    },
    *fences(multiplier) {
      if (hasGroups) return fencesByGroups(table, grouping, double, asked, multiplier);
      const [first = Number.NaN, third = Number.NaN] = yield* numbers.quantiles([0.25, 0.75], 'linear');
      const reach = multiplier * (third - first);
      const [low, high] = [first - reach, third + reach].map((fence) =>
        Number.isNaN(fence) ? dialect.null('number') : dialect.double(fence),
      );
      return { low: low ?? '', high: high ?? '', windows: [] };
    },
  };
  return numbers;
}

/** The numbers below and above each share of a group, as shares of aggregates cannot be of counts. */
function* rankedByGroups(
  table: Table,
  { select, with: withGroups, partition, groupBy }: Grouping,
  sql: string,
  asked: string,
  shares: readonly number[],
): Steps<readonly unknown[]> {
  const ends = shares.flatMap((share) =>
    ['floor', 'ceil'].map((end) => over('max(x)', `nth = ${end}(${table.dialect.double(share)} * (n - 1))`)),
  );
  const [row = []] = yield* ask(
    `SELECT ${select(...ends)} FROM (SELECT ${withGroups(`${sql} AS x`)}, count(*) OVER (${partition()}) AS n, ` +
      `row_number() OVER (${partition()} ORDER BY ${sql}) - 1 AS nth FROM ${table.rows()} WHERE ${asked}) AS q${groupBy}`,
  );
  return row;
}

function momentsByGroups(
  table: Table,
  { partition }: Grouping,
  sums: Readonly<Record<'sum' | 'deviation' | 'count' | 'small', string>>,
): Moments {
  const ofGroup = (aggregate: string): Window => table.window(`${aggregate} OVER (${partition()})`);
  const [sum, deviation] = [ofGroup(sums.sum), ofGroup(sums.deviation)];
  const [count, small] = [ofGroup(sums.count), ofGroup(sums.small)];
  return {
    mean: `(CAST(${sum.name} AS DOUBLE PRECISION) / ${count.name})`,
    deviation: `CASE WHEN ${small.name} = ${count.name} AND ${deviation.name} > 0 THEN ${deviation.name} END`,
    windows: [sum, deviation, count, small],
  };
}

function fencesByGroups(table: Table, { partition }: Grouping, sql: string, asked: string, multiplier: number): Fences {
  const { double } = table.dialect;
  const group = partition(`coalesce(${asked}, FALSE)`);
  const count = table.window(`count(*) OVER (${group})`);
  const rank = table.window(`row_number() OVER (${group} ORDER BY ${sql}) - 1`);
  const quartile = (share: number): { readonly value: string; readonly ends: readonly [Window, Window] } => {
    const at = `(${double(share)} * (${count.name} - 1))`;
    const ends = ['floor', 'ceil'].map(
      (end) => `max(${sql}) FILTER (WHERE ${rank.name} = ${end}${at}) OVER (${group})`,
    );
    const [low, high] = [table.window(ends[0] ?? '', true), table.window(ends[1] ?? '', true)];
    const [part, distance] = [`(${at} - floor${at})`, `(${high.name} - ${low.name})`];
    // As `interpolate` does it.
    const value =
      `(CASE WHEN ${low.name} = ${high.name} OR ${part} = 0 THEN ${low.name} ` +
      `WHEN ${part} < 0.5 THEN ${low.name} + ${distance} * ${part} ELSE ${high.name} - ${distance} * (1 - ${part}) END)`;
    return { value, ends: [low, high] };
  };
  const [first, third] = [quartile(0.25), quartile(0.75)];
  const reach = `${double(multiplier)} * (${third.value} - ${first.value})`;
  const [low, high] = [`${first.value} - ${reach}`, `${third.value} + ${reach}`];
  return {
    low: `nullif(${low}, ${double(Number.NaN)})`,
    high: `nullif(${high}, ${double(Number.NaN)})`,
    windows: [count, rank, ...first.ends, ...third.ends],
  };
}
