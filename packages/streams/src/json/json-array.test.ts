import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, delay } from '../../test/sources.ts';
import { fromJsonArray, type JsonArrayOptions, pipe, type Reject, run, toJsonArray } from '../index.ts';

const pieces = (text: string, places: readonly number[]): Uint8Array[] =>
  cut([...Buffer.from(text)], places).map((bytes) => Uint8Array.from(bytes));

const read = (text: string, options?: JsonArrayOptions) => Array.fromAsync(fromJsonArray(text, options));

/** What a reading gave before it failed, and how. */
async function outcome(source: Parameters<typeof fromJsonArray>[0], options?: JsonArrayOptions) {
  const items: unknown[] = [];
  try {
    for await (const item of fromJsonArray(source, options)) items.push(item);
    return { items };
  } catch (error) {
    return { items, error: error instanceof Error ? error.message : error };
  }
}

const plain = (rows: unknown): unknown => JSON.parse(JSON.stringify(rows));

const jsonText = fc
  .tuple(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t', '\r\n'))
  .map(([rows, space]) => ({
    rows: plain(rows),
    text: JSON.stringify(rows, null, space),
  }));

describe('a JSON array', () => {
  it('comes back as it was written, wherever its bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(300)), async (rows, cuts) => {
        const text = (await Array.fromAsync(pipe(rows, toJsonArray()))).join('');
        expect(JSON.parse(text)).toEqual(plain(rows));
        expect(await Array.fromAsync(fromJsonArray(pieces(text, cuts)))).toEqual(plain(rows));
      }),
    ));
});

