import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, contractOf, fromJsonSchema, type Rule, toJsonSchema } from '../index.ts';
import { columnRules } from '../rules/column-rules.ts';

const Day = z.strictObject({
  date: z.iso.date(),
  station: z
    .string()
    .min(2)
    .max(4)
    .regex(/^[A-Z]/),
  tempMax: z.number().max(60).nullable(),
  tempMin: z.int().gt(-60).lt(60),
  weather: z.enum(['sun', 'rain']).nullable(),
  wind: z.union([z.number(), z.string()]).optional(),
});

const Daily = contract('daily', Day, (c, t) => [
  c.station.toNotBeInSet(['XX']),
  c.station.toNotMatchRegex('Z$'),
  c.station.toMatchRegexList(['S', '.E'], { matchOn: 'any' }),
  c.station.toMatchLikePattern('%_A%'),
  c.tempMax.toBeBetween(-60, null),
  c.tempMin.toBeBetween(-50, 50, { strictMin: true, id: 'a warning', severity: 'warning' }),
  c.tempMin.toBeInSet([1, 2, 3, 60]),
  c.tempMax.toBeBetween(0, 50, { id: 'most', mostly: 0.9 }),
  c.tempMax.toBeBetween(0, 50, { id: 'some', where: { weather: 'sun' } }),
  c.tempMax.toNotBeNull({ id: 'in each group', groupBy: 'station' }),
  c.station.toBeBetween('A', 'Z'),
  c.date.toMatchStrftimeFormat('%Y-%m-%d'),
  c.station.toMatchRegex('(?i)sea'),
  c.tempMax.meanToBeBetween(0, 20),
  t.unique('date', 'station'),
  t.columnsToMatchSet(['date'], { exactMatch: false }),
  c.date.toExist({ columnIndex: 0 }),
]);

