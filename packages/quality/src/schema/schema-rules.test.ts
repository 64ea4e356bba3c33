import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../index.ts';

const shown = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);

/** The rules of a schema, in short: what is behind `schema.x.`, and the arguments. */
function rulesOf(schema: z.ZodObject, side?: 'input' | 'output') {
  const { rules } = contract('test', schema, () => [], { side });
  return Object.fromEntries(
    rules.map(({ id, kwargs }) => {
      const { column: _, ...rest } = { column: undefined, ...JSON.parse(JSON.stringify(kwargs, shown)) };
      return [id.replace('schema.', ''), rest];
    }),
  );
}

const uncheckedOf = (schema: z.ZodObject, side?: 'input' | 'output') =>
  contract('test', schema, () => [], { side }).unchecked.map(({ column, what }) => `${column}: ${what}`);

/** A schema of a library that is not zod. */
const foreign = (json: object) => ({
  '~standard': { version: 1 as const, vendor: 'other', jsonSchema: { input: () => ({ ...json }), output: () => ({}) } },
});

describe('the rules of a schema', () => {
  it('asks for a value where one is required, of its type', () => {
    const schema = z.object({
      text: z.string(),
      maybe: z.number().nullable(),
      left: z.boolean().optional(),
      standing: z.number().default(3),
      any: z.any(),
    });
    expect(rulesOf(schema)).toEqual({
      'text.required': {},
      'text.type': { type_: 'string' },
      'maybe.exists': {},
      'maybe.type': { type_: 'number' },
      'left.type': { type_: 'boolean' },
      'standing.type': { type_: 'number' },
    });
    expect(Object.keys(rulesOf(schema, 'output'))).toContain('standing.required');
  });

  it('knows types that JSON lacks, nested ones, and several', () => {
    const schema = z.object({
      at: z.date().min(new Date(0)).optional(),
      id: z.bigint().gt(3n).optional(),
      tags: z.array(z.string()).optional(),
      place: z.object({ lat: z.number() }).optional(),
      either: z.union([z.string(), z.number()]).nullish(),
    });
    expect(rulesOf(schema)).toEqual({
      'at.type': { type_: 'date' },
      'at.range': { min_value: '1970-01-01T00:00:00.000Z', strict_min: false },
      'id.type': { type_: 'bigint' },
      'id.range': { min_value: '3n', strict_min: true },
      'tags.type': { type_: 'array' },
      'place.type': { type_: 'object' },
      'either.type': { type_list: ['string', 'number'] },
    });
    expect(uncheckedOf(schema)).toEqual(['tags: its items', 'place: its properties', 'place: its required']);
  });

  it('bounds numbers and lengths, lists values, and matches patterns and formats', () => {
    const schema = z.object({
      n: z.number().gt(0).max(9).optional(),
      i: z.int().optional(),
      s: z.string().min(2).max(4).regex(/^a/).regex(/z$/i).optional(),
      e: z.enum(['sun', 'rain']).nullish(),
      one: z.literal('x').optional(),
      mixed: z.union([z.literal('a'), z.literal(3), z.null()]).optional(),
      mail: z.email().optional(),
    });
    expect(rulesOf(schema)).toEqual({
      'n.type': { type_: 'number' },
      'n.range': { min_value: 0, strict_min: true, max_value: 9, strict_max: false },
      'i.type': { type_: 'integer' },
      'i.range': { min_value: -9007199254740991, strict_min: false, max_value: 9007199254740991, strict_max: false },
      's.type': { type_: 'string' },
      's.length': { min_value: 2, max_value: 4 },
      's.pattern': { regex: '^a' },
      's.pattern.2': { regex: '(?i)z$' },
      'e.enum': { value_set: ['sun', 'rain'] },
      'one.enum': { value_set: ['x'] },
      'mixed.enum': { value_set: ['a', 3] },
      'mail.type': { type_: 'string' },
      'mail.format': { regex: expect.stringContaining('@') },
    });
  });

  it('wants no other columns of a strict schema, if it can say so', () => {
    expect(rulesOf(z.strictObject({ a: z.any(), b: z.any() }), 'output')).toEqual({
      columns: { column_set: ['a', 'b'] },
    });
    const some = z.strictObject({ a: z.any(), b: z.number().optional() });
    expect(Object.keys(rulesOf(some))).toEqual(['b.type']);
    expect(uncheckedOf(some)).toEqual([
      'undefined: that there are no other columns, as some of its own may be missing',
    ]);
  });

  it('follows the references that zod writes for schemas with an id', () => {
    const name = z.string().meta({ id: 'Name' });
    const schema = z.object({ first: name, last: name.optional() }).meta({ id: 'Person' });
    expect(Object.keys(rulesOf(schema))).toEqual(['first.required', 'first.type', 'last.type']);
  });

  it('says what it cannot ask', () => {
    const schema = z
      .object({
        refined: z.string().refine((text) => text !== 'x'),
        trimmed: z.string().trim().min(1),
        parsed: z.string().transform(Number),
        coerced: z.coerce.number(),
        prepared: z.preprocess((value) => value, z.number()),
        caught: z.number().catch(0),
        set: z.set(z.string()),
        file: z.file(),
        url: z.url(),
        fives: z.number().multipleOf(5),
        never: z.never().optional(),
      })
      .refine((row) => row.fives > 0);
    expect(uncheckedOf(schema)).toEqual([
      'refined: a refinement',
      'trimmed: what it is changed to before its checks',
      'parsed: what follows its transform',
      'coerced: what it is coerced from',
      'prepared: what it is made of (preprocess)',
      'caught: what it falls back from',
      'set: its type (set)',
      'file: its type (file)',
      'url: its format (uri)',
      'fives: its multipleOf',
      'never: its not',
      'undefined: a refinement',
    ]);
    expect(uncheckedOf(schema, 'output')).toEqual([
      'refined: a refinement',
      'parsed: its type (transform)',
      'set: its type (set)',
      'file: its type (file)',
      'url: its format (uri)',
      'fives: its multipleOf',
      'never: its not',
      'undefined: a refinement',
      'undefined: that there are no other columns, as some of its own may be missing',
    ]);
  });

  it('asks nothing of the type of what is coerced, prepared or caught before it is', async () => {
    const schema = z.object({ a: z.coerce.number(), b: z.number().catch(0), c: z.preprocess(Number, z.number()) });
    const rows = [{ a: '1', b: 'none', c: '3' }];
    expect((await contract('test', schema).check(rows)).success).toBe(true);
    const read = contract('test', schema, () => [], { side: 'output' });
    expect((await read.check(rows)).failures.map(({ rule }) => rule.id)).toEqual([
      'schema.a.type',
      'schema.b.type',
      'schema.c.type',
    ]);
  });

  it('reads the JSON Schema of other libraries: formats, references, alternatives', () => {
    const json = {
      type: 'object',
      $defs: { name: { type: 'string', minLength: 1 }, loop: { allOf: [{ $ref: '#/$defs/loop' }] } },
      properties: {
        name: { $ref: '#/$defs/name', maxLength: 9 },
        day: { type: 'string', format: 'date' },
        odd: { type: 'string', format: 'odd' },
        back: { type: 'string', pattern: '(?<a>x)(?P=a)' },
        alternative: { oneOf: [{ type: 'string', minLength: 3 }, { type: 'number' }, { type: 'null' }] },
        twice: { allOf: [{ type: 'number', minimum: 1 }, { minimum: 2 }] },
        loop: { $ref: '#/$defs/loop' },
        lost: { $ref: 'elsewhere.json' },
        object: { enum: [{ a: 1 }, null] },
        never: false,
        null: { allOf: [{ type: ['string', 'null'] }, { minLength: 1 }] },
        both: { allOf: [{ type: ['string', 'null'] }, { type: 'string' }] },
        some: { enum: ['a', null] },
        typed: { type: 'string', enum: ['a', null] },
        one: { anyOf: [{ type: 'string' }] },
        any: { anyOf: [{ type: 'string' }, {}] },
      },
      required: ['null', 'both', 'some', 'typed', 'one', 'any'],
    };
    const { rules, unchecked } = contract('foreign', foreign(json));
    expect(rules.map(({ id }) => id.replace('schema.', ''))).toEqual([
      'name.type',
      'name.length',
      'day.type',
      'day.format',
      'odd.type',
      'back.type',
      'alternative.type',
      'twice.type',
      'twice.range',
      'null.exists',
      'null.type',
      'null.length',
      'both.required',
      'both.type',
      'some.exists',
      'some.enum',
      'typed.required',
      'typed.enum',
      'one.required',
      'one.type',
      'any.exists',
    ]);
    expect(unchecked.map(({ column, what }) => `${column}: ${what}`)).toEqual([
      'odd: its format (odd)',
      'back: its pattern (?<a>x)(?P=a)',
      'alternative: which of its alternatives it is',
      'twice: one of its two minimums',
      'loop: what it refers to, again and again',
      'lost: what it refers to (elsewhere.json)',
      'object: its values that are objects',
      'never: that it is never there',
    ]);
    expect(rules.find(({ id }) => id === 'schema.name.length')?.kwargs).toMatchObject({ min_value: 1, max_value: 9 });
  });
});

