import { DuckDBInstance } from '@duckdb/node-api';
import { OptionError } from '@dataenginex/core';
import { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { alike, type Case, cases, nameOf, revive, ruleOf } from '../../test/great-expectations/read-cases.ts';
import { noPostgres, startPostgres } from '../../test/postgres-server.ts';
import { tableSql, type ValueKind } from '../../test/values-sql.ts';
import { duckdb } from '../duckdb.ts';
import { postgres } from '../postgres.ts';
import { toResult } from '../report/to-result.ts';
import { createRowsCheck } from '../rows/check-rows.ts';
import type { Rule, RuleResult } from '../index.ts';
import type { TableSource } from '../table-source.ts';

const kinds: Readonly<Record<string, ValueKind>> = {
  number: 'number',
  integer: 'integer',
  string: 'text',
  boolean: 'boolean',
  date: 'date',
  datetime: 'date',
};

/** What databases are not asked. */
const refused: readonly (readonly [why: string, where: RegExp])[] = [
  ['JavaScript, Python and JSON Schema are not there', /dateutil|json_schema/],
  ['PostgreSQL has JSON from 16 on', /json_parseable/],
  ['lookaround and backreferences are not there', /regex.*(look|backref|named|group)/],
  ['a double has no text that is the same everywhere', /numbers: the length of their text|numbers: their text/],
];

/** Where a database answers otherwise. */
const deviations: readonly (readonly [why: string, where: RegExp])[] = [
  ['sums of doubles are as exact as the database makes them', /cancellation|0\.1 ten times/],
  ['the client of DuckDB loses U+FEFF at the start of a text', /json_parseable: not JSON/],
];

/** Types are another thing in a database, where a date is a text, too. */
const isOfTypes = /_of_type|_in_type_list|_type_to_be/;

interface Judged {
  readonly entry: Case;
  readonly result: RuleResult | undefined;
}

/** Those of one table at once; a rule that is refused is left out then. */
async function judgeAll(
  sourceOf: (sql: string, key: string | undefined) => TableSource,
  dialect: 'duckdb' | 'postgres',
) {
  const groups = Map.groupBy(
    cases.filter((entry) => {
      const { expectation, table, results, others } = entry;
      const isTyped =
        table.columns.every(({ type }) => type in kinds) && new Set(table.columns.map(({ name }) => name)).size > 0;
      return (
        isTyped &&
        results !== undefined &&
        others === undefined &&
        !isOfTypes.test(expectation) &&
        onRows(entry) !== undefined
      );
    }),
    ({ table, expectation }) => JSON.stringify([table, /^expect_table_column|to_exist/.test(expectation)]),
  );
  const all: Judged[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const isShape = /^expect_table_column|to_exist/.test(first.expectation);
    const columns = first.table.columns.map(({ name }) => name);
    const rows = first.table.rows.map((row, at) =>
      Object.fromEntries([
        ...columns.map((name, index) => [name, revive(row[index])]),
        ...(isShape ? [] : [['#', at]]),
      ]),
    );
    const types = Object.fromEntries(first.table.columns.map(({ name, type }) => [name, kinds[type] ?? 'text']));
    const sql = tableSql(dialect, isShape ? types : { ...types, '#': 'integer' }, rows);
    const source = sourceOf(sql, isShape ? undefined : '#');
    let left = group.map((entry, at) => ({ entry, rule: Object.assign(ruleOf(entry), { id: `case-${at}.` }) as Rule }));
    while (left.length > 0) {
      try {
        const options = { signal: undefined, keepIndexes: true, columns, optionalColumns: [] };
        const { results } = await source.judge(
          left.map(({ rule }) => rule),
          options,
        );
        all.push(...left.map(({ entry }, at) => ({ entry, result: results[at] })));
        break;
      } catch (error) {
        if (!(error instanceof OptionError)) throw error;
        const culprit = left.find(({ rule }) => error.message.includes(`"${rule.id}`));
        if (culprit === undefined) throw error;
        all.push({ entry: culprit.entry, result: undefined });
        left = left.filter((other) => other !== culprit);
      }
    }
  }
  return all;
}

/** Undefined of arguments that are none, which `contract()` refuses. */
function onRows(entry: Case): RuleResult | undefined {
  try {
    return judgeRows(entry);
  } catch {
    return undefined;
  }
}

function judgeRows(entry: Case): RuleResult | undefined {
  const names = entry.table.columns.map(({ name }) => name);
  const check = createRowsCheck([ruleOf(entry)], { keepIndexes: true, columns: names });
  check.push(entry.table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, revive(row[index])]))));
  return check.finish().results[0];
}

function verify(all: readonly Judged[]): void {
  const wrong: string[] = [];
  for (const { entry, result } of all) {
    const name = nameOf(entry);
    if (result === undefined) {
      if (!refused.some(([, where]) => where.test(name))) wrong.push(`${name} is refused`);
      continue;
    }
    const wanted = onRows(entry);
    if (wanted === undefined || deviations.some(([, where]) => where.test(name))) continue;
    const [got, expected] = alike(entry.expectation, toResult(result, 'COMPLETE'), toResult(wanted, 'COMPLETE'));
    try {
      expect(got).toEqual(expected);
    } catch {
      wrong.push(`${name}: ${JSON.stringify(got)} and not ${JSON.stringify(expected)}`);
    }
  }
  expect(wrong).toEqual([]);
}

describe('rules in databases, as rows are judged that Great Expectations has judged', () => {
  it('in DuckDB', async () => {
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    const all = await judgeAll((sql, key) => duckdb(connection, { sql }, { key }), 'duckdb');
    verify(all);
    expect(all.filter(({ result }) => result !== undefined).length).toBeGreaterThan(600);
    connection.closeSync();
  });

  it.skipIf(noPostgres !== undefined)('in PostgreSQL', async () => {
    await using server = await startPostgres();
    const pool = new Pool(server.config);
    const all = await judgeAll((sql, key) => postgres(pool, { sql }, { key }), 'postgres');
    await pool.end();
    verify(all);
    expect(all.filter(({ result }) => result !== undefined).length).toBeGreaterThan(600);
  });
});