describe('toJsonSchema', () => {
  const { schema, unmapped } = toJsonSchema(Daily);

  it('says what a row must be', () => {
    const Small = contract(
      'small',
      z.object({ a: z.string().min(1), b: z.int().nullable(), c: z.boolean().optional() }),
    );
    expect(toJsonSchema(Small)).toEqual({
      schema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: 'small',
        type: 'object',
        properties: {
          a: { type: 'string', minLength: 1 },
          b: { type: ['integer', 'null'], minimum: -9007199254740991, maximum: 9007199254740991 },
          c: { type: ['boolean', 'null'] },
        },
        required: ['a', 'b'],
      },
      unmapped: [],
    });
  });

  it('says which rules it cannot say, and why', () => {
    expect(unmapped.map(({ rule, reason }) => [rule, reason.replace(/, got.*/, '')])).toEqual([
      [
        undefined,
        'the schema demands that there are no other columns, as some of its own may be missing, and no rule asks it',
      ],
      ['a warning', 'Option "severity" must be critical, as a schema refuses rows'],
      ['most', 'Option "mostly" must be 1, as a schema is of every row'],
      ['some', 'Option "where" must be left out: a schema is of every row'],
      ['in each group', 'Option "groupBy" must be left out: a schema is of one row'],
      ['station.toBeBetween', 'Option "bound" must be a number, as JSON Schema has no other order'],
      ['date.toMatchStrftimeFormat', 'Option "rule" must be of single rows, and one that JSON Schema has'],
      ['station.toMatchRegex', 'Option "regex" must be one without flags'],
      ['tempMax.meanToBeBetween', 'Option "rule" must be of single rows, and one that JSON Schema has'],
      ['unique(date, station)', 'Option "rule" must be of single rows, and one that JSON Schema has'],
      ['columnsToMatchSet', 'Option "rule" must be of single rows'],
      ['date.toExist', 'Option "column_index" must be left out: properties have no order'],
    ]);
  });

  it('refuses the rows that break a rule, and no others', async () => {
    const value = fc.constantFrom(
      null,
      'SEA',
      'SEAZ',
      'XX',
      'S',
      'sea',
      'EA',
      'JFKSEA',
      1,
      3,
      2.5,
      -61,
      61,
      60,
      '2012-01-01',
      'sun',
    );
    const row = fc.record(
      {
        date: fc.constantFrom('2012-01-01', '2012-13-01', null, 7),
        station: fc.oneof({ arbitrary: fc.constant('SEA'), weight: 3 }, value),
        tempMax: fc.oneof({ arbitrary: fc.constant(12.8), weight: 3 }, value),
        tempMin: fc.oneof({ arbitrary: fc.constant(2), weight: 3 }, value),
        weather: fc.oneof({ arbitrary: fc.constant('sun'), weight: 3 }, value),
        wind: value,
      },
      { requiredKeys: ['date', 'station', 'tempMax', 'weather'] },
    );
    const left = new Set(unmapped.map(({ rule }) => rule));
    const Mapped = contractOf(
      'mapped',
      Daily.rules.filter(({ id }) => !left.has(id) && !id.endsWith('.exists')),
    );
    const validator = new Validator({ ...schema }, '2020-12');
    const rows = fc.sample(row, { numRuns: 400, seed: 7 });
    const { bad } = await Mapped.split(rows);
    const broken = new Set(bad.map(({ index }) => index));
    expect(broken.size).toBeGreaterThan(50);
    expect(broken.size).toBeLessThan(390);
    for (const [index, each] of rows.entries()) {
      expect(validator.validate(each).valid, JSON.stringify(each)).toBe(!broken.has(index));
    }
  });

  it('closes rows of strict schemas, and requires what must exist', () => {
    const Strict = contract('strict', z.strictObject({ a: z.string().nullable() }));
    expect(toJsonSchema(Strict).schema).toMatchObject({ required: ['a'], additionalProperties: false });
    const validator = new Validator({ ...toJsonSchema(Strict).schema }, '2020-12');
    expect([{ a: null }, {}, { a: 'x', b: 1 }].map((row) => validator.validate(row).valid)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('keeps rules that say more than one thing of a column apart', () => {
    const Of = contract('of', z.object({ a: z.unknown(), b: z.date(), c: z.bigint() }), (c) => [
      c.a.toBeInSet(['x', 1]),
      c.a.toMatchRegexList(['x', 'y'], { matchOn: 'all' }),
      c.a.toNotMatchRegexList(['z']),
      c.a.toMatchLikePatternList(['%x', 'y_'], { matchOn: 'all' }),
      c.a.toNotMatchLikePatternList(['q!_'], { escape: '!' }),
      c.a.toNotMatchLikePattern('q%'),
      c.b.toBeInSet([new Date(0)]),
      c.c.toBeInSet([2n ** 60n]),
      c.c.toBeBetween(0n, 5n),
    ]);
    const found = toJsonSchema(Of);
    expect(found.unmapped.map(({ rule }) => rule)).toEqual(['schema.b.type', 'b.toBeInSet', 'c.toBeInSet']);
    expect(found.schema.properties).toEqual({
      a: {
        anyOf: [
          {
            allOf: [expect.objectContaining({ enum: ['x', 1] }), expect.anything(), expect.anything()],
          },
          { type: 'null' },
        ],
      },
      b: { not: { type: 'null' } },
      c: { type: 'integer', minimum: 0, maximum: 5 },
    });
    const nulls = contract('nulls', z.object({ a: z.unknown() }), (c) => [c.a.toBeNull()]);
    expect(toJsonSchema(nulls).schema.properties).toEqual({ a: { type: 'null' } });
  });
});

describe('fromJsonSchema', () => {
  it('makes a contract of a document, with the columns that it names', async () => {
    const Small = contract(
      'small',
      fromJsonSchema({
        type: 'object',
        properties: { a: { type: 'string' }, n: { type: ['number', 'null'] }, any: {} },
        required: ['a'],
      }),
      (c) => [c.a.toMatchRegex('^x'), c.n.meanToBeBetween(0, 1), c.any.toBeBetween(0, 1)],
    );
    expect(Small.rules.map(({ id }) => id).slice(0, 3)).toEqual([
      'schema.a.required',
      'schema.a.type',
      'schema.n.type',
    ]);
    expect((await Small.check([{ a: 'x', n: 0.5, any: 1 }])).success).toBe(true);
    // @ts-expect-error -- misspelt
    expect(() => contract('small', fromJsonSchema({ properties: { a: {} } }), (c) => [c.b.toBeNull()])).toThrow(
      'must be about the columns of the schema, a, got "b"',
    );
  });

  it('reads what was written', () => {
    const Some = contract(
      'some',
      z.object({
        a: z
          .string()
          .min(1)
          .max(3)
          .regex(/^[A-Z]+$/),
        b: z.number().gt(0).nullable(),
        c: z.enum(['x', 'y']).nullable(),
        d: z.boolean().optional(),
      }),
    );
    const { schema } = toJsonSchema(Some);
    const Again = contract('some', fromJsonSchema<Record<string, never>>(JSON.parse(JSON.stringify(schema))));
    expect(Again.unchecked).toEqual([]);
    const plain = JSON.parse(JSON.stringify(Some.rules));
    expect(JSON.parse(JSON.stringify(Again.rules))).toEqual(plain);
  });

  it('keeps what a value is not, beside that it is not null', async () => {
    const of = (rules: readonly Rule[]) => toJsonSchema(contractOf('x', rules, { columns: ['a'] })).schema.properties;
    const c = columnRules('a', ['a']);
    const not = { not: { type: 'null' } };
    expect(of([c.toNotBeNull(), c.toNotBeInSet([1])])).toEqual({ a: { allOf: [{ not: { enum: [1] } }, not] } });
    expect(of([c.toNotBeNull(), c.toBeInSet([1])])).toEqual({ a: { enum: [1], ...not } });
    expect(of([c.toBeNull(), c.toMatchRegexList(['a'])])).toMatchObject({ a: { anyOf: [{}, { type: 'null' }] } });
  });

  it('asks the type of values that a set allows and the type does not, and both sets', async () => {
    const ofA = (a: object) => contract('x', fromJsonSchema<{ a: unknown }>({ type: 'object', properties: { a } }));
    expect((await ofA({ type: 'number', enum: [1, 'b'] }).check([{ a: 1 }])).success).toBe(true);
    expect((await ofA({ type: 'number', enum: [1, 'b'] }).check([{ a: 'b' }])).success).toBe(false);
    expect((await ofA({ const: 1, enum: [1, 2] }).check([{ a: 2 }])).success).toBe(false);
    expect((await ofA({ type: 'null', const: 1 }).check([{ a: 1 }])).success).toBe(false);
  });

  it('refuses what is no document', () => {
    expect(() => fromJsonSchema('{}')).toThrow('Option "fromJsonSchema.document" must be a JSON Schema');
    expect(() => contract('x', fromJsonSchema({ type: 'string' }))).toThrow('"contract.schema"');
  });
});
