import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/texts.ts';
import { fromNdjson, type Reject, run } from '../index.ts';

const names = ['a', 'b', 'ü', 'a.b', '0', '__proto__', 'toString'];

/** Rows that look alike now and then, so that shapes are learned, met and missed. */
const row = fc.dictionary(
  fc.oneof(fc.constantFrom(...names), fc.string()),
  fc.oneof(fc.jsonValue({ maxDepth: 2 }), anyText(), fc.double({ noNaN: true })),
  { maxKeys: 5 },
);

const picked = (line: string, fields: readonly string[]): unknown => {
  const whole: object = JSON.parse(line);
  const kept = Object.entries(whole).filter(([key]) => fields.includes(key));
  return Object.fromEntries(kept);
};

async function outcome(lines: readonly string[], fields: readonly string[]) {
  const refused: Reject[] = [];
  const options = { fields, rejects: (reject: Reject) => void refused.push(reject), maxRejects: Infinity };
  const items = await Array.fromAsync(fromNdjson(lines.join('\n'), options));
  return { items, refused: refused.map(({ value }) => value) };
}

/** What `JSON.parse` makes of the same lines. */
function twin(lines: readonly string[], fields: readonly string[]) {
  const items: unknown[] = [];
  const refused: string[] = [];
  for (const line of lines) {
    try {
      items.push(picked(line, fields));
    } catch {
      refused.push(line);
    }
  }
  return { items, refused };
}

describe('fromNdjson with fields', () => {
  it('reads what JSON.parse reads, field by field', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(3), fc.constantFrom(0, 1, 2)), { maxLength: 40 }),
        fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
        async (rows, choices, fields) => {
          const lines = choices.map(([place, style]) => {
            const json = JSON.stringify(rows[place % rows.length]);
            if (style === 0) return json;
            return style === 1 ? `${json}\r` : JSON.stringify(rows[place % rows.length], null, 1).replaceAll('\n', '');
          });
          expect(await outcome(lines, fields)).toEqual(twin(lines, fields));
        },
      ),
    ));

  it('refuses what JSON.parse refuses, wherever a row is damaged', () =>
    fc.assert(
      fc.asyncProperty(
        row,
        fc.array(
          fc.tuple(fc.nat(200), fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0', '-', ' ', '\t', 'e', '\0')),
        ),
        fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
        async (good, damages, fields) => {
          const line = JSON.stringify(good);
          const bad = damages.map(
            ([at, by]) => line.slice(0, at % line.length) + by + line.slice((at % line.length) + 1),
          );
          const lines = [line, ...bad.flatMap((damaged) => [damaged, line])].filter((each) => each.startsWith('{'));
          expect(await outcome(lines, fields)).toEqual(twin(lines, fields));
        },
      ),
    ));

  it.each([
    ['the last of duplicates', '{"a":1,"b":2,"a":3}', { a: 3 }],
    ['escapes', String.raw`{"a":"\u00fc\n\"\\","b":2}`, { a: 'ü\n"\\' }],
    ['an escaped key', String.raw`{"\u0061":1}`, { a: 1 }],
    [
      'a key in a string and in an object below',
      String.raw`{"b":"\"a\":1","c":{"a":2},"a":[3,{"a":4}]}`,
      { a: [3, { a: 4 }] },
    ],
    ['numbers', '{"a":-0.5e-3,"b":0}', { a: -0.0005 }],
    ['a number too large', '{"a":1e999}', { a: Infinity }],
    ['minus zero', '{"a":-0}', { a: -0 }],
    ['text beyond the BMP', '{"b":"𝄞","a":"𝄞ü"}', { a: '𝄞ü' }],
    ['white space', '{ "a" :\t1 , "b": [ 1, 2 ] } ', { a: 1 }],
    ['no such field', '{"b":1}', {}],
    ['an empty object', '{}', {}],
    ['null', '{"a":null}', { a: null }],
  ])('reads %s, the first time and again', async (_, line, expected) => {
    const items = await Array.fromAsync(fromNdjson(`${line}\n`.repeat(3), { fields: ['a'] }));
    expect(items).toEqual([expected, expected, expected]);
  });

  it('keeps the order of the fields asked for', async () => {
    const items = await Array.fromAsync(fromNdjson('{"a":1,"b":2}\n{"a":1,"b":2}', { fields: ['b', 'a'] }));
    expect(items.map((item) => Object.keys(item))).toEqual([
      ['b', 'a'],
      ['b', 'a'],
    ]);
  });

  it.each(['[1]', '7', 'null', '"a"', 'true'])('refuses %s, which has no fields', async (line) => {
    await expect(run(fromNdjson(`{"a":1}\n${line}`, { fields: ['a'] }))).rejects.toThrow(
      'NDJSON at index 1, line 2, byte 8: not a JSON object.',
    );
  });

  it.each([
    ['{"a":01,"b":1}', 'a leading zero'],
    ['{"b":tru,"a":1}', 'a literal'],
    [String.raw`{"b":"\x","a":1}`, 'an escape'],
    ['{"b":"\t","a":1}', 'a control character'],
    ['{"b":1,"a":1}}', 'a bracket too many'],
    ['{"b":1,"a":1', 'a bracket too few'],
    ['{"b":1,,"a":1}', 'a comma too many'],
  ])('refuses %s for %s, also behind rows of the same shape', async (line) => {
    const reading = run(fromNdjson(`{"a":1,"b":1}\n{"b":1,"a":1}\n{"b":"","a":1}\n${line}\n`, { fields: ['a'] }));
    await expect(reading).rejects.toThrow('index 3, line 4, byte 43: not JSON.');
  });

  it('reads nesting bombs, huge values and a thousand columns in bounded memory', async () => {
    const deep = `{"a":1,"b":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const nested = `{"b":${'{"c":'.repeat(500)}1${'}'.repeat(500)},"a":1}`;
    const huge = `{"a":1,"b":"${'\\n'.repeat(300_000)}"}`;
    const array = `{"a":1,"b":[${'1,'.repeat(400_000)}1]}`;
    const wide = `{${Array.from({ length: 10_000 }, (_, n) => `"c${n}":${n}`).join()},"a":1}`;
    const lines = [deep, nested, huge, array, wide].flatMap((line) => [
      line,
      '{"a":1,"b":"x"}',
      '{"a":1,"b":[1]}',
      line,
    ]);
    const items = await Array.fromAsync(fromNdjson(lines.join('\n'), { fields: ['a'] }));
    expect(items).toEqual(lines.map(() => ({ a: 1 })));
    await expect(run(fromNdjson(`{"a":1,"b":${'['.repeat(200_000)}\n`, { fields: ['a'] }))).rejects.toThrow('not JSON');
  });

  it('does not go on learning from rows that have nothing in common', async () => {
    const lines = Array.from({ length: 5_000 }, (_, n) => `{"key${n}":1,"a":${n}}`);
    const items = await Array.fromAsync(fromNdjson(lines.join('\n'), { fields: ['a'] }));
    expect(items).toEqual(lines.map((_, a) => ({ a })));
  });

  it.each([[[]], [['a', 'a']], [[1]], ['a']])('refuses the fields %j', (fields) => {
    // @ts-expect-error not all of them are names
    expect(() => fromNdjson('', { fields })).toThrow('Option "fromNdjson.fields" must be names that differ');
  });
});