describe('fromJsonArray', () => {
  it('takes no other space around an item than that of JSON, and shows it in what it refuses', async () => {
    const refused: unknown[] = [];
    const rejects = ({ value, position: { byte } }: Reject) => void refused.push([value, byte]);
    expect(await read('[1, \u00A02\n, 3]', { rejects })).toEqual([1, 3]);
    expect(await read('[\u00A0]', { rejects })).toEqual([]);
    expect(refused).toEqual([
      ['\u00A02', 4],
      ['\u00A0', 1],
    ]);
  });

  it('reads what JSON.parse reads, behind a path and in any layout', () =>
    fc.assert(
      fc.asyncProperty(
        jsonText,
        fc.jsonValue(),
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(500)),
        async ({ rows, text }, other, path, cuts) => {
          let document = text;
          for (const key of path.toReversed()) {
            document = `{"":${JSON.stringify(other)}, ${JSON.stringify(`${key}.`)}: [[]] , ${JSON.stringify(key)} : ${document}, "z": ["]}"]}`;
          }
          fc.pre(!path.includes(''));
          expect(await Array.fromAsync(fromJsonArray(pieces(document, cuts), { path }))).toEqual(rows);
        },
      ),
    ));

  it('reads the same from damaged bytes whether they come whole or in crumbs, and never a wrong item', () =>
    fc.assert(
      fc.asyncProperty(
        jsonText,
        fc.nat(500),
        fc.constantFrom('', '"', '\\', '{', ']', ',', ':', ' ', '\0', '[', '}'),
        async ({ text }, at, by) => {
          const damaged = text.slice(0, at % text.length) + by + text.slice((at % text.length) + 1);
          const whole = await outcome(damaged);
          expect(await outcome([...Buffer.from(damaged)].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
          if (whole.error === undefined) expect(whole.items).toEqual(JSON.parse(damaged));
          else expect(() => void JSON.parse(damaged)).toThrow(SyntaxError);
        },
      ),
    ));

  it('takes text that is cut inside of a character, beside bytes', async () => {
    const [high, low] = ['\ud834', '\udd1e'];
    expect(await Array.fromAsync(fromJsonArray([`["${high}`, `${low}"`, Buffer.from(',"ü"]')]))).toEqual(['𝄞', 'ü']);
    expect(await Array.fromAsync(fromJsonArray([`["${high}`, Buffer.from('"]')]))).toEqual(['\ufffd']);
  });

  it('reads empty arrays and a byte order mark', async () => {
    expect(await read('[]')).toEqual([]);
    expect(await read('\uFEFF [ \n ] \n')).toEqual([]);
    expect(await Array.fromAsync(fromJsonArray(pieces('\uFEFF[1]', [1, 2, 3])))).toEqual([1]);
  });

  it('hands an item on as soon as it has ended', async () => {
    async function* source() {
      yield '[1, {"a":2}, 3';
      await delay(100_000);
    }
    const rows = fromJsonArray(source())[Symbol.asyncIterator]();
    expect([await rows.next(), await rows.next()].map(({ value }) => value)).toEqual([1, { a: 2 }]);
    await rows.return?.();
  });

  it('refuses malformed items with their place, and reads on', async () => {
    const refused: Reject[] = [];
    const rows = fromJsonArray(['[{"a":1}, {"ü"', ':} ,,{"a":2},nul', ']'], {
      rejects: (reject) => void refused.push(reject),
    });
    expect(await Array.fromAsync(rows)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(refused).toEqual([
      {
        operator: 'fromJsonArray',
        position: { index: 1, byte: 10 },
        reason: 'not JSON',
        issues: [{ message: 'not JSON' }],
        value: '{"ü":}',
      },
      expect.objectContaining({ position: { index: 2, byte: 19 }, value: '' }),
      expect.objectContaining({ position: { index: 4, byte: 28 }, value: 'nul' }),
    ]);
  });

  it.each([
    ['[1,]', [], [1], 'JSON at index 1, byte 3: not JSON.'],
    ['[1 2]', [], [], 'JSON at index 0, byte 1: not JSON. The row starts with "1 2".'],
    ['[1,"a\0"]', [], [1], 'JSON at index 1, byte 3: not JSON. The row starts with "\\"a\\u0000\\"".'],
    ['[1,2', [], [1], 'JSON at index 1, byte 4: the input ends too early.'],
    ['[1,"\\', [], [1], 'JSON at index 1, byte 5: the input ends too early.'],
    ['', [], [], 'JSON at index 0, byte 0: the input ends too early.'],
    ['{"a":[1]', ['a'], [1], 'JSON at index 1, byte 8: the input ends too early.'],
    ['[1}', [], [], 'JSON at index 0, byte 2: a bracket closes none that is open.'],
    ['[[1}]', [], [], 'JSON at index 0, byte 3: a bracket closes none that is open.'],
    ['[1]x', [], [1], 'JSON at index 1, byte 3: something stands behind the end.'],
    ['[1][2]', [], [1], 'JSON at index 1, byte 3: something stands behind the end.'],
    ['{"a":[1]', [], [], 'JSON at index 0, byte 0: there is no array.'],
    ['"a"', [], [], 'JSON at index 0, byte 0: there is no array.'],
    ['[1]', ['a'], [], 'JSON at index 0, byte 0: there is no array at "a".'],
    ['{"b":[1]}', ['a'], [], 'JSON at index 0, byte 8: there is no array at "a".'],
    ['{"a":{"c":[1]}}', ['a', 'b'], [], 'JSON at index 0, byte 13: there is no array at "a.b".'],
    ['{"a":{"c":[1]},"a":{"b":[2]}}', ['a', 'b'], [], 'JSON at index 0, byte 13: there is no array at "a.b".'],
    ['{"a":12}', ['a'], [], 'JSON at index 0, byte 5: there is no array at "a".'],
    ['{"a":"["}', ['a'], [], 'JSON at index 0, byte 5: there is no array at "a".'],
    ['{"a":{}}', ['a'], [], 'JSON at index 0, byte 5: there is no array at "a".'],
    ['{"a":}', ['a'], [], 'JSON at index 0, byte 5: there is no array at "a".'],
    ['{"a"::[1]}', ['a'], [], 'JSON at index 0, byte 5: a colon behind no key.'],
    ['{"b"::1,"a":[1]}', ['a'], [], 'JSON at index 0, byte 5: a colon behind no key.'],
    ['{:[1]}', ['a'], [], 'JSON at index 0, byte 1: a colon behind no key.'],
    ['{"\\x":1,"a":[]}', ['a'], [], 'JSON at index 0, byte 1: a key that is not JSON.'],
  ])('says what is wrong with %s, and where', async (text, path, items, error) => {
    expect(await outcome(text, { path })).toEqual({ items, error });
  });

  it('is not led astray by keys that look like the path', async () => {
    const text = '{"x":{"a":[1]},"y":["a",{"a":[2]}],"\\u0061":[3],"a":[4],"n":{"b":"]"}}';
    expect(await read(text, { path: ['a'] })).toEqual([3]);
  });

  it('stops at bytes that are not UTF-8, also where they are cut off', async () => {
    const bytes = Buffer.concat([Buffer.from('["ok","'), Buffer.of(0xc3), Buffer.from('"]')]);
    for (const source of [[bytes], [bytes.subarray(0, 8), bytes.subarray(8)]]) {
      expect(await outcome(source)).toEqual({
        items: ['ok'],
        error: 'JSON at index 1, byte 6: bytes that are not UTF-8.',
      });
    }
  });

  it('stops at a nesting bomb', async () => {
    expect(await outcome(`[1,${'['.repeat(1_000_000)}`)).toEqual({
      items: [1],
      error: 'JSON at index 1, byte 1002: it is nested deeper than maxDepth.',
    });
    expect(await read('[[1]]', { maxDepth: 2 })).toEqual([[1]]);
    await expect(read('[[1]]', { maxDepth: 1 })).rejects.toThrow('byte 1: it is nested deeper than maxDepth');
  });

  it.each(['[1,"', '{"', '[1,   '])('keeps the memory of an item or key that never ends bounded: %s', async (start) => {
    let given = 0;
    async function* endless() {
      yield start;
      for (;;) {
        given += 65_536;
        yield Buffer.alloc(65_536, start.endsWith(' ') ? ' ' : 'x');
      }
    }
    const path = start === '{"' ? ['a'] : [];
    await expect(run(fromJsonArray(endless(), { path }))).rejects.toThrow('the row is longer than maxRowBytes');
    expect(given).toBeLessThan(2 ** 20 + 2 * 65_536);
  });

  it('takes an item of just maxRowBytes, and a long one in crumbs', async () => {
    expect(await read('["abc"]', { maxRowBytes: 5 })).toEqual(['abc']);
    await expect(read('["abc"]', { maxRowBytes: 4 })).rejects.toThrow('byte 1: the row is longer than maxRowBytes');
    const long = 'x'.repeat(100_000);
    const crumbs = [...Buffer.from(`["${long}"]`)].map((byte) => Uint8Array.of(byte));
    expect(await Array.fromAsync(fromJsonArray(crumbs))).toEqual([long]);
  });

  it('stops past the limit of rejects, with what was good before', async () => {
    const options = { rejects: () => {}, maxRejects: 1 };
    expect(await outcome('[1,x,2,y,3]', options)).toMatchObject({
      items: [1, 2],
      error: expect.stringContaining('fromJsonArray stopped: more than 1 rejects'),
    });
  });

  it.each([
    [{ path: 'data' }, 'fromJsonArray.path'],
    [{ path: [1] }, 'fromJsonArray.path'],
    [{ maxDepth: 0 }, 'fromJsonArray.maxDepth'],
    [{ maxRowBytes: 0 }, 'fromJsonArray.maxRowBytes'],
  ])('refuses the options %j', (options, option) => {
    // @ts-expect-error paths that are none
    expect(() => fromJsonArray('', options)).toThrow(`Option "${option}" must be`);
  });
});

describe('toJsonArray', () => {
  it('refuses what JSON cannot hold', async () => {
    await expect(run(pipe([1, undefined], toJsonArray()))).rejects.toMatchObject({
      code: 'DEX_OPERATOR',
      message: 'toJsonArray (operator 1) failed at index 1: JSON has no undefined',
    });
  });

  it('writes an empty array of nothing', async () => {
    expect(await Array.fromAsync(pipe([], toJsonArray()))).toEqual(['[]\n']);
  });
});
