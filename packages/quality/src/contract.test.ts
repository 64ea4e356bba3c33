import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, contractOf, type Rule } from './index.ts';

const Day = z.object({
  date: z.iso.date(),
  station: z.string(),
  tempMax: z.number().nullable(),
  wind: z.number().optional(),
});
const day = (more: object = {}) => ({ date: '2012-01-01', station: 'Seattle', tempMax: 12.8, ...more });

const broken = (rules: readonly { readonly rule: Rule }[]) => rules.map(({ rule }) => rule.id);

describe('contract', () => {
  it('holds the rules of its schema, then its own, as plain data', () => {
    const Daily = contract('daily', Day.pick({ tempMax: true }), (c, t) => [
      c.tempMax.toBeBetween(-60, 60, { mostly: 0.99, where: { tempMax: { gt: 0 } }, tags: ['temp'], notes: 'why' }),
      t.rowCountToBeBetween(1, null, { id: 'some', severity: 'warning' }),
    ]);
    expect(Daily.rules).toEqual([
      {
        id: 'schema.tempMax.exists',
        expectation: 'expect_column_to_exist',
        kwargs: { column: 'tempMax' },
        severity: 'critical',
        tags: [],
      },
      {
        id: 'schema.tempMax.type',
        expectation: 'expect_column_values_to_be_of_type',
        kwargs: { column: 'tempMax', type_: 'number' },
        severity: 'critical',
        tags: [],
      },
      {
        id: 'tempMax.toBeBetween',
        expectation: 'expect_column_values_to_be_between',
        kwargs: { column: 'tempMax', min_value: -60, max_value: 60, mostly: 0.99 },
        where: { tempMax: { gt: 0 } },
        severity: 'critical',
        tags: ['temp'],
        notes: 'why',
      },
      {
        id: 'some',
        expectation: 'expect_table_row_count_to_be_between',
        kwargs: { min_value: 1 },
        severity: 'warning',
        tags: [],
      },
    ]);
    expect(Daily).toMatchObject({ name: 'daily', side: 'input', columns: ['tempMax'], unchecked: [] });
  });

  it('names a column that the schema has not, where no compiler did', () => {
    // @ts-expect-error: what a compiler says of it
    const misspelt = () => contract('daily', Day, (c) => [c.wimd.toBeUnique()]);
    expect(misspelt).toThrow('about the columns of the schema, date, station, tempMax and wind, got "wimd"');
  });

  it('needs no rules but those of the schema', async () => {
    expect((await contract('daily', Day).check([day()])).success).toBe(true);
  });

  it('reads the side of the schema that it is told', () => {
    const Coded = z.object({ on: z.stringbool() });
    const type = (side: 'input' | 'output') =>
      contract('coded', Coded, () => [], { side }).rules.find(({ id }) => id === 'schema.on.type')?.kwargs;
    expect(type('input')).toEqual({ column: 'on', type_: 'string' });
    expect(type('output')).toEqual({ column: 'on', type_: 'boolean' });
  });

  it('refuses a name, schema or side that it cannot use', () => {
    expect(() => contract('', Day)).toThrow('Option "contract.name" must be a text that is not empty');
    // @ts-expect-error -- no schema
    expect(() => contract('daily', {})).toThrow(
      'Option "contract.schema" must be a schema that provides Standard JSON',
    );
    expect(() => contract('text', z.string())).toThrow('must be one of an object with properties, got "string"');
    // @ts-expect-error -- neither side
    expect(() => contract('daily', Day, () => [], { side: 'both' })).toThrow('Option "contract.side"');
    const silent = {
      '~standard': {
        version: 1 as const,
        vendor: 'silent',
        jsonSchema: {
          input: (): never => {
            throw new Error('not today');
          },
          output: () => ({}),
        },
      },
    };
    expect(() => contract('silent', silent)).toThrow('must be one with a JSON Schema (not today)');
    // @ts-expect-error -- a rule, not a list of them
    expect(() => contract('daily', Day, (c) => c.wind.toBeNull())).toThrow('Option "contract.rules"');
  });

  it('refuses two rules of one id, which a history could not tell apart', () => {
    const twice = () => contract('daily', Day, (c) => [c.wind.toBeBetween(0, 90), c.wind.toBeBetween(0, 60)]);
    expect(twice).toThrow('Option "contract.rules" must be rules with ids of their own, got "wind.toBeBetween".');
    const Named = contract('daily', Day, (c) => [
      c.wind.toBeBetween(0, 90),
      c.wind.toBeBetween(0, 60, { id: 'calm', severity: 'warning' }),
    ]);
    expect(broken(Named.rules.map((rule) => ({ rule }))).slice(-2)).toEqual(['wind.toBeBetween', 'calm']);
  });
});

