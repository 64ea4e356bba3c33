import { checkNumber, OptionError } from '@dataenginex/core';
import { compileJsonSchema } from '../rows/json-values.ts';
import { compileRegex } from '../rows/patterns.ts';
import { createMatcher } from '../rows/regex/matcher.ts';
import type { Ordered, Partition, Scalar } from './expectations.ts';

interface Strict {
  strictMin?: boolean | undefined;
  strictMax?: boolean | undefined;
}

/** Bounds as Great Expectations names them: at least one is there, of one type, in order. */
export function checkBounds<T extends Ordered>(
  name: string,
  min: T | null,
  max: T | null,
  { strictMin, strictMax }: Strict = {},
) {
  if (min === null && max === null) throw new OptionError(`${name}.min`, 'given, or else max', min);
  for (const [key, bound] of [['min', min] as const, ['max', max] as const]) {
    if (bound !== null && !isOrdered(bound))
      throw new OptionError(`${name}.${key}`, 'a number, a text, a date or null', bound);
  }
  if (min !== null && max !== null) {
    if (kindOf(min) !== kindOf(max)) throw new OptionError(`${name}.max`, `of the type of min, ${kindOf(min)}`, max);
    if (min > max) throw new OptionError(`${name}.max`, `at least min, ${String(min)}`, max);
  }
  return {
    min_value: min ?? undefined,
    max_value: max ?? undefined,
    strict_min: checkFlag(`${name}.strictMin`, strictMin),
    strict_max: checkFlag(`${name}.strictMax`, strictMax),
  };
}

/** Bounds of a count or a measure. */
export function checkNumberBounds(name: string, min: number | null, max: number | null, strict?: Strict) {
  for (const [key, bound] of [['min', min] as const, ['max', max] as const]) {
    if (bound !== null && typeof bound !== 'number') throw new OptionError(`${name}.${key}`, 'a number or null', bound);
  }
  return checkBounds(name, min, max, strict);
}

const kindOf = (value: Ordered): string =>
  value instanceof Date ? 'date' : typeof value === 'bigint' ? 'number' : typeof value;

function isOrdered(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === 'string' || typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
}

export function checkFlag(option: string, value: boolean | undefined): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new OptionError(option, 'true or false', value);
}

/** A function; unlike core's check, not left out. */
export function checkGiven<F>(option: string, value: F): F {
  if (typeof value === 'function') return value;
  throw new OptionError(option, 'a function', value);
}

/** A list of at least one. */
export function checkList<T>(option: string, values: readonly T[]): readonly T[] {
  if (Array.isArray(values) && values.length > 0) return values;
  throw new OptionError(option, 'an array of at least one', values);
}

export function checkValues(option: string, values: readonly Scalar[]): readonly Scalar[] {
  checkList(option, values).forEach((value, at) => checkValue(`${option}.${at}`, value));
  return values;
}

export function checkValue(option: string, value: unknown): void {
  if (value === null || typeof value === 'boolean' || isOrdered(value)) return;
  throw new OptionError(option, 'a number, a text, a boolean, a date or null', value);
}

export function checkText(option: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new OptionError(option, 'a text that is not empty', value);
}

/** The source of a regex. Flags are refused, as a database is not told of them. */
export function checkRegex(option: string, regex: string | RegExp): string {
  if (regex instanceof RegExp && /[^u]/.test(regex.flags)) {
    throw new OptionError(option, 'a regex without flags', String(regex));
  }
  const source = regex instanceof RegExp ? regex.source : checkText(option, regex);
  // To look into a pattern takes some milliseconds, which the first check should not.
  createMatcher(compileRegex(option, source));
  return source;
}

export function checkJsonSchema<S>(option: string, schema: S): S {
  compileJsonSchema(option, schema);
  return schema;
}

type Range = readonly [number | null, number | null];

/** Ranges by quantile, as Great Expectations takes them. */
export function checkRanges(option: string, ranges: Readonly<Record<number, Range>>) {
  const entries = Object.entries(ranges ?? {}).map(([quantile, range]) => {
    const at = checkNumber(`${option}.${quantile}`, Number(quantile), { min: 0, max: 1 });
    if (!Array.isArray(range) || range.length !== 2) throw new OptionError(`${option}.${quantile}`, 'a pair', range);
    const [min = null, max = null] = range;
    if (min !== null || max !== null) checkNumberBounds(`${option}.${quantile}`, min, max);
    return { at, range: [min, max] as Range };
  });
  if (entries.length === 0) throw new OptionError(option, 'ranges by quantile, at least one', ranges);
  return { quantiles: entries.map(({ at }) => at), value_ranges: entries.map(({ range }) => range) };
}

/** Weights that sum to 1, one for each value, or for each bin between ascending edges. */
export function checkPartition(option: string, partition: Partition): Partition {
  if (typeof partition !== 'object' || partition === null) throw new OptionError(option, 'a partition', partition);
  const weights = checkList(`${option}.weights`, partition.weights);
  const tails = 'bins' in partition ? (partition.tail_weights ?? []) : [];
  for (const weight of [...weights, ...tails]) checkNumber(`${option}.weights`, weight, { min: 0, max: 1 });
  const total = [...weights, ...tails].reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > 1e-6) throw new OptionError(`${option}.weights`, 'numbers that sum to 1', total);
  const places =
    'bins' in partition ? checkBins(`${option}.bins`, partition.bins).length - 1 : partition.values?.length;
  if (places !== weights.length)
    throw new OptionError(`${option}.weights`, `as many as there are places, ${places}`, weights);
  return partition;
}

function checkBins(option: string, bins: readonly number[]): readonly number[] {
  checkList(option, bins).forEach((edge, at) => {
    checkNumber(`${option}.${at}`, edge);
    const last = bins[at - 1];
    if (last !== undefined && edge <= last) throw new OptionError(`${option}.${at}`, `above ${last}`, edge);
  });
  return bins;
}
