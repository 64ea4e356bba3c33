import { DuckDBInstance } from '@duckdb/node-api';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noPostgres, type PostgresServer, startPostgres } from '../../test/postgres-server.ts';
import { duckdb } from '../duckdb.ts';
import { type Contract, contract, type Ordered, type Rule, type RuleResult, type Scalar } from '../index.ts';
import { postgres } from '../postgres.ts';
import type { TableSource } from '../table-source.ts';
import { isNull, keyOf } from '../values.ts';
import { type SqlRow, tableSql, type ValueKind } from '../../test/values-sql.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.01);
const cases = Math.ceil(10_000 * scale);

/** Numbers below `n`, the same for a seed: mulberry32. */
function randomOf(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

class Random {
  readonly below: (n: number) => number;

  constructor(seed: number) {
    this.below = randomOf(seed);
  }

  chance(share: number): boolean {
    return this.below(1000) < share * 1000;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  some<T>(list: readonly T[], most: number): [T, ...T[]] {
    return [this.pick(list), ...Array.from({ length: this.below(most) }, () => this.pick(list))];
  }
}

const texts = [
  'a',
  'b',
  'ab',
  'A',
  'é',
  '😀',
  '',
  ' ',
  'a%_!',
  "o'x",
  'a\nb',
  '12',
  '2020-01-02',
  '2019-02-29',
  '{"a":1}',
  '\\',
];
const days = [0, 1, 2, 366].map((day) => new Date(Date.UTC(2020, 0, 1 + day)));
const moments = [...days, new Date('2020-01-01T12:34:56.789Z')];
const values = {
  integer: [-2, -1, 0, 1, 2, 3, 9_007_199_254_740_991],
  number: [-2.5, -1, -0, 0, 0.25, 1, 2, 3.75, Infinity, Number.NaN],
  text: texts,
  boolean: [true, false],
  date: moments,
} satisfies Record<ValueKind, readonly unknown[]>;
const finite = [-2.5, -1, 0, 0.25, 1, 2, 3.75];

interface Table {
  readonly kinds: Readonly<Record<string, ValueKind>>;
  readonly rows: readonly SqlRow[];
}

function tableOf(random: Random): Table {
  const kinds: Record<string, ValueKind> = {
    k: 'integer',
    n: random.chance(0.8) ? 'integer' : 'number',
    x: 'number',
    y: random.chance(0.7) ? 'number' : 'integer',
    s: 'text',
    u: random.chance(0.7) ? 'text' : 'date',
    b: 'boolean',
    d: 'date',
  };
  const nulls = random.pick([0, 0.1, 0.5, 1]);
  const pools: Readonly<Record<string, readonly SqlRow[string][]>> = Object.fromEntries(
    Object.entries(kinds).map(([column, kind]) => [
      column,
      random.chance(0.6)
        ? random.some<SqlRow[string]>(values[kind], 3)
        : kind === 'number' && random.chance(0.7)
          ? finite
          : values[kind],
    ]),
  );
  const length = random.chance(0.1) ? 0 : 1 + random.below(random.chance(0.15) ? 60 : 8);
  const rows = Array.from({ length }, (_, k) =>
    Object.fromEntries(
      Object.keys(kinds).map((column) => [
        column,
        column === 'k' ? k : random.chance(nulls) ? null : random.pick(pools[column]!),
      ]),
    ),
  );
  return { kinds, rows };
}

const columns = { k: z.unknown(), n: z.unknown(), x: z.unknown(), y: z.unknown(), s: z.unknown(), u: z.unknown() };
const Row = z.object({ ...columns, b: z.unknown(), d: z.unknown(), gone: z.unknown() });
const regexes = [
  'a',
  '^a',
  'b$',
  '^[a-z]+$',
  '^.$',
  String.raw`^\w*$`,
  String.raw`\d`,
  String.raw`\s`,
  '(?i)^A',
  'a|é',
  '^(ab|a)*$',
  '[^a]',
  String.raw`\bb`,
  'a{1,2}',
  '^.{0,2}$',
  '(?s)a.b',
  '',
  '😀',
  String.raw`\\`,
];
const likes = ['a%', '%a', '_', 'a!%', '%', '', '%b%', '__', String.raw`\\`, 'A%'];
const formats = ['%Y-%m-%d', '%d.%m.%y', '%Y', '%m/%d'];
const types = ['string', 'number', 'integer', 'boolean', 'date', 'object'] as const;

function contractOf(random: Random, { rows }: Table): Contract {
  return contract('random', Row, (c, t) => {
    const all = ['n', 'x', 'y', 's', 'u', 'b', 'd', ...(random.chance(0.1) ? (['gone'] as const) : [])] as const;
    const scalars: Scalar[] = [...values.integer, ...finite, ...texts, true, false, ...moments, Infinity];
    const numbers = [...finite, Infinity, -Infinity, 9_007_199_254_740_991];
    const wheres = [
      {},
      {},
      { n: random.pick(finite) },
      { s: { in: random.some(texts, 3) } },
      { x: { gt: random.pick(finite), lte: 2 } },
      { d: { gte: random.pick(moments) } },
      { b: true, n: { ne: 1 } },
      { s: { isNull: random.chance(0.5) } },
      { s: null, y: { notIn: random.some(finite, 2) } },
      { u: { lt: 'b' } },
      { d: { eq: '2020-01-02' } },
    ];
    const rule = (id: number): Rule | undefined => {
      const column = c[random.pick(all)];
      const where = random.pick(wheres);
      const options = {
        id: `r${id}`,
        where: Object.keys(where).length === 0 ? undefined : where,
        ...(random.chance(0.3) && {
          groupBy: random.chance(0.5) ? ('b' as const) : random.some([...all, 'k'] as const, 2),
          maxGroups: random.pick([3, 100]),
        }),
      };
      const map = { ...options, mostly: random.pick([undefined, undefined, 0, 0.5, 0.75, 1]) };
      const pair = {
        ...map,
        ignoreRowIf: random.pick(['both_values_are_missing', 'either_value_is_missing', 'neither'] as const),
      };
      const list = {
        ...map,
        ignoreRowIf: random.pick(['all_values_are_missing', 'any_value_is_missing', 'never'] as const),
      };
      const set = random.some(scalars, 6);
      const strict = { strictMin: random.chance(0.5), strictMax: random.chance(0.5) };
      const two = (of: readonly number[]): [number | null, number | null] => {
        const [low, high] = [random.pick(of), random.pick(of)].toSorted((a, b) => a - b);
        const kind = random.below(4);
        return [kind === 0 ? null : low!, kind === 1 ? null : high!];
      };
      const bounds = (): [Ordered | null, Ordered | null] => {
        const isoDays = ['2020-01-01', '2020-01-02', '2020-06-01'];
        const of: readonly Ordered[] = random.pick([texts, moments, isoDays, numbers, numbers]);
        const [low, high] = [random.pick(of), random.pick(of)].toSorted((one, other) => (one < other ? -1 : 1));
        const kind = random.below(6);
        return [kind === 0 ? null : low!, kind === 1 ? null : high!];
      };
      const [a, b] = [random.pick(all), random.pick(all)];
      const odd = numbers.map((number) => number + 0.123_456);
      const matchOn = random.pick(['any', 'all'] as const);
      const text = c[random.pick(['s', 's', 'u', 'n', 'b', 'd'] as const)];
      const makers: (() => Rule)[] = [
        () => column.toBeNull(map),
        () => column.toNotBeNull(map),
        () => column.toBeUnique(map),
        () => column.toBeInSet(set, map),
        () => column.toNotBeInSet(set, map),
        () => column.toBeOfType(random.pick(types), map),
        () => column.toBeInTypeList(random.some(types, 3), map),
        () => column.typeToBe(random.pick(types), options),
        () => column.uniqueValueCountToBeBetween(...two([0, 1, 2, 5]), { ...options, ...strict }),
        () => column.proportionOfUniqueValuesToBeBetween(...two([0, 0.25, 0.5, 1]), { ...options, ...strict }),
        () => column.proportionOfNonNullValuesToBeBetween(...two([0, 0.25, 0.5, 1]), { ...options, ...strict }),
        () => column.mostCommonValueToBeInSet(set, { ...options, tiesOkay: random.chance(0.5) }),
        () => column.distinctValuesToBeInSet(set, options),
        () => column.distinctValuesToContainSet(random.some(scalars, 2), options),
        () => column.distinctValuesToEqualSet(set, options),
        () =>
          column.klDivergenceToBeLessThan({ values: [...new Set(set)].slice(0, 1), weights: [1] }, 0.3, {
            ...options,
            tailWeightHoldout: 0.1,
          }),
        () =>
          column.klDivergenceToBeLessThan({ bins: [-1, 0, 2], weights: [0.5, 0.5] }, 0.3, {
            ...options,
            tailWeightHoldout: 0.1,
          }),
        () => column.toBeBetween(...bounds(), { ...map, ...strict }),
        () => column.toBeBetween(...bounds(), { ...map, ...strict }),
        () => column.toBeIncreasing({ ...map, strictly: random.chance(0.5) }),
        () => column.toBeDecreasing({ ...map, strictly: random.chance(0.5) }),
        () => column.minToBeBetween(...bounds(), { ...options, ...strict }),
        () => column.maxToBeBetween(...bounds(), { ...options, ...strict }),
        () => column.meanToBeBetween(...two(numbers), { ...options, ...strict }),
        () => column.medianToBeBetween(...two(numbers), { ...options, ...strict }),
        () => column.sumToBeBetween(...two(numbers), { ...options, ...strict }),
        () => column.stdevToBeBetween(...two(odd), { ...options, ...strict }),
        () =>
          column.quantileValuesToBeBetween(
            { 0.25: [0, 2], 0.5: two(numbers), 0.9: [null, 3] },
            { ...options, interpolation: random.pick(['linear', 'lower', 'higher', 'midpoint', 'nearest']) },
          ),
        () =>
          column.zScoresToBeLessThan(random.pick([0.765, 1.234, -0.5]), { ...map, doubleSided: random.chance(0.5) }),
        () =>
          column.toNotBeOutliers({
            ...map,
            method: random.pick(['iqr', 'std']),
            multiplier: random.pick([0.123, 0.567, 1.5]),
          }),
        () => text.lengthsToBeBetween(...two([0, 1, 1.5, 2, 4]), { ...map, ...strict }),
        () => text.lengthsToEqual(random.below(4), map),
        () => text.toMatchRegex(random.pick(regexes), map),
        () => text.toNotMatchRegex(random.pick(regexes), map),
        () => text.toMatchRegexList(random.some(regexes, 3), { ...map, matchOn }),
        () => text.toNotMatchRegexList(random.some(regexes, 2), map),
        () => text.toMatchLikePattern(random.pick(likes), { ...map, escape: random.pick([undefined, '!']) }),
        () => text.toNotMatchLikePattern(random.pick(likes), map),
        () => text.toMatchLikePatternList(random.some(likes, 3), { ...map, matchOn }),
        () => text.toNotMatchLikePatternList(random.some(likes, 3), map),
        () => column.toMatchStrftimeFormat(random.pick(formats), map),
        () => column.toBeJsonParseable(map),
        () => t.pairToBeEqual(a, b, pair),
        () => t.pairAToBeGreaterThanB(a, b, { ...pair, orEqual: random.chance(0.5) }),
        () =>
          t.pairToBeInSet(
            a,
            b,
            [
              [random.pick(scalars), random.pick(scalars)],
              [null, random.pick(scalars)],
              [random.pick(scalars), null],
            ],
            pair,
          ),
        () => t.unique(a, b, list),
        () => t.uniqueWithinRecord([a, b, random.pick(all)], list),
        () => t.multicolumnValuesToBeEqual([a, b], list),
        () => t.multicolumnSumToEqual([a, b], random.pick(finite), list),
        () => t.rowCountToEqual(random.below(5), options),
        () => t.rowCountToBeBetween(...two([0, 3, 7]), { ...options, ...strict }),
        () => column.toExist({ id: `r${id}` }),
        () => t.columnsToMatchSet([a, 'k', 'b'], { id: `r${id}`, exactMatch: random.chance(0.5) }),
        () => t.columnsToMatchOrderedList(['k', 'n', 'x', 'y', 's', 'u', 'b', 'd'], { id: `r${id}` }),
        () => t.columnCountToEqual(8, { id: `r${id}` }),
      ];
      const made = refusedArguments(random.pick(makers));
      // Of no rows, a table still has columns; rows have those of the schema.
      return rows.length === 0 && /exist|columns_|column_count/.test(made?.expectation ?? '') ? undefined : made;
    };
    return Array.from({ length: 12 }, (_, id) => rule(id)).filter((made) => made !== undefined);
  });
}

/** Arguments that happen to be none, such as two bounds that are both left out, make no rule. */
function refusedArguments(make: () => Rule): Rule | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Of types, a database says what its columns can be: a date is a text, too. Of doubles there are no texts. */
function isCommon({ kinds }: Table, { expectation, kwargs, where }: Rule, isJsonKnown: boolean): boolean {
  const of = (column: string): ValueKind | undefined => kinds[column];
  const list = new Set(
    [
      ...('column' in kwargs ? [kwargs.column] : []),
      ...('column_A' in kwargs ? [kwargs.column_A, kwargs.column_B] : []),
    ].map(of),
  );
  if (/_of_type|type_list|type_to_be/.test(expectation) && list.has('date')) return false;
  if (/length|regex|like/.test(expectation) && (list.has('number') || list.has('date'))) return false;
  if (/greater/.test(expectation) && list.has('date') && list.has('text')) return false;
  const isOfDates =
    'min_value' in kwargs && [kwargs.min_value, kwargs.max_value].some((bound) => bound instanceof Date);
  if (isOfDates && list.has('text')) return false;
  if (expectation.includes('json')) return isJsonKnown;
  return where === undefined || !('u' in where) || of('u') === 'text';
}

/** What all engines must say. */
function verdictOf(result: RuleResult): unknown {
  const { groups, rule } = result;
  if (groups === undefined) return outcomeOf(result);
  const failures = groups.failures.map(({ group, ...rest }) => [plain(group), outcomeOf({ rule, ...rest })]);
  return [outcomeOf(result), { ...groups, failures }];
}

function outcomeOf(result: RuleResult): unknown {
  const { rule, kind, success } = result;
  if (kind === 'error') {
    return { id: rule.id, expectation: rule.expectation, kind, success, indexes: result.unexpectedIndexes };
  }
  if (kind === 'map') {
    const { elementCount, missingCount, unexpectedCount, unexpectedValues, unexpectedIndexes } = result;
    // Of what rows take for numbers, they tell numbers.
    const asNumber = /z_scores|outliers/.test(rule.expectation);
    const told = unexpectedValues.map((value) => (asNumber ? Number(value) : plain(value)));
    return { id: rule.id, kind, success, elementCount, missingCount, unexpectedCount, told, unexpectedIndexes };
  }
  const sorted = /_distinct_|_most_common_|_columns_to_match_set/.test(rule.expectation);
  return {
    id: rule.id,
    kind,
    success,
    observed: plain(result.observed, sorted),
    details: plain(result.details, sorted),
  };
}

function plain(value: unknown, sorted = false): unknown {
  if (Array.isArray(value)) {
    const list = value.map((item) => plain(item, sorted));
    return sorted ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;
  }
  if (value === undefined || isNull(value)) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? Number(value.toPrecision(9)) + 0 : `${value}`;
  if (typeof value !== 'object' || value instanceof Date) return keyOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'observed_partition' || key === 'expected_partition' ? null : plain(item, sorted),
    ]),
  );
}