describe('what a schema says twice, or of nothing', () => {
  it('does not ask limits of values of any type: they let all others pass', () => {
    const json = { type: 'object', properties: { n: { minimum: 1, maxLength: 3 } } };
    const { rules, unchecked } = contract('t', foreign(json));
    expect(rules).toEqual([]);
    expect(unchecked).toEqual([{ column: 'n', what: 'what it demands of some of its types' }]);
  });

  it('refuses limits that are crossed by the name of their column', () => {
    const crossed = (schema: z.ZodType) => () => contract('t', z.object({ n: schema }));
    expect(crossed(z.number().min(5).max(3))).toThrow('"contract.schema.n" must be one whose minimum is not above');
    expect(crossed(z.string().min(5).max(3))).toThrow('"contract.schema.n" must be one whose minimum is not above');
  });

  it('says that it is a union, or an intersection, which has no columns of its own', () => {
    const [a, b] = [z.object({ a: z.string() }), z.object({ b: z.string() })];
    expect(() => contract('t', z.union([a, b]))).toThrow('must be one of an object with properties, got "a union".');
    expect(() => contract('t', foreign({ allOf: [] }))).toThrow('got "an intersection".');
  });

  it('takes an undefined among literals for null, and a sticky regex for one from the start', async () => {
    const schema = z.object({
      a: z.literal([undefined, 'x', 1]),
      b: z.string().regex(/ab|c/y),
      c: z.string().regex(/a/iy),
    });
    expect(rulesOf(schema)).toMatchObject({
      'a.enum': { value_set: ['x', 1] },
      'b.pattern': { regex: String.raw`\A(?:ab|c)` },
      'c.pattern': { regex: String.raw`(?i)\A(?:a)` },
    });
    const rows = [{ a: 'x' }, { b: 'cab', c: 'A' }, { b: 'xc', c: 'ba', a: null }].map((row) => ({
      b: 'c',
      c: 'a',
      ...row,
    }));
    const { bad } = await contract('t', schema).split(rows);
    expect(bad.map(({ rules }) => rules)).toEqual([['schema.b.pattern', 'schema.c.pattern']]);
  });

  it('takes the narrower of two limits', () => {
    const schema = z.object({
      id: z.bigint().min(5n).positive(),
      at: z.date().min(new Date('2024-01-01')).min(new Date('2020-01-01')),
      both: z.intersection(z.bigint().min(1n), z.bigint().min(2n)),
    });
    expect(rulesOf(schema)).toMatchObject({
      'id.range': { min_value: '5n', strict_min: false },
      'at.range': { min_value: '2024-01-01T00:00:00.000Z', strict_min: false },
      'both.range': { min_value: '1n' },
    });
    expect(uncheckedOf(schema)).toEqual(['both: one of its two minimums']);
    const json = {
      type: 'object',
      properties: { n: { type: 'number', minimum: 10, exclusiveMinimum: 5, maximum: 20, exclusiveMaximum: 20 } },
    };
    expect(
      contract('t', foreign(json))
        .rules.slice(1)
        .map(({ kwargs }) => kwargs),
    ).toEqual([{ column: 'n', min_value: 10, max_value: 20, strict_min: false, strict_max: true, mostly: undefined }]);
  });

  it('takes a limit that is none for none, and says so', () => {
    const schema = z.object({ n: z.number().max(Infinity) });
    expect(rulesOf(schema)).toEqual({ 'n.required': {}, 'n.type': { type_: 'number' } });
    expect(uncheckedOf(schema)).toEqual(['n: its maximum']);
    const json = { type: 'object', properties: { n: { minimum: 'abc' } } };
    expect(contract('t', foreign(json)).unchecked).toEqual([{ column: 'n', what: 'its minimum' }]);
  });

  it('wants null where there is nothing else', async () => {
    const schema = z.object({ a: z.null(), b: z.literal(null), c: z.union([z.number(), z.literal(null)]) });
    const { bad } = await contract('t', schema).split([
      { a: null, b: null, c: null },
      { a: 1, b: 'x', c: 'x' },
    ]);
    expect(bad).toMatchObject([{ index: 1, rules: ['schema.a.type', 'schema.b.type', 'schema.c.type'] }]);
  });

  it('asks of no number what is said of texts, nor the other way round', async () => {
    const code = { type: ['string', 'number'], minimum: 5, minLength: 2, pattern: '^a' };
    const Codes = contract('t', foreign({ type: 'object', properties: { code } }));
    expect(Codes.unchecked).toEqual([{ column: 'code', what: 'what it demands of some of its types' }]);
    expect((await Codes.check([{ code: 'ab' }, { code: 7 }])).success).toBe(true);
  });

  it('keeps what else is said of listed values', async () => {
    const schema = z.object({ code: z.intersection(z.enum(['ab', 'xy']), z.string().regex(/^a/)) });
    const { bad } = await contract('t', schema).split([{ code: 'ab' }, { code: 'xy' }]);
    expect(bad).toMatchObject([{ index: 1, rules: ['schema.code.pattern'] }]);
  });

  it('says what JSON cannot hold of bigints', () => {
    expect(uncheckedOf(z.object({ a: z.uint64(), b: z.literal(2n ** 60n + 1n) }))).toEqual([
      'a: its format (uint64)',
      'b: its values that are large bigints',
    ]);
  });

  it('has no rules where there are no properties or no values', () => {
    expect(contract('t', z.strictObject({})).rules).toEqual([]);
    const json = { type: 'object', properties: { a: { enum: [] } } };
    expect(contract('t', foreign(json)).unchecked).toEqual([{ column: 'a', what: 'that it is never there' }]);
  });
});

