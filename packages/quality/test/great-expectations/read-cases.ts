import { readFileSync } from 'node:fs';
import type { ColumnCondition, ExpectationResult, ResultFormat, RowCondition, Rule } from '../../src/index.ts';

/** What Great Expectations answers, as test/great-expectations/make-cases.py computed it. */
export interface Case {
  readonly expectation: string;
  readonly case: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly table: {
    readonly columns: readonly { readonly name: string; readonly type: string }[];
    readonly rows: readonly (readonly unknown[])[];
  };
  /** More tables of the same database. */
  readonly others?: Readonly<Record<string, { readonly rows: readonly unknown[] }>>;
  readonly results?: Readonly<Record<ResultFormat, ExpectationResult>>;
  /** Where it raises instead: of arguments at their construction, which is what `contract()` checks, or of values. */
  readonly exception?: string;
  readonly raisedAt?: 'construction' | 'validation';
}

export const { cases }: { cases: Case[] } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));

export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (!isRecord(value)) return value;
  if ('$number' in value) return Number(value.$number);
  if ('$date' in value) return new Date(String(value.$date));
  if ('$datetime' in value) return new Date(`${String(value.$datetime)}Z`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const written: Readonly<Record<string, RowCondition>> = {
  'col("k") == "a"': { k: 'a' },
  'col("n") > 1.5': { n: { gt: 1.5 } },
  'col("k").notnull()': { k: { isNull: false } },
  'col("n") > 1 and col("n") < 3': { n: { gt: 1, lt: 3 } },
  "n > 1 and k != 'c'": { n: { gt: 1 }, k: { ne: 'c' } },
};

const operators: Readonly<Record<string, keyof ColumnCondition>> = {
  '==': 'eq',
  '!=': 'ne',
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
  IN: 'in',
  NOT_IN: 'notIn',
};

/** A condition of Great Expectations as one of ours; undefined where ours cannot say it. */
function whereOf(condition: unknown): RowCondition | undefined {
  if (typeof condition === 'string') return written[condition];
  if (!isRecord(condition)) return undefined;
  const { type, column, operator, parameter, conditions, is_null: isNull } = condition;
  if (type === 'and' && Array.isArray(conditions)) return Object.assign({}, ...conditions.map(whereOf));
  if (!isRecord(column)) return undefined;
  const one = type === 'nullity' ? { isNull } : { [operators[String(operator)]!]: parameter };
  return Object.fromEntries([[column.name, one]]);
}

export function ruleOf({ expectation, kwargs }: Case): Rule {
  const {
    row_condition: condition,
    condition_parser: _,
    ...rest
  } = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, revive(value)]));
  const where = condition === undefined ? undefined : whereOf(condition);
  return Object.assign(Object.create(null), {
    id: 'rule',
    expectation,
    kwargs: rest,
    where,
    severity: 'critical',
    tags: [],
    notes: undefined,
  });
}

/**
 * Results as they can be compared: dates written one way, numbers to 12 digits, and in one order what comes from a set
 * there: distinct values, modes, and counts of values, in which nulls of several columns are not one value to pandas.
 */
function comparable(value: unknown, key = ''): unknown {
  if (value instanceof Date) return { date: value.getTime() };
  if (typeof value === 'number') return Number.isNaN(value) ? null : Number(value.toPrecision(12)) + 0;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\S+)?$/.test(value)) {
    return { date: Date.parse(value.length > 10 ? `${value.slice(0, 19)}Z` : value) };
  }
  if (Array.isArray(value))
    return key === 'partial_unexpected_counts' ? merged(value) : value.map((item) => comparable(item));
  if (!isRecord(value)) return value;
  if ('$number' in value) return Number(value.$number);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, comparable(item, name)]));
}

function merged(counts: readonly { readonly value: unknown; readonly count: number }[]): unknown {
  const all = new Map<string, number>();
  for (const { value, count } of counts) {
    const key = JSON.stringify(comparable(value));
    all.set(key, (all.get(key) ?? 0) + count);
  }
  return Object.fromEntries(all);
}

/** Fields that one of the two may leave out: there are no indexes in SQL, no counts of what Python cannot sort. */
const ours = new Set(['partial_unexpected_counts', 'partial_unexpected_index_list', 'unexpected_index_list']);
const unordered = new Set(['observed_value', 'partial_unexpected_list', 'partial_missing_list']);

export function alike(
  expectation: string,
  got: ExpectationResult,
  wanted: ExpectationResult,
): readonly [unknown, unknown] {
  const fields = (of: ExpectationResult) =>
    Object.entries(of.result)
      .filter(([key]) => key !== 'unexpected_index_query' && (key in wanted.result || !ours.has(key)))
      .map(([key, value]) => {
        const set = /_distinct_|_most_common_/.test(expectation) && unordered.has(key) && Array.isArray(value);
        return [key, comparable(set ? value.map((item) => JSON.stringify(comparable(item))).toSorted() : value, key)];
      });
  return [
    { success: got.success, result: Object.fromEntries(fields(got)) },
    { success: wanted.success, result: Object.fromEntries(fields(wanted)) },
  ];
}

export const nameOf = (entry: Case): string => `${entry.expectation}: ${entry.case}`;