async function* oneByOne<T>(rows: readonly T[]): AsyncGenerator<T> {
  for (const row of rows) yield row;
}

async function compare(table: Table, rules: Contract, source: TableSource, keepIndexes: boolean): Promise<void> {
  const options = { columns: rules.columns, optionalColumns: rules.columns, keepIndexes, signal: undefined };
  const found = await source.split(rules.rules, { ...options, breaks: () => true });
  const wanted = await rules.check(table.rows, { keepIndexes });
  expect(found.rows).toBe(wanted.rows);
  expect(found.results.map(verdictOf)).toEqual(wanted.results.map(verdictOf));
  const split = await rules.split(table.rows);
  const bad = [];
  for await (const { index, rules: ids, row } of found.bad) bad.push({ index, rules: ids, k: row['k'] });
  const good = [];
  for await (const row of found.good) good.push(row['k']);
  expect(bad).toEqual(split.bad.map(({ index, rules: ids, row }) => ({ index, rules: ids, k: row['k'] })));
  expect(good).toEqual(split.good.map(({ k }) => k));
}

async function campaign(isJsonKnown: boolean, sourceOf: (sql: string) => TableSource, dialect: 'duckdb' | 'postgres') {
  for (let seed = 1; seed <= cases; seed++) {
    const random = new Random(seed * 7919);
    const table = tableOf(random);
    const all = contractOf(random, table);
    const common = all.rules.filter((rule) => isCommon(table, rule, isJsonKnown));
    const rules = contract('random', Row, () => common);
    try {
      await compare(table, rules, sourceOf(tableSql(dialect, table.kinds, table.rows)), seed % 2 === 0);
    } catch (error) {
      throw new Error(
        `Seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${JSON.stringify(table)}`,
        { cause: error },
      );
    }
  }
}

