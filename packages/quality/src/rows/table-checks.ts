import { OptionError } from '@dataenginex/core';
import { within } from '../rules/bounds.ts';
import type { Judge, RowsCheckOptions } from './check-rows.ts';
import type { ColumnTable } from './column-table.ts';
import type { Expectation } from '../rules/expectations.ts';
import type { Planner } from './planner.ts';
import type { RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';

/** The names of all columns, in the order in which rows bring them up. */
export interface ColumnNames {
  /** Whether a rule asks for them: they cost a look at each row's keys. */
  wanted: boolean;
  read(rows: readonly unknown[], from: number, to: number): void;
  readonly all: readonly string[];
}

export function createColumnNames(ofNoRows: readonly string[]): ColumnNames {
  const all: string[] = [];
  let rows = 0;
  const known = new Set<string>();
  return {
    wanted: false,
    get all() {
      return rows === 0 ? ofNoRows : all;
    },
    read(batch, from, to) {
      rows += to - from;
      for (let index = from; index < to; index++) {
        const row = batch[index];
        if (typeof row !== 'object' || row === null) continue;
        let at = 0;
        for (const name in row) {
          if (name === all[at++] || known.has(name)) continue;
          known.add(name);
          all.push(name);
        }
      }
    },
  };
}

/** A table of columns shows them, even without rows. */
export function columnNamesOf(table: ColumnTable): ColumnNames {
  return { wanted: false, all: [...table.values.keys()], read: () => {} };
}

/** The rules about the table's columns and the number of its rows. */
export const tableJudges = {
  expect_column_to_exist: (rule, planner, names) => {
    const { column, column_index: index } = rule.kwargs;
    const exists = (success: boolean): RuleResult => ({
      rule,
      kind: 'observed',
      success,
      observed: null,
      details: undefined,
    });
    if (index !== undefined) return ofColumns(names, (found) => exists(found.at(index) === column));
    planner.read([column]);
    return () => exists(planner.elements(0) === 0 ? names.all.includes(column) : planner.has(column));
  },
  expect_table_columns_to_match_ordered_list: (rule, _, names) => {
    const { column_list: wanted } = rule.kwargs;
    return ofColumns(names, (found) => {
      const mismatched = Array.from({ length: Math.max(found.length, wanted.length) }, (__, at) => ({
        'Expected Column Position': at,
        Expected: wanted[at] ?? null,
        Found: found[at] ?? null,
      })).filter((position) => position.Expected !== position.Found);
      const success = mismatched.length === 0;
      return { rule, kind: 'observed', success, observed: found, details: success ? undefined : { mismatched } };
    });
  },
  expect_table_columns_to_match_set: (rule, _, names) => {
    const { column_set: wanted, exact_match: exact = true } = rule.kwargs;
    return ofColumns(names, (found) => {
      const [known, there] = [new Set(wanted), new Set(found)];
      const unexpected = found.filter((name) => !known.has(name)).toSorted();
      const missing = wanted.filter((name) => !there.has(name)).toSorted();
      const mismatched = { ...(unexpected.length > 0 && { unexpected }), ...(missing.length > 0 && { missing }) };
      const success = missing.length === 0 && (!exact || unexpected.length === 0);
      const details = unexpected.length + missing.length === 0 ? undefined : { mismatched };
      return { rule, kind: 'observed', success, observed: found.toSorted(), details };
    });
  },
  expect_table_column_count_to_equal: (rule, _, names) =>
    ofColumns(names, ({ length }) => counted(rule, length, length === rule.kwargs.value)),
  expect_table_column_count_to_be_between: (rule, _, names) =>
    ofColumns(names, ({ length }) => counted(rule, length, within(length, rule.kwargs) === true)),
  expect_table_row_count_to_equal: (rule, planner) => ofRows(rule, planner, (count) => count === rule.kwargs.value),
  expect_table_row_count_to_be_between: (rule, planner) =>
    ofRows(rule, planner, (count) => within(count, rule.kwargs) === true),
  expect_table_row_count_to_equal_other_table: (rule, planner, _, { tables = {} }) => {
    const { other_table_name: name } = rule.kwargs;
    const other = Object.hasOwn(tables, name) ? tables[name] : undefined;
    if (other === undefined) throw new OptionError(`check.tables.${name}`, `given, as ${rule.id} asks for it`, other);
    const result = ofRows(rule, planner, (count) => count === other);
    return () => withOther(result(), other);
  },
} satisfies {
  readonly [E in Expectation]?: (
    rule: RuleOf<E>,
    planner: Planner,
    names: ColumnNames,
    options: Pick<RowsCheckOptions, 'tables'>,
  ) => Judge;
};

function withOther(result: RuleResult, other: number): RuleResult {
  return result.kind === 'observed' ? { ...result, observed: { self: result.observed, other } } : result;
}

function ofColumns(names: ColumnNames, judge: (found: readonly string[]) => RuleResult): Judge {
  names.wanted = true;
  return () => judge(names.all);
}

function ofRows(rule: Rule, planner: Planner, holds: (count: number) => boolean): Judge {
  const condition = planner.condition(rule.where);
  return () => {
    const failure = planner.failure(rule, { columns: [], condition });
    const count = planner.elements(condition);
    return failure === undefined ? counted(rule, count, holds(count)) : { ...failure, unexpectedIndexes: [] };
  };
}

function counted(rule: Rule, observed: number, success: boolean): RuleResult {
  return { rule, kind: 'observed', success, observed, details: undefined };
}
