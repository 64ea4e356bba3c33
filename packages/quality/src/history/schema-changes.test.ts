import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkSchema, contract, contractOf, schemaChanges, type SchemaSource } from '../index.ts';
import { TableState } from '../state/table-state.ts';

const changes = (before: SchemaSource, after: SchemaSource): string[] =>
  schemaChanges(before, after).map(({ kind, path, what, breaking }) => `${path} ${what} ${kind}${breaking ? '!' : ''}`);
const column = (before: z.ZodType, after: z.ZodType): string[] =>
  changes(z.object({ a: before }), z.object({ a: after }));

describe('schemaChanges', () => {
  it('tells what has come, gone and got another name', () => {
    const before = z.object({ date: z.iso.date(), wind: z.number().min(0), weather: z.enum(['sun', 'rain']) });
    const after = z.object({ date: z.iso.date(), windSpeed: z.number().min(0), rain: z.int() });
    expect(schemaChanges(before, after)).toEqual([
      { kind: 'renamed', path: 'wind', what: 'column', from: 'wind', to: 'windSpeed', breaking: true },
      { kind: 'removed', path: 'weather', what: 'column', from: 'weather', to: undefined, breaking: true },
      { kind: 'added', path: 'rain', what: 'column', from: undefined, to: 'rain', breaking: false },
    ]);
    expect(schemaChanges(before, before)).toEqual([]);
  });

  it('does not guess a name where several are alike', () => {
    const one = z.object({ a: z.number() });
    expect(changes(one, z.object({ b: z.number(), c: z.number() }))).toEqual([
      'a column removed!',
      'b column added',
      'c column added',
    ]);
    expect(changes(z.object({ a: z.number(), b: z.number() }), z.object({ c: z.number() }))).toEqual([
      'a column removed!',
      'b column removed!',
      'c column added',
    ]);
    expect(changes(['a'], ['b'])).toEqual(['a column removed!', 'b column added']);
  });

  it.each<[string, z.ZodType, z.ZodType, string[]]>([
    ['integer to number', z.int(), z.number(), ['a type widened!']],
    ['number to integer', z.number().min(0).max(9), z.int().min(0).max(9), ['a type narrowed']],
    ['number to text', z.number(), z.string(), ['a type changed!']],
    ['number to anything', z.number(), z.unknown(), ['a type widened!', 'a null widened!']],
    ['one type to two', z.string(), z.union([z.string(), z.number()]), ['a type widened!']],
    ['nullable', z.number(), z.number().nullable(), ['a null widened!']],
    ['optional', z.number(), z.number().optional(), ['a null widened!']],
    ['not nullable', z.number().nullable(), z.number(), ['a null narrowed']],
    ['nullable to optional', z.number().nullable(), z.number().optional(), []],
    ['one more value', z.enum(['sun']), z.enum(['sun', 'fog']), ['a values widened!']],
    ['one less value', z.enum(['sun', 'fog']), z.enum(['fog']), ['a values narrowed']],
    ['another value', z.enum(['sun', 'fog']), z.enum(['fog', 'rain']), ['a values changed!']],
    ['values to text', z.enum(['sun']), z.string(), ['a values widened!']],
    ['wider range', z.number().min(0).max(9), z.number().min(-1).max(10), ['a min widened!', 'a max widened!']],
    ['narrower range', z.number().min(0), z.number().min(1).max(10), ['a min narrowed', 'a max narrowed']],
    ['other range', z.number().min(0).max(9), z.number().min(-1).max(8), ['a min widened!', 'a max narrowed']],
    ['no range', z.number().min(0), z.number(), ['a min widened!']],
    ['strict to not', z.number().gt(0), z.number().min(0), ['a min widened!']],
    ['not to strict', z.number().max(0), z.number().lt(0), ['a max narrowed']],
    ['length', z.string().min(2).max(5), z.string().min(3).max(6), ['a minLength narrowed', 'a maxLength widened!']],
    ['a pattern', z.string(), z.string().regex(/^A/), ['a demands narrowed']],
    ['no pattern', z.string().regex(/^A/), z.string(), ['a demands widened!']],
    ['another pattern', z.string().regex(/^A/), z.string().regex(/^B/), ['a demands changed!']],
    ['a refinement', z.string(), z.string().refine(() => true), ['a demands narrowed']],
    ['dates', z.date().min(new Date(0)), z.date(), ['a min widened!']],
    ['bigint to number', z.bigint(), z.number(), ['a type changed!']],
  ])('tells %s', (_, before, after, expected) => {
    expect(column(before, after)).toEqual(expected);
  });

  it('looks into objects, arrays and references', () => {
    const before = z.object({
      at: z.object({ city: z.string(), zip: z.string() }).nullable(),
      tags: z.array(z.int()),
      gone: z.object({ b: z.int() }),
    });
    const after = z.object({
      at: z.object({ city: z.string().nullable() }).nullable(),
      tags: z.array(z.number()),
      more: z.object({ c: z.string() }),
    });
    expect(changes(before, after)).toEqual([
      'at.city null widened!',
      'at.zip column removed!',
      'tags[] type widened!',
      'gone column removed!',
      'more column added',
    ]);
    const renamed = z.object({ at: z.object({ town: z.string(), zip: z.string().min(1) }).nullable() });
    expect(
      changes(z.object({ at: z.object({ city: z.string(), zip: z.string().min(1) }).nullable() }), renamed),
    ).toEqual(['at.city column renamed!']);
    const withRef = (type: string): SchemaSource => ({
      type: 'object',
      properties: { at: { $ref: '#/$defs/at' } },
      required: ['at'],
      $defs: { at: { type: 'object', properties: { city: { type } }, required: ['city'] } },
    });
    expect(changes(withRef('string'), withRef('number'))).toEqual(['at.city type changed!']);
  });

  it('compares contracts by the rules that every row must keep', () => {
    const Day = z.object({ temp: z.number(), weather: z.string() });
    const before = contract('daily', Day, (c) => [c.temp.toBeBetween(-60, 60), c.weather.toBeInSet(['sun', 'rain'])]);
    const after = contract('daily', Day, (c) => [
      c.temp.toBeBetween(-60, 70),
      c.weather.toBeInSet(['sun', 'rain'], { mostly: 0.9 }),
    ]);
    expect(changes(before, after)).toEqual(['temp max widened!', 'weather values widened!']);
    expect(changes(before, contract('daily', Day))).toEqual([
      'temp min widened!',
      'temp max widened!',
      'weather values widened!',
    ]);
    const rules = before.rules.filter(({ id }) => id.startsWith('schema.'));
    expect(changes(Day, contractOf('daily', rules))).toEqual([]);
    const Text = z.object({ a: z.string().min(2).max(4).regex(/^A/), b: z.union([z.string(), z.number()]).optional() });
    expect(changes(Text, contract('text', Text))).toEqual([]);
  });

  it('compares what only both tell: names, and types and nulls that a state has seen', async () => {
    const Day = z.object({ temp: z.number().min(0), note: z.string() });
    expect(changes(Day, ['temp'])).toEqual(['note column removed!']);
    expect(changes(['temp'], Day)).toEqual(['note column added']);
    const monday = await TableState.of([
      { temp: 1, note: 'a', wind: null },
      { temp: 2.5, note: 'b' },
    ]);
    expect(changes(Day, monday)).toEqual(['wind column added']);
    const tuesday = await TableState.of([{ temp: '1', note: null, wind: 3 }]);
    expect(changes(monday, tuesday)).toEqual(['temp type changed!', 'note null widened!', 'wind null narrowed']);
  });

  it('reads the side of a schema that it is told', () => {
    const before = z.object({ a: z.coerce.number() });
    const after = z.object({ a: z.coerce.number().min(0) });
    expect(schemaChanges(before, after, { side: 'output' })).toMatchObject([
      { path: 'a', what: 'min', from: undefined, to: 0 },
    ]);
  });

  it('refuses what tells no columns', () => {
    // @ts-expect-error no schema
    expect(() => schemaChanges(3, [])).toThrow('"schemaChanges.before"');
    expect(() => schemaChanges([], { type: 'string' })).toThrow('"schemaChanges.after"');
    // @ts-expect-error no side
    expect(() => schemaChanges([], [], { side: 'both' })).toThrow('"schemaChanges.side"');
  });
});