describe('check', () => {
  const Daily = contract('daily', Day, (c, t) => [
    c.tempMax.toBeBetween(-60, 60, { mostly: 0.5 }),
    c.wind.toBeBetween(0, 90, { severity: 'warning' }),
    t.unique('date', 'station'),
    t.rowCountToBeBetween(2, null, { severity: 'info' }),
  ]);

  it('counts rules by what became of them, and succeeds when no critical one failed', async () => {
    const report = await Daily.check([day({ wind: 99 })]);
    expect(report).toMatchObject({ contract: 'daily', success: true, rows: 1 });
    expect(report.statistics).toEqual({ evaluated: 12, successful: 10, failed: { critical: 0, warning: 1, info: 1 } });
    expect(broken(report.failures)).toEqual(['wind.toBeBetween', 'rowCountToBeBetween']);
    expect(report.durationMs).toBeGreaterThan(0);
    expect(report.assert()).toBe(report);
  });

  it('throws by assert what failed, with the first value and row of each', async () => {
    const report = await Daily.check([day({ wind: 99 }), day(), day({ station: undefined })]);
    const [error] = await Promise.allSettled([Promise.resolve(report).then((failed) => failed.assert())]);
    expect(error).toMatchObject({
      reason: {
        name: 'QualityError',
        code: 'DEX_QUALITY',
        contract: 'daily',
        rows: 3,
        failures: [{ rule: { id: 'schema.station.required' } }, { rule: { id: 'unique(date, station)' } }],
        message:
          'Contract "daily" does not hold, 2 critical rules failed on 3 rows:\n' +
          '- schema.station.required: 1 of 3 values, such as null in row 2\n' +
          '- unique(date, station): 2 of 3 rows, such as ["2012-01-01","Seattle"] in row 0',
      },
    });
  });

  it('lists ten failures in the message and says how many more there are', async () => {
    const Many = contract('many', z.object({ n: z.number().optional() }), (c, t) => [
      ...Array.from({ length: 11 }, (_, index) => c.n.toBeInSet([index], { id: `only ${index}` })),
      t.rowCountToEqual(4),
    ]);
    const report = await Many.check([{ n: -1 }]);
    expect(() => report.assert()).toThrow(
      /^Contract "many" does not hold, 12 critical rules failed on 1 row:(\n- only \d+:.*){9,}\n- and 2 more$/,
    );
  });

  it('says what was observed of a column or table', async () => {
    const Mean = contract('mean', z.object({ n: z.number() }), (c) => [c.n.meanToBeBetween(5, 6)]);
    const report = await Mean.check([{ n: 1 }, { n: 2 }]);
    expect(() => report.assert()).toThrow('- n.meanToBeBetween: it is 1.5');
  });

  it('fails by a rule that could not be judged, and says why', async () => {
    const Text = contract('text', z.object({ n: z.unknown() }), (c) => [c.n.toBeBetween(0, 9)]);
    const report = await Text.check([{ n: 1 }, { n: 'two' }]);
    expect(report.success).toBe(false);
    expect(report.results).toMatchObject([{ kind: 'error', success: false, unexpectedIndexes: [1] }]);
    expect(() => report.assert()).toThrow('- n.toBeBetween: "two" has no order with 0 and 9');
  });

  it('makes results of whatever values come', async () => {
    const Row = z.object({ text: z.string().min(1), day: z.iso.date(), one: z.enum(['a']), n: z.number().min(0) });
    const Any = contract('any', Row, (c, t) => [
      t.unique('text', 'n'),
      t.pairToBeEqual('text', 'one'),
      c.text.toBeUnique(),
      c.text.mostCommonValueToBeInSet(['a']),
      c.n.meanToBeBetween(0, 1),
    ]);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const throwing = {
      toJSON() {
        throw new Error('no');
      },
    };
    const values: unknown[] = [circle, throwing, { n: 1n }, [], Symbol('x'), () => 1, Object.create(null), 10n ** 30n];
    values.push('\ud800', '\0', 'x'.repeat(1e6), -0, Infinity, Number.NaN, new Date(Number.NaN), new Map(), /x/);
    for (const value of values) {
      const { report, good, bad } = await Any.split([value, { text: value, day: value, one: value, n: value }]);
      expect([good, bad.length]).toEqual([[], 2]);
      expect(() => report.assert()).toThrow('failed on 2 rows');
    }
  });

  it('takes a key that is missing for a null, but that no row has it for a lost column where the schema requires it', async () => {
    expect((await Daily.check([day(), day({ date: '2012-01-02' })])).success).toBe(true);
    const report = await Daily.check([{ date: '2012-01-01', station: 'Seattle' }]);
    expect(broken(report.failures)).toEqual(['schema.tempMax.exists', 'rowCountToBeBetween']);
  });

  it('does not take a promise, or anything but true and false, for an answer', async () => {
    const Any = z.object({ a: z.number() });
    const answers: (() => unknown)[] = [async () => false, () => Promise.reject(new Error('no')), () => 'yes'];
    for (const answer of answers) {
      const { results } = await contract('t', Any, (c) => [
        // @ts-expect-error It answers later, or not at all.
        c.a.toSatisfy('later', answer),
      ]).check([{ a: 1 }]);
      expect(results.at(-1)).toMatchObject({
        success: false,
        error: expect.stringMatching(/^its function returned ("yes"|a promise), not true or false$/),
      });
    }
  });

  it('takes a bigint and the number that is exactly it for one value, of any size', async () => {
    const Ids = contract('t', z.object({ id: z.any() }), (c) => [c.id.toBeUnique()]);
    const { bad } = await Ids.split([{ id: 2 ** 53 }, { id: 2n ** 53n }, { id: 2n ** 53n + 1n }, { id: 10n ** 400n }]);
    expect(bad.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('refuses a condition that it cannot hold a value against', () => {
    const wrong: object[] = [
      { in: 5 },
      { notIn: [{}] },
      { gt: Number.NaN },
      { eq: {} },
      { isNull: 'yes' },
      new Date(Number.NaN),
    ];
    for (const condition of wrong) {
      const make = () => contract('t', z.object({ a: z.any() }), (c) => [c.a.toBeUnique({ where: { a: condition } })]);
      expect(make).toThrow('Option "a.toBeUnique.where.a');
    }
  });

  it('checks no rows', async () => {
    const report = await Daily.check([]);
    expect(report).toMatchObject({ success: true, rows: 0 });
    const Strict = contract('strict', z.strictObject({ n: z.number() }), (c) => [c.n.toExist()]);
    expect((await Strict.check([])).failures).toEqual([]);
  });

  it('keeps 20 of the rows that break a rule, or all when asked', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => day({ date: `day ${index}` }));
    const indexes = async (keepIndexes?: boolean) =>
      (await Daily.check(rows, { keepIndexes })).results.flatMap((result) =>
        result.rule.id === 'schema.date.format' && result.kind === 'map' ? result.unexpectedIndexes : [],
      );
    expect(await indexes()).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await indexes(true)).toHaveLength(50);
  });

  it('rejects with the reason of a signal, before it starts and within milliseconds on the way', async () => {
    const rows = Array.from({ length: 300_000 }, (_, index) => day({ date: `2012-01-01`, station: `s${index}` }));
    const reason = new Error('enough');
    await expect(Daily.check(rows, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const controller = new AbortController();
    let asked = 0;
    const Slow = contract('slow', Day, (_, t) => [t.rowsToSatisfy('counts', () => (asked += 1) > 0)]);
    setImmediate(() => controller.abort(reason));
    await expect(Slow.check(rows, { signal: controller.signal })).rejects.toBe(reason);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(rows.length);
  });
});

describe('split', () => {
  const Daily = contract('daily', Day, (c, t) => [
    c.tempMax.toBeBetween(-60, 60, { mostly: 0.1, severity: 'warning' }),
    t.unique('date', 'station'),
    c.tempMax.maxToBeBetween(null, 50),
  ]);

  it('tells good rows from bad ones, each with its place and the rules that it breaks', async () => {
    const rows = [day(), day({ date: '2012-01-02', tempMax: 99 }), day({ date: 'today', tempMax: 'mild' }), 7, null];
    const { report, good, bad } = await Daily.split(rows);
    expect(good).toEqual([rows[0]]);
    expect(bad).toEqual([
      { row: rows[1], index: 1, rules: ['tempMax.toBeBetween'] },
      { row: rows[2], index: 2, rules: ['schema.date.format', 'schema.tempMax.type', 'tempMax.toBeBetween'] },
      { row: 7, index: 3, rules: ['schema.date.required', 'schema.station.required'] },
      { row: null, index: 4, rules: ['schema.date.required', 'schema.station.required'] },
    ]);
    expect(report.rows).toBe(5);
  });

  it('keeps the place of every bad row of many, in all the batches that they go through', async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) =>
      day({ station: `${index}`, tempMax: index % 7 ? 1 : 99 }),
    );
    const { good, bad, report } = await Daily.split(rows);
    expect(bad.map(({ index }) => index)).toEqual([...rows.keys()].filter((index) => index % 7 === 0));
    expect(good.length + bad.length).toBe(rows.length);
    expect(report.rows).toBe(rows.length);
  });

  it('leaves rows good that break rules of other severities only', async () => {
    const rows = [day({ tempMax: 55.5 }), day({ date: '2012-01-02', tempMax: 99 })];
    const { good, report } = await Daily.split(rows, { severities: ['critical'] });
    expect(good).toEqual(rows);
    expect(broken(report.failures)).toEqual(['tempMax.maxToBeBetween']);
    // @ts-expect-error -- no severity
    await expect(Daily.split(rows, { severities: ['bad'] })).rejects.toThrow('Option "split.severities"');
  });

  it('takes every row for bad where a column that each must have is in none', async () => {
    const { good, bad } = await Daily.split([{ date: '2012-01-01' }, { date: '2012-01-02' }]);
    expect(good).toEqual([]);
    expect(bad.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('loses no row and adds none, whatever comes', async () => {
    const value = fc.oneof(fc.anything(), fc.constantFrom('2012-01-01', 'Seattle', 12.8, null));
    const row = fc.oneof(
      fc.record({ date: value, station: value, tempMax: value, wind: value }, { requiredKeys: [] }),
      fc.anything(),
      fc.record({ date: fc.constantFrom('2012-01-01', '2012-01-02'), station: fc.string(), tempMax: fc.double() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row), async (rows) => {
        const { report, good, bad } = await Daily.split(rows);
        const places = new Map(bad.map((entry) => [entry.index, entry]));
        const rest = [...good];
        for (const [index, given] of rows.entries()) {
          const entry = places.get(index);
          expect(entry === undefined ? rest.shift() : entry.row).toBe(given);
          expect(entry?.rules.length).not.toBe(0);
        }
        expect(rest).toEqual([]);
        expect(report.rows).toBe(good.length + bad.length);
        const again = await Daily.split(good);
        expect(again.bad).toEqual([]);
      }),
    );
  });

  it('rejects with the reason of its signal', async () => {
    await expect(Daily.split([], { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });
});

describe('contractOf', () => {
  const Source = contract('source', z.object({ a: z.number(), b: z.number(), c: z.number().nullable() }), (c, t) => [
    c.a.toBeBetween(0, 1, { tags: ['own'] }),
    t.unique('a', 'b', { tags: ['own'], where: { c: { isNull: false } } }),
  ]);
  const own = Source.rules.filter(({ tags }) => tags.includes('own'));

  it('makes a contract of rules alone, which names their columns', async () => {
    const Own = contractOf('own', own);
    expect(Own).toMatchObject({ name: 'own', side: 'input', columns: ['a', 'b', 'c'], rules: own, unchecked: [] });
    const { bad } = await Own.split([
      { a: 1, b: 1, c: 1 },
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 1, c: null },
    ]);
    expect(bad.map(({ rules }) => rules)).toEqual([['unique(a, b)'], ['unique(a, b)'], ['a.toBeBetween']]);
  });

  it('does not take a missing column for one that is null throughout', async () => {
    const [missing] = (await contractOf('own', own).check([{ b: 1, c: 1 }])).results;
    expect(missing).toMatchObject({ kind: 'error', success: false });
    const known = (await Source.check([{ b: 1, c: 1 }])).results.find(({ rule }) => rule === own[0]);
    expect(known).toMatchObject({ kind: 'map', success: true });
  });

  it('says the columns of a table without rows', async () => {
    const rules = contract('shape', z.object({ a: z.number() }), (_, t) => [t.columnCountToEqual(2)]).rules.slice(-1);
    expect((await contractOf('shape', rules).check([])).success).toBe(false);
    expect((await contractOf('shape', rules, { columns: ['a', 'b'] }).check([])).success).toBe(true);
  });

  it('refuses what is no contract', () => {
    expect(() => contractOf('', own)).toThrow('Option "contract.name"');
    expect(() => contractOf('twice', [...own, ...own])).toThrow('Option "contract.rules" must be rules with ids');
    // @ts-expect-error -- no array
    expect(() => contractOf('none', undefined)).toThrow('Option "contractOf.rules" must be an array of rules');
  });
});
