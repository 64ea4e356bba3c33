import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, contractOf, type Rule } from '../index.ts';
import { createReader } from './readings.ts';

const Row = z.object({
  n: z.number(),
  i: z.int(),
  b: z.bigint(),
  d: z.date(),
  ok: z.boolean(),
  s: z.string(),
  either: z.union([z.string(), z.number()]),
  level: z.literal([1, 2, 3]),
  any: z.unknown(),
});
const { rules } = contract('row', Row);
const read = createReader(rules, ['NA']);
const csv = (row: Record<string, string>): unknown => read(row, 'csv');

describe('createReader', () => {
  it('makes of texts in CSV what the contract expects, where they are that wholly', () => {
    expect(csv({ n: '12.5', i: '-7', b: '7', d: '2012-01-02', ok: 'TRUE', level: '2' })).toEqual({
      n: 12.5,
      i: -7,
      b: 7n,
      d: new Date('2012-01-02'),
      ok: true,
      level: 2,
    });
    expect(csv({ n: '1e3', i: '+5', d: '2012-01-02 03:04:05', ok: 'false' })).toEqual({
      n: 1000,
      i: 5,
      d: new Date('2012-01-02T03:04:05Z'),
      ok: false,
    });
  });

  it('leaves what is not, for its rule to break', () => {
    const row = { n: '12,5', i: '0x10', b: '1.5', d: '02/01/2012', ok: 'yes', level: 'one' };
    expect(csv({ ...row })).toEqual(row);
    expect(csv({ n: 'Infinity', d: '2012-13-01', i: ' 1' })).toEqual({ n: 'Infinity', d: '2012-13-01', i: ' 1' });
  });

  it('leaves texts where the contract allows them, or says nothing', () => {
    const row = { s: '007', either: '7', any: '7', unknown: '7' };
    expect(csv({ ...row })).toEqual(row);
  });

  it('loses no digits', () => {
    expect(csv({ n: '12345678901234567890', i: '9007199254740993' })).toEqual({
      n: 12345678901234567890n,
      i: 9007199254740993n,
    });
  });

  it('takes empty texts for null, and those that are named', () => {
    expect(csv({ n: '', s: '', any: 'NA', unknown: 'N/A' })).toEqual({ n: null, s: null, any: null, unknown: 'N/A' });
    expect(read({ s: '', any: 'NA' }, 'ndjson')).toEqual({ s: '', any: 'NA' });
  });

  it('reads dates and bigints of JSON, and no numbers', () => {
    expect(read({ n: '12', b: '7', d: '2012-01-02', ok: 'true' }, 'json')).toEqual({
      n: '12',
      b: 7n,
      d: new Date('2012-01-02'),
      ok: 'true',
    });
  });

  it("makes numbers of Parquet's bigints, unless bigints are expected or a number would lose digits", () => {
    expect(read({ n: 7n, b: 7n, any: 7n, i: 9007199254740993n }, 'parquet')).toEqual({
      n: 7,
      b: 7n,
      any: 7,
      i: 9007199254740993n,
    });
  });

  it('goes by what rules compute and compare where none names a type', () => {
    const { rules: of } = contract(
      'of',
      z.object({ a: z.unknown(), b: z.unknown(), c: z.unknown(), l: z.unknown() }),
      (c) => [
        c.a.meanToBeBetween(0, null),
        c.b.toBeBetween(new Date(0), null),
        c.c.toBeInSet([true, false]),
        c.l.lengthsToBeBetween(1, 3),
      ],
    );
    const suite: readonly Rule[] = contractOf('suite', of).rules;
    const row = createReader(suite, [])({ a: '1', b: '2012-01-02', c: 'true', l: '12' }, 'csv');
    expect(row).toEqual({ a: 1, b: new Date('2012-01-02'), c: true, l: '12' });
  });
});
