import { OptionError } from '@dataenginex/core';
import { describe, expect, it } from 'vitest';
import { compileJsonSchema } from './json-values.ts';

const keeps = (schema: unknown, text: string) => compileJsonSchema('schema', schema)(text);

describe('compileJsonSchema', () => {
  it('takes texts that are JSON and keep the schema', () => {
    const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer', minimum: 0 } } };
    expect(keeps(schema, '{"a": 1.0, "b": null}')).toBe(true);
    expect(keeps(schema, '{"a": -1}')).toBe(false);
    expect(keeps(schema, '{}')).toBe(false);
    expect(keeps(schema, '{"a": 1')).toBe(false);
    expect(keeps({}, 'null')).toBe(true);
  });

  it('reads the draft that the schema names', () => {
    const items = { items: [{ type: 'number' }], additionalItems: false };
    expect(keeps({ $schema: 'http://json-schema.org/draft-07/schema#', ...items }, '[1, 2]')).toBe(false);
    const prefix = { prefixItems: [{ type: 'number' }], items: false };
    expect(keeps({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...prefix }, '[1, 2]')).toBe(false);
    expect(keeps({ $schema: 'http://json-schema.org/draft-04/schema#', minimum: 1, exclusiveMinimum: true }, '1')).toBe(
      false,
    );
  });

  it('does not ask formats, but properties of that name', () => {
    expect(keeps({ type: 'string', format: 'date' }, '"nope"')).toBe(true);
    expect(keeps({ properties: { format: { type: 'number' } } }, '{"format": "a"}')).toBe(false);
  });

  it('follows references, and leaves the schema as it is', () => {
    const schema = Object.freeze({ $ref: '#/$defs/a', $defs: Object.freeze({ a: Object.freeze({ type: 'number' }) }) });
    expect(keeps(schema, '1')).toBe(true);
    expect(keeps(schema, '"1"')).toBe(false);
  });

  it('gives up what is too deep, or has too many items to compare', () => {
    const list = { items: { $ref: '#' }, uniqueItems: true };
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(keeps(list, nested(20))).toBe(true);
    expect(keeps(list, nested(200_000))).toBeUndefined();
    expect(keeps(list, `[${Array.from({ length: 50_000 }, (_, n) => n).join()}]`)).toBeUndefined();
    expect(keeps(list, '[1, [2, 2]]')).toBe(false);
  });

  it('does not ask a pattern that may take for ever on a long text', () => {
    const keepsPattern = compileJsonSchema('schema', { properties: { a: { pattern: '^(a+)+$' } } });
    expect(keepsPattern('{"a": "aa"}')).toBe(true);
    expect(keepsPattern(`{"a": "${'a'.repeat(50)}!"}`)).toBeUndefined();
  });

  it.each([
    [null, 'an object'],
    [{ type: 'nope' }, '/type'],
    [{ properties: { a: { minimum: '1' } } }, '/properties/a/minimum'],
    [{ required: 'a' }, '/required'],
    [{ anyOf: [] }, '/anyOf'],
    [{ $ref: '#/$defs/none' }, '/$ref: #/$defs/none is not there'],
    [{ pattern: '(' }, 'no regular expression'],
    [{ $schema: 'http://json-schema.org/draft-03/schema#' }, 'of draft 4'],
  ])('refuses %j', (schema, why) => {
    expect(() => compileJsonSchema('schema', schema)).toThrow(OptionError);
    expect(() => compileJsonSchema('schema', schema)).toThrow(why);
  });
});
