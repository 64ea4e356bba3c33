import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { noPostgres, type PostgresServer, startPostgres } from '../test/postgres-server.ts';
import { contract } from './index.ts';
import { postgres } from './postgres.ts';

const Temps = contract('temps', z.object({ station: z.string(), temp: z.number().nullable() }), (c, t) => [
  c.temp.toBeBetween(-60, 60),
  t.unique('station', 'temp'),
]);

const slow = { sql: 'SELECT a::float8 AS temp FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b' };

describe.skipIf(noPostgres !== undefined)('postgres', () => {
  let server: PostgresServer;
  let pool: Pool;

  beforeAll(async () => {
    server = await startPostgres();
    pool = new Pool({ ...server.config, max: 3 });
    await pool.query(`
      CREATE TABLE temps (station varchar(3), temp float8);
      INSERT INTO temps VALUES ('SEA', 12.8), ('SEA', 128), ('NYC', NULL), ('NYC', 'NaN')`);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.[Symbol.asyncDispose]();
  });

  /** A client of its own, which ends with the test, also where that fails: the server's end would be its error. */
  const connect = async () => {
    const client = new Client(server.config);
    onTestFinished(() => client.end());
    return await client.connect();
  };

  /** What else the server runs, and whether the pool has all its clients back. */
  const leftovers = async () => {
    const { rows } = await pool.query(
      `SELECT query FROM pg_stat_activity WHERE state <> 'idle' AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return [rows, pool.totalCount - pool.idleCount, pool.waitingCount];
  };

  it('judges a table, and gives its client back', async () => {
    const { results } = await Temps.check(postgres(pool, 'temps', { key: ['station', 'temp'] }));
    const found = results.find(({ rule }) => rule.id === 'temp.toBeBetween');
    expect(found).toMatchObject({
      missingCount: 2,
      unexpectedCount: 1,
      unexpectedValues: [128],
      unexpectedIndexes: [3],
      unexpectedKeys: [{ station: 'SEA', temp: 128 }],
    });
    expect(await leftovers()).toEqual([[], 0, 0]);
  });

  it('splits with a cursor, of a pool and of a client in a transaction of its user', async () => {
    const sql = 'SELECT i AS id, i % 7 AS v FROM generate_series(0, 4999) AS t(i)';
    const V = contract('v', z.object({ id: z.int(), v: z.int() }), (c) => [c.v.toBeBetween(0, 4, { id: 'low' })]);
    const client = await connect();
    await client.query('BEGIN');
    for (const source of [postgres(pool, { sql }, { key: 'id' }), postgres(client, { sql }, { key: 'id' })]) {
      const { good, bad } = await V.split(source);
      const ids: unknown[] = [];
      for await (const row of good) ids.push(row['id']);
      for await (const { row, rules, index } of bad) {
        expect([rules, index]).toEqual([['low'], row['id']]);
        ids.push(row['id']);
      }
      expect(new Set(ids).size).toBe(5000);
      for await (const row of good) {
        expect(row['id']).toBe(0);
        break;
      }
    }
    const { rows } = await client.query(
      'SELECT now() < clock_timestamp() AS same, count(*)::int AS open FROM pg_cursors',
    );
    expect(rows).toEqual([{ same: true, open: 0 }]);
    await client.query('COMMIT');
    const { bad } = await V.split(postgres(pool, { sql }));
    const { rows: lost } = await pool.query(`SELECT DISTINCT broken_rules::text AS ids FROM (${bad.sql}) AS b`);
    expect(lost).toEqual([{ ids: '["low"]' }]);
    expect(await leftovers()).toEqual([[], 0, 0]);
  });

  it('gives values as rows have them', async () => {
    const sql = `SELECT 1::smallint AS small, 9007199254740993 AS large, 1.5::numeric AS decimal, 0.5::real AS float,
      DATE '2020-01-02' AS day, TIMESTAMPTZ '2020-01-02 05:04:05.678+02' AS moment, 'infinity'::timestamp AS never, '1969-12-31 23:59:59.9999'::timestamp AS before, '9999-12-31 23:59:59.999999'::timestamptz AS last,
      ARRAY[1, 2] AS list, '{"a": 1}'::jsonb AS json, 'ab'::char(4) AS padded, true AS flag, gen_random_uuid() AS id`;
    const { good } = await contract('any', z.object({})).split(postgres(pool, { sql }));
    for await (const row of good) {
      expect(row).toEqual({
        small: 1,
        large: 9_007_199_254_740_993n,
        decimal: 1.5,
        float: 0.5,
        day: new Date('2020-01-02'),
        moment: new Date('2020-01-02T03:04:05.678Z'),
        never: null,
        before: new Date(-1),
        last: new Date('9999-12-31T23:59:59.999Z'),
        list: [1, 2],
        json: { a: 1 },
        padded: expect.stringMatching(/^ab/),
        flag: true,
        id: expect.stringMatching(/^[\da-f-]{36}$/),
      });
    }
    const Kinds = contract(
      'kinds',
      z.object({
        large: z.bigint(),
        decimal: z.number(),
        day: z.iso.date(),
        moment: z.date(),
        list: z.array(z.int()),
        id: z.guid(),
      }),
    );
    expect((await Kinds.check(postgres(pool, { sql }))).failures).toEqual([]);
  });

  it('asks wide tables in parts, as PostgreSQL has 1664 columns a query', async () => {
    const names = Array.from({ length: 600 }, (_, at) => `c${at}`);
    const sql = `SELECT ${names.map((name) => `1 AS ${name}`).join(', ')}`;
    const Wide = contract('wide', z.object(Object.fromEntries(names.map((name) => [name, z.literal(2)]))));
    const { report, bad } = await Wide.split(postgres(pool, { sql }));
    expect(report.failures).toHaveLength(600);
    for await (const { rules } of bad) expect(rules).toHaveLength(600);
  });

  it('takes hostile names and values for what they are, whatever a backslash means', async () => {
    const name = `a"b'; DROP TABLE temps; --`;
    const value = String.raw`'; DROP TABLE temps; -- \\' " $1 \n`;
    const client = await connect();
    await client.query('SET standard_conforming_strings = off; SET escape_string_warning = off');
    await client.query(`CREATE TEMP TABLE "s""p.a" ("${name.replaceAll('"', '""')}" text)`);
    await client.query('INSERT INTO "s""p.a" VALUES ($1)', [value]);
    const Hostile = contract('hostile', z.object({ [name]: z.string() }), (c) => {
      const column = c[name];
      return [
        column.toBeInSet([value, `\\'`], { id: `'"; --` }),
        column.toMatchRegex(String.raw`'; DROP TABLE temps; -- \\\\' " \$1 \\n`),
        column.toMatchLikePattern(`%\\\\' "%`),
        column.minToBeBetween(value, value),
        column.lengthsToEqual(1, { id: `it's \\' "bad"` }),
      ];
    });
    const { report, bad } = await Hostile.split(postgres(client, '"s""p.a"', { key: name }));
    expect(report.failures.map(({ rule }) => rule.id)).toEqual([`it's \\' "bad"`]);
    for await (const { row, rules } of bad) expect([row, rules]).toEqual([{ [name]: value }, [`it's \\' "bad"`]]);
  });

  it('only reads, so that a query of one’s own changes nothing', async () => {
    await pool.query(`CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM temps RETURNING 1'`);
    const Wipe = contract('wipe', z.object({}), (_, t) => [t.unexpectedRows('SELECT wipe() FROM {batch}')]);
    await expect(Wipe.check(postgres(pool, 'temps'))).rejects.toMatchObject({
      code: 'DEX_QUALITY_DATABASE',
      database: 'PostgreSQL',
      message: expect.stringContaining('read-only transaction'),
      query: expect.stringContaining('wipe()'),
    });
    expect((await Temps.check(postgres(pool, 'temps'))).rows).toBe(4);
    expect(await leftovers()).toEqual([[], 0, 0]);
  });

  it('cancels the query when it is aborted, and gives its client back', async () => {
    const reason = new Error('enough');
    const client = await connect();
    for (const source of [postgres(pool, slow), postgres(client, slow)]) {
      const start = performance.now();
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 100);
      await expect(Temps.check(source, { signal: controller.signal })).rejects.toBe(reason);
      expect(performance.now() - start).toBeLessThan(1000);
      await expect(Temps.check(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await leftovers()).toEqual([[], 0, 0]);
  });

  it('cancels nothing that the client is asked once the check is over', async () => {
    const client = await connect();
    for (let round = 0; round < 5; round += 1) {
      const controller = new AbortController();
      setImmediate(() => controller.abort('enough'));
      await expect(Temps.check(postgres(client, 'temps'), { signal: controller.signal })).rejects.toBe('enough');
      await client.query('SELECT pg_sleep(0.02)');
    }
  });

  it('stops waiting for a client of the pool when it is aborted', async () => {
    const held = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    const signal = AbortSignal.timeout(20);
    await expect(Temps.check(postgres(pool, 'temps'), { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    for (const client of held) client.release();
    expect(await leftovers()).toEqual([[], 0, 0]);
  });

  it('says what it asked where the server is gone', async () => {
    const killer = await connect();
    const running = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS m0%' AND pid <> pg_backend_pid()`;
    const failed = expect(Temps.check(postgres(pool, slow))).rejects.toMatchObject({
      code: 'DEX_QUALITY_DATABASE',
      query: expect.stringContaining('generate_series'),
      cause: expect.any(Error),
    });
    while ((await killer.query(running)).rowCount === 0) await sleep(50);
    await failed;
    await expect(Temps.check(postgres(pool, 'nowhere'))).rejects.toThrow('relation "nowhere" does not exist');
    const dead = new Pool({ ...server.config, host: '/nowhere' });
    await expect(Temps.check(postgres(dead, 'temps'))).rejects.toMatchObject({ code: 'DEX_QUALITY_DATABASE' });
    await dead.end();
    expect((await Temps.check(postgres(pool, 'temps'))).rows).toBe(4);
  });
});