describe('checkSchema', () => {
  it('fails on what breaks readers, and says all of it', () => {
    const before = z.object({ temp: z.number().min(0), weather: z.enum(['sun']), wind: z.number() });
    const after = z.object({
      temp: z.number().gt(-1).nullable(),
      weather: z.enum(['sun', 'fog']),
      wind: z.number(),
      rain: z.int(),
    });
    const report = checkSchema('daily', before, after, { severity: 'warning', id: 'readers' });
    expect(report).toMatchObject({ contract: 'daily', success: true, statistics: { failed: { warning: 1 } } });
    expect(report.results[0]).toMatchObject({
      rule: { id: 'readers', expectation: 'expect_comparison_to_hold' },
      observed: ['temp', 'temp', 'weather'],
      details: {
        summary:
          'temp: null widened from false to true; temp: min widened from 0 to "-1, itself out"; ' +
          'weather: values widened from ["sun"] to ["sun", "fog"]',
        changes: [{ path: 'temp' }, { path: 'temp' }, { path: 'weather' }, { path: 'rain', kind: 'added' }],
      },
    });
    expect(checkSchema('daily', ['a'], ['a', 'b']).results[0]).toMatchObject({
      success: true,
      details: { summary: 'b was added' },
    });
    expect(checkSchema('daily', ['a'], ['a']).results[0]).toMatchObject({
      details: { summary: 'nothing has changed' },
    });
  });
});
