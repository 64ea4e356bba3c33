import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { duckdb } from './duckdb.ts';
import { contract, contractOf } from './index.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const Temps = contract('temps', z.object({ station: z.string(), temp: z.number().nullable() }), (c, t) => [
  c.temp.toBeBetween(-60, 60),
  t.unique('station', 'temp'),
]);

const temps = {
  sql: `FROM (VALUES ('SEA', 12.8, [1]), ('SEA', 128.0, [2]), ('NYC', NULL, [1]), ('NYC', 'NaN'::DOUBLE, [1])) AS t(station, temp, list)`,
};

/** The queries that a check sends. */
function listening(): { readonly source: DuckDBConnection; readonly queries: string[] } {
  const queries: string[] = [];
  const source = new Proxy(connection, {
    get(target, name) {
      if (name !== 'runAndReadAll') return Reflect.get(target, name);
      return (sql: string) => {
        queries.push(sql);
        return target.runAndReadAll(sql);
      };
    },
  });
  return { source, queries };
}

describe('duckdb', () => {
  it('judges a table in one scan where no rule fails, and in two where one does', async () => {
    const { source, queries } = listening();
    const Good = contract('good', z.object({ station: z.string() }), (c) => [c.station.lengthsToEqual(3)]);
    expect((await Good.check(duckdb(source, temps))).success).toBe(true);
    expect(queries).toHaveLength(2);
    const Bad = contract('bad', z.object({ station: z.string() }), (c) => [
      c.station.lengthsToEqual(4),
      c.station.toMatchRegex('^S'),
    ]);
    expect((await Bad.check(duckdb(source, temps))).failures).toHaveLength(2);
    expect(queries).toHaveLength(5);
  });

  it('tells values without a key, and places and keys with one', async () => {
    const of = (rules: Awaited<ReturnType<typeof Temps.check>>) =>
      rules.results.find(({ rule }) => rule.id === 'temp.toBeBetween');
    const plain = of(await Temps.check(duckdb(connection, temps)));
    expect(plain).toMatchObject({
      missingCount: 2,
      unexpectedCount: 1,
      unexpectedValues: [128],
      unexpectedIndexes: [],
    });
    expect(plain).not.toHaveProperty('unexpectedKeys');
    const keyed = of(await Temps.check(duckdb(connection, temps, { key: ['station', 'temp'] })));
    expect(keyed).toMatchObject({ unexpectedIndexes: [3], unexpectedKeys: [{ station: 'SEA', temp: 128 }] });
  });

  it('tells all rows with keepIndexes, and 20 without', async () => {
    const N = contract('n', z.object({ n: z.number() }), (c) => [c.n.toBeBetween(null, -1)]);
    const source = duckdb(connection, { sql: 'SELECT range AS n FROM range(50)' }, { key: 'n' });
    for (const [keepIndexes, length] of [
      [true, 50],
      [false, 20],
    ] as const) {
      const [result] = (await N.check(source, { keepIndexes })).failures;
      expect(result).toMatchObject({ unexpectedCount: 50, unexpectedIndexes: Array.from({ length }, (_, at) => at) });
    }
  });

  it('splits: each row is in one of both, with the rules that it breaks', async () => {
    const rows = `SELECT i AS id, i % 7 AS v, NULL AS gap FROM range(5000) AS t(i)`;
    const V = contract('v', z.object({ id: z.int(), v: z.int() }), (c) => [
      c.v.toBeBetween(0, 4, { id: 'low' }),
      c.v.toNotBeInSet([6], { id: 'not six', severity: 'info' }),
    ]);
    const { report, good, bad } = await V.split(duckdb(connection, { sql: rows }, { key: 'id' }));
    expect(report.rows).toBe(5000);
    const seen = new Set<unknown>();
    for await (const { id, v } of good) {
      expect(v).toBeLessThan(5);
      seen.add(id);
    }
    for await (const { row, index, rules } of bad) {
      expect(rules).toEqual(row['v'] === 6 ? ['low', 'not six'] : ['low']);
      expect(index).toBe(row['id']);
      seen.add(row['id']);
    }
    expect(seen.size).toBe(5000);
    const [kept] = (await connection.runAndReadAll(`SELECT count(*)::INT FROM (${good.sql})`)).getRowsJS();
    const [lost] = (
      await connection.runAndReadAll(`SELECT count(*)::INT, max(len(broken_rules::VARCHAR[]))::INT FROM (${bad.sql})`)
    ).getRowsJS();
    expect([kept?.[0], lost]).toEqual([3572, [1428, 2]]);
    const byWarnings = await V.split(duckdb(connection, { sql: rows }), { severities: ['info'] });
    for await (const { rules, index } of byWarnings.bad) expect([rules, index]).toEqual([['not six'], undefined]);
  });

  it('gives values as rows have them', async () => {
    const sql = `SELECT 1::TINYINT AS small, 9007199254740993::BIGINT AS large, 5::HUGEINT AS huge, 1.5::DECIMAL(5, 2) AS decimal,
      0.5::FLOAT AS float, DATE '2020-01-02' AS day, TIMESTAMPTZ '2020-01-02 03:04:05.678+00' AS moment,
      'infinity'::TIMESTAMP AS never, TIMESTAMP '9999-12-31 23:59:59.999999' AS last, [1, 2] AS list, {a: 1} AS struct, 'a'::ENUM ('a', 'b') AS enum, true AS flag`;
    const { good } = await contract('any', z.object({})).split(duckdb(connection, { sql }));
    const found = [];
    for await (const row of good) found.push(row);
    expect(found).toEqual([
      {
        small: 1,
        large: 9_007_199_254_740_993n,
        huge: 5,
        decimal: 1.5,
        float: 0.5,
        day: new Date('2020-01-02'),
        moment: new Date('2020-01-02T03:04:05.678Z'),
        never: null,
        last: new Date('9999-12-31T23:59:59.999Z'),
        list: [1, 2],
        struct: { a: 1 },
        enum: 'a',
        flag: true,
      },
    ]);
    const Kinds = contract(
      'kinds',
      z.object({
        large: z.bigint(),
        huge: z.int(),
        decimal: z.number(),
        day: z.iso.date(),
        moment: z.date(),
        list: z.array(z.number()),
        flag: z.boolean(),
        enum: z.enum(['a']),
      }),
    );
    expect((await Kinds.check(duckdb(connection, { sql }))).failures).toEqual([]);
    const Others = contract(
      'others',
      z.object({ large: z.string(), day: z.number(), decimal: z.int(), list: z.string() }),
    );
    const failed = (await Others.check(duckdb(connection, { sql }))).failures.map(({ rule }) => rule.id);
    expect(failed).toEqual(['schema.large.type', 'schema.day.type', 'schema.decimal.type', 'schema.list.type']);
  });

  it('takes hostile names and values for what they are', async () => {
    const name = `a"b'; DROP TABLE x; --`;
    const value = `'; DROP TABLE x; -- \\ " $1 :a ?`;
    await connection.run(`CREATE OR REPLACE TABLE "s""p.a" ("${name.replaceAll('"', '""')}" VARCHAR)`);
    const appender = await connection.createAppender('s"p.a');
    appender.appendVarchar(value);
    appender.endRow();
    appender.closeSync();
    const Hostile = contract(
      'hostile',
      z.object({ [name]: z.string(), [`${value}.gone`]: z.string().nullable() }),
      (c) => {
        const column = c[name];
        return [
          column.toBeInSet([value, `O'Hara`], { id: `'"; --` }),
          column.toMatchRegex(String.raw`'; DROP TABLE x; -- \\ "`),
          column.toMatchLikePattern(`'; DROP%`),
          column.toNotBeInSet([`' OR 1=1`], { where: { [name]: { eq: value, ne: `\\'` } } }),
          column.minToBeBetween(value, value),
          column.mostCommonValueToBeInSet([value]),
          column.toBeUnique(),
          column.lengthsToEqual(1, { id: `it's "bad"`, severity: 'info' }),
        ];
      },
    );
    const { report, bad } = await Hostile.split(duckdb(connection, '"s""p.a"', { key: name }));
    expect(report.failures.map(({ rule }) => rule.id)).toEqual([`schema.${value}.gone.exists`, `it's "bad"`]);
    for await (const { row, rules } of bad) expect([row, rules]).toEqual([{ [name]: value }, [`it's "bad"`]]);
  });

  it.each(
    contract('refused', z.object({ station: z.unknown(), temp: z.number(), list: z.unknown() }), (c) => [
      c.temp.toSatisfy('odd', () => true),
      c.temp.toBeIncreasing(),
      c.station.toMatchRegex('a(?=b)'),
      c.station.toMatchJsonSchema({}),
      c.station.toBeBetween(new Date(0), null),
      c.temp.meanToBeBetween(0, 1, { groupBy: 'list' }),
    ])
      .rules.filter(({ id }) => !id.startsWith('schema.'))
      .map((rule) => [rule.id, rule] as const),
  )('refuses what it cannot judge by its id before it asks: %s', async (id, rule) => {
    const { source, queries } = listening();
    const checked = contractOf('refused', [rule]).check(duckdb(source, temps));
    await expect(checked).rejects.toMatchObject({ code: 'DEX_OPTION', message: expect.stringContaining(id) });
    expect(queries).toHaveLength(1);
  });

  it('judges by groups, those of one way to group in one query', async () => {
    const { source, queries } = listening();
    const By = contract('by', z.object({ station: z.string(), temp: z.number() }), (c, t) => [
      c.temp.toBeBetween(0, 60, { groupBy: 'station', mostly: 0.5 }),
      c.temp.meanToBeBetween(0, 60, { groupBy: 'station' }),
      t.rowCountToBeBetween(2, 2, { groupBy: 'station' }),
    ]);
    const rules = contractOf('by', By.rules.slice(-3));
    const { results } = await rules.check(duckdb(source, temps));
    // The columns; the groups and all rows; measures of groups; the rows that break a rule, and those of each group.
    expect(queries.map((sql) => sql.includes('GROUP BY'))).toEqual([false, false, true, true, false]);
    const [between, mean, count] = results;
    expect(between).toMatchObject({ success: true, unexpectedValues: [128], groups: { count: 2, failed: 0 } });
    expect(count).toMatchObject({ success: true, groups: { count: 2 } });
    // Without a key, groups are in the order of their values.
    expect(mean?.groups?.failures).toEqual([
      { group: { station: 'NYC' }, kind: 'observed', success: false, observed: null, details: undefined },
      { group: { station: 'SEA' }, kind: 'observed', success: false, observed: 70.4, details: undefined },
    ]);
  });

  it('tells 20 values of each of 20 groups that fail, and groups to the microsecond', async () => {
    const sql = `SELECT i AS n, i % 30 AS part, TIMESTAMP '2020-01-01' + INTERVAL (i % 2) MICROSECOND AS at FROM range(900) AS t(i)`;
    const N = contractOf(
      'n',
      contract('n', z.object({ n: z.number(), part: z.number(), at: z.date() }), (c) => [
        c.n.toBeBetween(null, -1, { groupBy: 'part' }),
        c.n.toBeUnique({ groupBy: 'at', id: 'at' }),
        c.n.toBeUnique({ groupBy: 'n', id: 'many', maxGroups: 899 }),
      ]).rules.slice(-3),
    );
    const [by, at, many] = (await N.check(duckdb(connection, { sql }, { key: 'n' }))).results;
    expect(by).toMatchObject({ unexpectedCount: 900, unexpectedIndexes: Array.from({ length: 20 }, (_, n) => n) });
    expect(by?.groups).toMatchObject({ count: 30, failed: 30 });
    expect(by?.groups?.failures).toHaveLength(20);
    const values = Array.from({ length: 20 }, (_, n) => 3 + n * 30);
    expect(by?.groups?.failures[3]).toMatchObject({
      group: { part: 3 },
      unexpectedCount: 30,
      unexpectedValues: values,
      unexpectedKeys: values.map((n) => ({ n })),
    });
    expect(at?.groups).toEqual({ count: 2, failed: 0, failures: [] });
    expect(many).toMatchObject({ kind: 'error', error: 'there are more than 899 groups of n' });
  });

  it('refuses a table that is none, and a key that it does not have', async () => {
    // @ts-expect-error -- no table
    expect(() => duckdb(connection, {})).toThrow('Option "table" must be the name of a table, or { sql }');
    expect(() => duckdb(connection, 'a"b')).toThrow('Option "table"');
    await expect(Temps.check(duckdb(connection, temps, { key: 'date' }))).rejects.toThrow('Option "key"');
  });

  it('says what it asked where the database does not answer', async () => {
    await expect(Temps.check(duckdb(connection, 'weather.nowhere'))).rejects.toMatchObject({
      code: 'DEX_QUALITY_DATABASE',
      database: 'DuckDB',
      table: 'weather.nowhere',
      query: 'DESCRIBE SELECT * FROM "weather"."nowhere"',
      message: expect.stringContaining('nowhere'),
      cause: expect.any(Error),
    });
    const other = await instance.connect();
    const { good } = await Temps.split(duckdb(other, temps));
    other.closeSync();
    await expect(Temps.check(duckdb(other, temps))).rejects.toMatchObject({ code: 'DEX_QUALITY_DATABASE' });
    await expect(good[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'DEX_QUALITY_DATABASE' });
  });

  it('tells rows in order and to the last, or that another query took their place', async () => {
    const V = contract('v', z.object({ id: z.bigint() }), (c) => [c.id.toBeBetween(null, 9n)]);
    const sql = 'SELECT (i * 7919) % 10007 AS id FROM range(10007) AS t(i)';
    const { good, bad } = await V.split(duckdb(connection, { sql }, { key: 'id' }));
    let next = 10;
    for await (const { row, index } of bad) expect([Number(row['id']), index]).toEqual([next++, next - 1]);
    expect(next).toBe(10_007);
    const read = async () => {
      for await (const _ of bad) await connection.run('SELECT 1');
    };
    await expect(read()).rejects.toThrow('another query ran on the connection');
    for await (const { id } of good) expect(Number(id)).toBeLessThan(10);
  });

  it('finds the first rows where all are bad, in a time that grows with them alone', async () => {
    const N = contract('n', z.object({ n: z.bigint() }), (c) => [c.n.toBeBetween(null, -1n)]);
    const source = duckdb(connection, { sql: 'SELECT range AS n FROM range(300_000)' }, { key: 'n' });
    expect((await N.check(source)).failures).toMatchObject([
      { unexpectedCount: 300_000, unexpectedIndexes: { 19: 19 } },
    ]);
  });

  it('judges numbers of which squares are infinite', async () => {
    const V = contract('v', z.object({ v: z.number() }), (c) => [
      c.v.meanToBeBetween(1e199, 1e200),
      c.v.stdevToBeBetween(0, 1),
    ]);
    const { failures } = await V.check(duckdb(connection, { sql: 'SELECT unnest([1e200, 1e199])::DOUBLE AS v' }));
    expect(failures).toMatchObject([{ rule: { id: 'v.stdevToBeBetween' }, observed: null }]);
  });

  it('ends a query at once when it is aborted, and the connection goes on', async () => {
    const slow = {
      sql: 'SELECT a.range AS temp FROM range(100_000_000) AS a, range(1000) AS b WHERE a.range * b.range % 7 = 3',
    };
    const reason = new Error('enough');
    const before = AbortSignal.abort(reason);
    await expect(Temps.check(duckdb(connection, slow), { signal: before })).rejects.toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const start = performance.now();
    await expect(Temps.check(duckdb(connection, slow), { signal: controller.signal })).rejects.toBe(reason);
    expect(performance.now() - start).toBeLessThan(2000);
    expect((await Temps.check(duckdb(connection, temps))).rows).toBe(4);
  });

  it('asks queries of one’s own, and other tables', async () => {
    await connection.run('CREATE OR REPLACE TABLE others AS SELECT 1 AS x UNION ALL SELECT 2');
    const Own = contract('own', z.object({ station: z.string(), temp: z.number().nullable() }), (c, t) => [
      t.unexpectedRows('SELECT station FROM {batch} WHERE temp = 128;'),
      t.unexpectedRows(`SELECT * FROM {batch} WHERE '{{' = '}}'`, { id: 'none' }),
      t.queryResultsToMatchComparison('SELECT count(*) FROM {batch}', 'SELECT 4.0::DOUBLE', { id: 'same' }),
      t.queryResultsToMatchComparison('SELECT station FROM {batch}', `VALUES ('SEA'), ('NYC')`, {
        id: 'half',
        mostly: 0.5,
      }),
      t.queryResultsToMatchComparison('SELECT 1', `SELECT '1'`, { id: 'other type' }),
      t.rowCountToEqualOtherTable('main.others', { where: { station: 'SEA' } }),
      t.rowCountToEqualOtherTable('others', { id: 'all' }),
    ]);
    const { results, failures } = await Own.check(duckdb(connection, temps));
    expect(failures.map(({ rule }) => rule.id)).toEqual(['unexpectedRows', 'other type', 'all']);
    expect(failures[0]).toMatchObject({ observed: 1, details: { unexpected_rows: [{ station: 'SEA' }] } });
    expect(results.at(-1)).toMatchObject({ observed: { self: 4, other: 2 } });
  });

  it('judges whether dates and numbers are fresh', async () => {
    const sql = `SELECT TIMESTAMP '2020-01-02 12:00:00' AS at, epoch(TIMESTAMP '2020-01-02')::BIGINT AS seconds, NULL::DATE AS never`;
    const Fresh = contract(
      'fresh',
      z.object({ at: z.date(), seconds: z.number(), never: z.date().nullable() }),
      (_, t) => [
        t.fresh('at', { withinMs: 3_600_000 }),
        t.fresh('seconds', { withinMs: 3_600_000, epochUnit: 'seconds' }),
        t.fresh('never', { withinMs: 3_600_000 }),
      ],
    );
    const report = await Fresh.check(duckdb(connection, { sql }), { now: new Date('2020-01-02T13:00:00Z') });
    expect(report.failures.map(({ rule }) => rule.id)).toEqual(
      ['schema.never.exists', 'fresh(seconds)', 'fresh(never)'].slice(1),
    );
  });
});