describe('a schema and its rules', () => {
  it('agree on which values are good', async () => {
    const schema = z.object({
      date: z.iso.date(),
      at: z.iso.datetime(),
      n: z.number().gt(0).lte(5),
      i: z.int().min(-2),
      s: z.string().min(1).max(2),
      code: z.string().regex(/^a.c$/i),
      e: z.enum(['a', 'b']),
      id: z.uuid(),
      mail: z.email(),
      when: z.date().min(new Date('2012-01-01')),
      big: z.bigint().lt(10n),
      flag: z.boolean(),
    });
    const values: unknown[] = [
      '',
      'a',
      'ab',
      'abc',
      'ABC',
      '2012-02-29',
      '2013-02-29',
      '2012-01-01T10:00:00Z',
      'a@b.co',
    ];
    values.push(
      '0b5f5a0e-1f5b-4d7a-9d0a-0a7b5c3d2e1f',
      0,
      -0,
      1,
      5,
      5.5,
      -3,
      1e308,
      true,
      9n,
      10n,
      [],
      {},
      null,
      undefined,
    );
    values.push(new Date('2012-01-01'), new Date('2011-12-31T23:59:59Z'), '2012-02-29\n', 'a\nc', 'ab😀');

    const Table = contract('test', schema);
    for (const [column, one] of Object.entries(schema.shape)) {
      for (const value of values) {
        const { bad } = await Table.split([{ [column]: value }]);
        const rules = bad.flatMap((row) => row.rules).filter((id) => id.startsWith(`schema.${column}.`));
        expect({ column, value, good: rules.length === 0 }).toEqual({
          column,
          value,
          good: one.safeParse(value).success,
        });
      }
    }
  });
});
