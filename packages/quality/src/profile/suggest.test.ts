import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Contract, contract, contractOf, profile, suggest } from '../index.ts';
import { rows as sample } from '../../test/suggested/rows.ts';
import { WeatherDaily } from '../../test/suggested/contract.ts';

/** The contract that the code makes; its types are checked where it stands as a file. */
function evaluate(code: string): Contract {
  const [, name = ''] = /export const (\w+)/.exec(code) ?? [];
  const body = code.replaceAll(/^import .*$/gm, '').replace('export const', 'const');
  const made: Contract = Reflect.construct(Function, ['contract', 'z', `${body}; return ${name};`])(contract, z);
  return made;
}

const squeeze = (code: string): string => code.replaceAll(/[\s,]/g, '');

describe('suggest', () => {
  it('writes a module that compiles, and that its rows keep', async () => {
    const { code, rules, columns } = suggest(await profile(sample), { name: 'weather.daily' });
    const file = readFileSync(new URL('../../test/suggested/contract.ts', import.meta.url), 'utf8');
    expect(squeeze(code)).toBe(squeeze(file));
    expect((await WeatherDaily.check(sample)).assert().success).toBe(true);
    expect((await contractOf('rules', rules, { columns }).check(sample)).assert().success).toBe(true);
  });

  it('proposes what a reader would', async () => {
    const { rules } = suggest(await profile(sample));
    const kwargs = Object.fromEntries(rules.map(({ id, kwargs: given }) => [id, given]));
    expect(kwargs['weather.toBeInSet']).toMatchObject({ value_set: ['fog', 'rain', 'sun'] });
    expect(kwargs['tempMax.toBeBetween']).toMatchObject({ min_value: -6, max_value: 38 });
    expect(kwargs['rain.toBeBetween']).toMatchObject({ min_value: 0 });
    expect(kwargs['code.toMatchRegex']).toMatchObject({ regex: String.raw`^[A-Z]{2}-\d{3}$`, mostly: 0.99 });
    expect(kwargs['mail.toMatchRegex']).toMatchObject({ regex: String.raw`^[a-z]+\d+@[a-z]+\.[a-z]+$` });
    expect(kwargs['unique(station, date)']).toMatchObject({ column_list: ['station', 'date'] });
    expect(kwargs['wind.toNotBeNull']).toMatchObject({ mostly: 0.85 });
    expect(rules.every(({ notes }) => notes !== undefined)).toBe(true);
  });

  it('notices rows that are not like those of the profile', async () => {
    const { rules, columns } = suggest(await profile(sample));
    const [first] = sample;
    const bad = { ...first, tempMax: 412, weather: 'frogs', date: '2012-13-01', mail: 'none' };
    const report = await contractOf('weather', rules, { columns }).check([...sample, bad]);
    expect(report.failures.map(({ rule }) => rule.id)).toEqual(
      expect.arrayContaining(['date.toMatchRegex', 'weather.toBeInSet', 'tempMax.toBeBetween', 'mail.toMatchRegex']),
    );
  });

  it('is kept by whatever rows it is of, as rules and as code', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 6, unit: 'binary' }),
      fc.stringMatching(/^[A-Z]{2}-\d{3}$/),
      fc.constantFrom('sun', "it's", 'a"b', '\u2028', '2012-01-01', '2011-02-29', '😀'),
    );
    const cells = [
      fc.integer(),
      fc.double(),
      text,
      fc.constantFrom('a', 'b'),
      fc.constantFrom('2012-01-01', '2012-02-29'),
      fc.date({ noInvalidDate: true }),
      fc.bigInt(),
      fc.boolean(),
      fc.oneof(fc.integer(), text, fc.constant(null)),
      fc.constant(null),
      fc.array(fc.integer(), { maxLength: 2 }),
      fc.uuid(),
    ];
    const names = fc.uniqueArray(fc.oneof(fc.constantFrom('a', 'odd name', "it's", 'constructor', '1'), fc.string()), {
      minLength: 1,
      maxLength: 4,
    });
    const table = names.chain((list) =>
      fc
        .tuple(...list.map(() => fc.constantFrom(...cells)))
        .chain((kinds) => fc.array(fc.tuple(...kinds), { maxLength: 30 }))
        .map((rows) => rows.map((row) => Object.fromEntries(list.map((name, at) => [name, row[at]])))),
    );
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(1, 25), async (some, times) => {
        const rows = Array.from({ length: times }, () => some).flat();
        const { rules, columns, code } = suggest(await profile(rows), { name: 'any' });
        if (columns.length === 0) return;
        const ofRules = await contractOf('any', rules, { columns }).check(rows);
        expect(ofRules.results.filter(({ success }) => !success)).toEqual([]);
        const ofCode = await evaluate(code).check(rows);
        expect(ofCode.results.filter(({ success }) => !success)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('proposes a key of one column, which goes on', async () => {
    const rows = Array.from({ length: 50 }, (_, id) => ({ id, city: 'Oslo' }));
    const { rules, code } = suggest(await profile(rows));
    const id = rules.filter((rule) => rule.id.startsWith('id.')).map((rule) => [rule.id, rule.kwargs]);
    expect(Object.fromEntries(id)).toMatchObject({ 'id.toBeBetween': { min_value: 0 }, 'id.toBeUnique': {} });
    expect(code).toContain('c.id.toBeBetween(0, null, ');
    expect(code).toContain('c.id.toBeUnique(');
    expect((await evaluate(code).check([...rows, rows[7]])).failures.map(({ rule }) => rule.id)).toEqual([
      'id.toBeUnique',
    ]);
  });

  it('names the module by the contract, and takes no name for granted', async () => {
    const nothing = await profile([]);
    expect(suggest(nothing).code).toContain('export const Table = contract(');
    expect(suggest(nothing, { name: '7 days' }).code).toContain("export const Contract7Days = contract('7 days'");
    expect(suggest(nothing, { name: 'row' }).code).toContain("export const ContractRow = contract('row', Row");
    expect(suggest(nothing, { name: 'date' }).code).toContain('export const ContractDate = contract(');
    expect(suggest(nothing).rules).toEqual([]);
    const keyed = Array.from({ length: 30 }, (_, at): unknown => JSON.parse(`{"__proto__": ${at}, "id": ${at}}`));
    const { columns, code } = suggest(await profile(keyed));
    expect(columns).toEqual(['id']);
    expect(code).toContain('c.id.toBeUnique(');
    expect(() => suggest(nothing, { name: '' })).toThrow('suggest.name');
    expect(() => suggest(nothing, { maxEnum: 21 })).toThrow('suggest.maxEnum');
    expect(() => suggest(nothing, { minShare: 0.2 })).toThrow('suggest.minShare');
  });
});
