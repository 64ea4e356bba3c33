import type { Rule } from '../rules/rule.ts';
import { isObject } from '../schema/json-schema.ts';
import { typeOf } from '../values.ts';
import type { FileTable, ReadRow } from './file-table.ts';

/** What values of a column a contract expects, as far as a text can tell them apart. */
type Kind = 'text' | 'number' | 'bigint' | 'boolean' | 'date' | 'other';

/**
 * Files know fewer types than contracts: CSV has texts alone, JSON neither dates nor bigints, Parquet's INT64 is a
 * bigint. A value becomes what the contract expects in its column when it is that, wholly and without loss, and stays
 * as it is otherwise, so that it breaks its rule:
 *
 * - CSV: the empty text is null, and so are `nulls`. A decimal number is a number (a bigint where a number would lose
 *   digits), `true` and `false` in any case booleans, an ISO 8601 text a date.
 * - JSON: an ISO 8601 text is a date, and digits are a bigint.
 * - Parquet: a bigint that a number can hold is that number.
 *
 * A column in which the contract allows texts keeps its texts.
 */
export function createReader(rules: readonly Rule[], nulls: readonly string[]): ReadRow {
  return createReaderOf(expectedKinds(rules), nulls);
}

function createReaderOf(kinds: ReadonlyMap<string, ReadonlySet<Kind>>, nulls: readonly string[]): ReadRow {
  const nullTexts = new Set(['', ...nulls]);
  const read = (value: unknown, expected: ReadonlySet<Kind> | undefined, isCsv: boolean): unknown => {
    if (typeof value === 'string') {
      if (isCsv && nullTexts.has(value)) return null;
      return expected === undefined || expected.has('text') ? value : readText(value, expected, isCsv);
    }
    if (typeof value !== 'bigint' || expected?.has('bigint')) return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  return (row, format) => {
    if (!isObject(row)) return row;
    const isCsv = format === 'csv' || format === 'tsv';
    // Rows are ours and new: it costs less than a copy.
    for (const name in row) row[name] = read(row[name], kinds.get(name), isCsv);
    return row;
  };
}

const asIs: ReadRow = (row) => row;

/**
 * Without a contract: a column of CSV of which every text is a decimal number without a needless zero in front has
 * numbers, one of `true` and `false` booleans. Reads the table once.
 */
export async function guessReader(table: FileTable, nulls: readonly string[]): Promise<ReadRow> {
  const nullTexts = new Set(['', ...nulls]);
  const guesses = new Map<string, Kind>();
  for await (const row of table.rows(asIs)) {
    if (!isObject(row)) continue;
    for (const name in row) {
      const value = row[name];
      const known = guesses.get(name);
      if (known === 'text' || typeof value !== 'string' || nullTexts.has(value)) continue;
      const kind = guess(value);
      guesses.set(name, known === undefined || known === kind ? kind : 'text');
    }
  }
  return createReaderOf(new Map(Array.from(guesses, ([name, kind]) => [name, new Set([kind])])), nulls);
}

function guess(text: string): Kind {
  if (decimal.test(text) && !/^[+-]?0\d/.test(text)) return 'number';
  return /^(?:true|false)$/i.test(text) ? 'boolean' : 'text';
}

function readText(text: string, expected: ReadonlySet<Kind>, isCsv: boolean): unknown {
  if (expected.has('bigint') && /^[+-]?\d+$/.test(text)) return BigInt(text);
  if (expected.has('date') && isoDate.test(text)) {
    const date = new Date(text.length > 10 && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text);
    if (!Number.isNaN(date.getTime())) return date;
  }
  if (!isCsv) return text;
  if (expected.has('number') && decimal.test(text)) {
    const isWhole = /^[+-]?\d+$/.test(text);
    return isWhole && !Number.isSafeInteger(Number(text)) ? BigInt(text) : Number(text);
  }
  if (expected.has('boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

const ofNumbers = new Set([
  'expect_column_mean_to_be_between',
  'expect_column_median_to_be_between',
  'expect_column_sum_to_be_between',
  'expect_column_stdev_to_be_between',
  'expect_column_quantile_values_to_be_between',
  'expect_column_value_z_scores_to_be_less_than',
  'expect_column_values_to_not_be_outliers',
  'expect_multicolumn_sum_to_equal',
]);

/** By column: the types that rules name; without any, those of the values they name, or of what they compute. */
function expectedKinds(rules: readonly Rule[]): ReadonlyMap<string, ReadonlySet<Kind>> {
  const named = new Map<string, Set<Kind>>();
  const implied = new Map<string, Set<Kind>>();
  const add = (to: Map<string, Set<Kind>>, column: string, kind: Kind): void => {
    to.set(column, (to.get(column) ?? new Set()).add(kind));
  };
  for (const { kwargs, expectation } of rules) {
    if ('column_list' in kwargs && ofNumbers.has(expectation)) {
      for (const column of kwargs.column_list) add(implied, column, 'number');
    }
    if (!('column' in kwargs)) continue;
    const { column } = kwargs;
    if ('type_' in kwargs) add(named, column, kindOfType(kwargs.type_));
    if ('type_list' in kwargs) for (const type of kwargs.type_list) add(named, column, kindOfType(type));
    // What a value set lists is what the schema's enum is: it says the type as well.
    if ('value_set' in kwargs)
      for (const value of kwargs.value_set) if (value !== null) add(implied, column, kindOf(value));
    const isOfValues =
      !expectation.includes('_length') && !expectation.includes('_count_') && !expectation.includes('_proportion_');
    if (isOfValues && 'min_value' in kwargs) {
      for (const bound of [kwargs.min_value, kwargs.max_value]) {
        if (bound !== undefined && bound !== null) add(implied, column, kindOf(bound));
      }
    }
    if (ofNumbers.has(expectation)) add(implied, column, 'number');
    if (/_regex|_like_pattern|_strftime|_length|_json_/.test(expectation)) add(implied, column, 'text');
  }
  return new Map([...implied, ...named]);
}

function kindOf(value: unknown): Kind {
  return kindOfType(typeOf(value) ?? 'object');
}

function kindOfType(type: string): Kind {
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'bigint' || type === 'boolean' || type === 'date' ? type : 'other';
}