describe(`${cases} random tables and contracts`, () => {
  const timeout = 120_000 + cases * 500;

  it('are judged alike in DuckDB as in memory', { timeout }, async () => {
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    // Plans of a few rows take longer to improve than to run.
    await connection.run('PRAGMA disable_optimizer');
    await campaign(true, (sql) => duckdb(connection, { sql }, { key: 'k' }), 'duckdb');
    connection.closeSync();
  });

  it('are judged alike in streams as in memory', { timeout }, async () => {
    for (let seed = 1; seed <= cases; seed++) {
      const random = new Random(seed * 7919);
      const table = tableOf(random);
      const rules = contractOf(random, table);
      const wanted = await rules.check(table.rows, { keepIndexes: true });
      const found = await rules.check(oneByOne(table.rows), { keepIndexes: true });
      expect(found.results.map(verdictOf), `Seed ${seed}`).toEqual(wanted.results.map(verdictOf));
    }
  });

  describe.skipIf(noPostgres !== undefined)('in PostgreSQL', () => {
    let server: PostgresServer;
    let pool: Pool;
    beforeAll(async () => {
      server = await startPostgres();
      pool = new Pool({ ...server.config });
    });
    afterAll(async () => {
      await pool.end();
      await server[Symbol.asyncDispose]();
    });

    it('are judged alike as in memory', { timeout }, async () => {
      const { rows } = await pool.query('SHOW server_version_num');
      await campaign(
        Number(rows[0].server_version_num) >= 160_000,
        (sql) => postgres(pool, { sql }, { key: 'k' }),
        'postgres',
      );
    });
  });
});
