import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../test/sources.ts';
import { anyText } from '../../test/texts.ts';
import { fromCsv, fromNdjson, pipe, type Reject, toCsv } from '../index.ts';

/** The bytes of a text in pieces cut anywhere, also inside a character. */
const pieces = (text: string, places: readonly number[]): Uint8Array[] =>
  cut([...Buffer.from(text)], places).map((bytes) => Uint8Array.from(bytes));

async function read(source: Parameters<typeof fromCsv>[0], options: Parameters<typeof fromCsv>[1] = {}) {
  const refused: Reject[] = [];
  const rows: unknown[] = [];
  const error: unknown = await (async () => {
    for await (const row of fromCsv(source, { rejects: (reject) => void refused.push(reject), ...options })) {
      rows.push(row);
    }
  })().catch((thrown: unknown) => thrown);
  return { rows, refused, error };
}

const places = fc.array(fc.nat(200));
const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'ü', '😀', ',', '"', '\n', '\r\n', ' ', ';') }),
  anyText().map((text) => text.replaceAll('\0', '')),
);

describe('CSV', () => {
  it('comes back as it was written, whatever is in it and wherever its bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.record({ 'a,b': cell, c: cell, '"': cell })), places, async (rows, cuts) => {
        const columns = ['a,b', 'c', '"'] as const;
        const text = (await Array.fromAsync(pipe(rows, toCsv({ columns })))).join('');
        const back = { rows, refused: [], error: undefined };
        expect(await read(pieces(text, cuts))).toEqual(back);
        expect(await read(text)).toEqual(back);
        expect(await read(cut(Array.from(text), cuts).map((piece) => piece.join('')))).toEqual(back);
      }),
    ));

  it('means the same wherever its bytes are cut, malformed or not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'ü', ',', '"', '\n', '\r', '\0', '😀') }),
        places,
        async (text, cuts) => {
          const whole = await read(text);
          const parts = await read(pieces(text, cuts));
          // How much of the last row had come when it was given up is another matter.
          const said = (error: unknown) => String(error).replace(/ The row starts with .*/u, '');
          expect({ ...parts, error: said(parts.error) }).toEqual({ ...whole, error: said(whole.error) });
        },
      ),
      { numRuns: 300 },
    ));

  it('keeps a single empty column apart from a blank line', async () => {
    const text = (await Array.fromAsync(pipe([{ a: '' }, { a: 'x' }], toCsv()))).join('');
    expect(text).toBe('a\r\n""\r\nx\r\n');
    expect(await Array.fromAsync(fromCsv(text))).toEqual([{ a: '' }, { a: 'x' }]);
  });
});

describe('fromCsv', () => {
  it.each([
    [
      'LF and CRLF',
      'a,b\r\n1,2\n3,4\r\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['no last line end', 'a,b\n1,2', [{ a: '1', b: '2' }]],
    ['a byte order mark', '\uFEFFa,b\n1,2\n', [{ a: '1', b: '2' }]],
    ['blank lines', '\n\na,b\n\r\n1,2\n\n', [{ a: '1', b: '2' }]],
    ['quotes, doubled quotes and line ends in quotes', 'a,b\n"1,""2""","3\r\n4"\n', [{ a: '1,"2"', b: '3\r\n4' }]],
    [
      'empty fields',
      'a,b\n,\n"",\n',
      [
        { a: '', b: '' },
        { a: '', b: '' },
      ],
    ],
    ['a quote inside a plain field', 'a,b\n5" pipe,2\n', [{ a: '5" pipe', b: '2' }]],
    ['a header only', 'a,b\n', []],
    ['nothing', '', []],
  ])('reads %s', async (_what, text, rows) => {
    expect(await read(text)).toEqual({ rows, refused: [], error: undefined });
  });

  it('reads other dialects', async () => {
    expect(await Array.fromAsync(fromCsv('a\tb\n1\t2,3\n', { delimiter: '\t' }))).toEqual([{ a: '1', b: '2,3' }]);
    expect(await Array.fromAsync(fromCsv('1,2\n3\n', { header: false }))).toEqual([['1', '2'], ['3']]);
    expect(await Array.fromAsync(fromCsv('1,2\n', { header: ['a', 'b'] }))).toEqual([{ a: '1', b: '2' }]);
  });

  it('refuses malformed rows with their place and text, and reads on', async () => {
    const { rows, refused, error } = await read('a,b\n1,2\nü\n"x"y,2\n1\r2,3\n"\n",2,3\n5,6\n');
    expect(rows).toEqual([
      { a: '1', b: '2' },
      { a: '5', b: '6' },
    ]);
    expect(refused.map(({ reason, position, value }) => [reason, position, value])).toEqual([
      ['the row has 1 field instead of 2', { index: 1, line: 3, byte: 8 }, 'ü'],
      ['text after a closing quote', { index: 2, line: 4, byte: 11 }, '"x"y,2'],
      ['a carriage return without a line feed', { index: 3, line: 5, byte: 18 }, '1\r2,3'],
      ['the row has 3 fields instead of 2', { index: 4, line: 6, byte: 24 }, '"\n",2,3'],
    ]);
    expect(error).toBeUndefined();
  });

  it('throws on a malformed row when nobody takes rejects, after what was good', async () => {
    const { rows, error } = await read('a,b\n1,2\n3\n5,6\n', { rejects: undefined });
    expect(rows).toEqual([{ a: '1', b: '2' }]);
    expect(error).toMatchObject({
      name: 'FormatError',
      code: 'DEX_FORMAT',
      format: 'CSV',
      position: { index: 1, line: 3, byte: 8 },
      start: '3',
      message: 'CSV at index 1, line 3, byte 8: the row has 1 field instead of 2. The row starts with "3".',
    });
  });

  it.each([
    ['a quote that is never closed', 'a,b\n1,2\n3,"4\n5,6\n', { index: 1, line: 3, byte: 10 }],
    ['a NUL', 'a,b\n1,2\n3,4\0\n', { index: 1, line: 3, byte: 11 }],
    [
      'a byte that is not UTF-8',
      [Buffer.from('a,b\n1,2\nü,'), Buffer.from([0x61, 0xff, 0x61])],
      { index: 1, line: 3, byte: 12 },
    ],
    [
      'a byte that is not UTF-8',
      [Buffer.from('a,b\n1,2\n'), Buffer.from([0xc3]), Buffer.from('x\n')],
      { index: 1, line: 3, byte: 8 },
    ],
    [
      'the input ends inside a UTF-8 character',
      [Buffer.from('a,b\n1,2\nx'), Buffer.from([0xe2, 0x82])],
      { index: 1, line: 3, byte: 9 },
    ],
    [
      'the row is longer than maxRowBytes',
      ['a,b\n1,2\n"', ...Array.from({ length: 30 }, () => 'xx\n')],
      { index: 1, line: 3, byte: 8 },
    ],
  ])('stops at %s, rejects or not, and says where', async (reason, source, position) => {
    const { rows, error } = await read(source, { maxRowBytes: 50 });
    expect(rows).toEqual([{ a: '1', b: '2' }]);
    expect(error).toMatchObject({ name: 'FormatError', position });
    expect(String(error)).toContain(reason);
  });

  it.each([
    ['the column "a" is named twice', 'a,b,a\n1,2,3\n'],
    ['a column cannot be named "__proto__"', '__proto__\n1\n'],
    ['text after a closing quote', '"a"x,b\n1,2\n'],
  ])('stops at a header that cannot work: %s', async (reason, text) => {
    expect(String((await read(text)).error)).toContain(`CSV at index 0, line 1, byte 0: ${reason}`);
  });

  it('measures a row in bytes, and only the row', async () => {
    const text = `a\n${'ü'.repeat(25)}\n`.repeat(2);
    expect((await read(text, { maxRowBytes: 50 })).rows).toHaveLength(3);
    expect(String((await read(text, { maxRowBytes: 49 })).error)).toContain('longer than maxRowBytes');
  });

  it('makes rows of very many columns', async () => {
    const columns = Array.from({ length: 100_000 }, (_, index) => `c${index}`).join(',');
    expect((await read(`${columns}\n${columns}\n`)).rows).toHaveLength(1);
  });

  it('names the option that cannot work', () => {
    for (const delimiter of ['', ',,', '"', '\n']) {
      expect(() => fromCsv('', { delimiter })).toThrow('Option "fromCsv.delimiter" must be one character');
    }
    expect(() => fromCsv('', { header: ['a', 'a'] })).toThrow('Option "fromCsv.header"');
    const untyped: (source: string, options: object) => unknown = fromCsv;
    const wrong = [
      ['quote', { quote: 'ab' }],
      ['quote', { quote: '\uFEFF' }],
      ['delimiter', { quote: ',' }],
      ['delimiter', { delimiter: '\0' }],
      ['delimiter', { delimiter: '\uD83D' }],
      ['delimiter', { delimiter: ';', lineEnd: ';' }],
      ['escape', { escape: '' }],
      ['escape', { escape: ',' }],
      ['escape', { quote: '', escape: '\\' }],
      ['comment', { comment: '"' }],
      ['comment', { comment: '//' }],
      ['lineEnd', { lineEnd: '' }],
      ['lineEnd', { lineEnd: '\n\r' }],
      ['skipLines', { skipLines: -1 }],
      ['columns', { columns: [] }],
      ['columns', { columns: ['a', 'a'] }],
      ['rename', { header: ['a'], rename: { a: 'b' } }],
    ] as const;
    for (const [option, options] of wrong) {
      expect(() => untyped('', options)).toThrow(`Option "fromCsv.${option}"`);
    }
    expect(() => untyped('', { trim: 1 })).toThrow('Option "fromCsv.trim"');
    expect(() => untyped('', { ragged: 'drop' })).toThrow('Option "fromCsv.ragged" must be one of "reject", "fit"');
    expect(() => untyped('', { rename: 'a' })).toThrow('Option "fromCsv.rename"');
    expect(() => untyped('', { header: [1] })).toThrow('Option "fromCsv.header"');
    expect(() => untyped('', { header: false, columns: ['a'] })).toThrow('Option "fromCsv.columns"');
    expect(() => untyped('', { header: ['b'], columns: ['a'] })).toThrow('Option "fromCsv.columns"');
    expect(() => toCsv({ comment: ',' })).toThrow('Option "toCsv.comment"');
    expect(() => fromCsv('', { maxRowBytes: 0 })).toThrow('Option "fromCsv.maxRowBytes"');
    expect(() => fromCsv('', { maxRejects: NaN })).toThrow('Option "fromCsv.maxRejects"');
    expect(() => toCsv({ columns: [] })).toThrow('Option "toCsv.columns"');
    expect(() => toCsv({ delimiter: '' })).toThrow('Option "toCsv.delimiter"');
  });
});

describe('toCsv', () => {
  const write = async (rows: object[], options = {}) =>
    (await Array.fromAsync(pipe(rows, toCsv<object>(options)))).join('');

  it('writes what a field can hold', async () => {
    const row = { text: 'ü', number: 1.5, big: 10n, yes: true, date: new Date(0), none: null, missing: undefined };
    expect(await write([row])).toBe(
      'text,number,big,yes,date,none,missing\r\nü,1.5,10,true,1970-01-01T00:00:00.000Z,,\r\n',
    );
  });

  it('writes the columns asked for, with their names even when there is no row', async () => {
    expect(await write([{ b: 1, a: 2, c: 3 }], { columns: ['a', 'b'] })).toBe('a,b\r\n2,1\r\n');
    expect(await write([], { columns: ['a', 'b'] })).toBe('a,b\r\n');
    expect(await write([], {})).toBe('');
    expect(await write([{ a: 'x;y' }], { header: false, delimiter: ';' })).toBe('"x;y"\r\n');
  });

  it('refuses a column that the first row lacks, but not one that a later row lacks', async () => {
    const columns = ['a', 'tempMaks'];
    await expect(write([{ a: 1, tempMax: 2 }], { columns })).rejects.toThrow(
      'at index 0: the first row has no column "tempMaks"; where later rows do, put null in it',
    );
    await expect(write([{ a: 1 }], { columns, header: false })).rejects.toThrow('no column "tempMaks"');
    expect(await write([{ a: 1, tempMaks: undefined }, { a: 2 }, { tempMaks: 3 }], { columns })).toBe(
      'a,tempMaks\r\n1,\r\n2,\r\n,3\r\n',
    );
    await expect(write([{ a: 1 }], { columns: ['toString'] })).rejects.toThrow('no column "toString"');
  });

  it('reads getters, those of a class when they are named', async () => {
    class Day {
      readonly celsius = 12;
      get kelvin(): number {
        return this.celsius + 273;
      }
    }
    const columns = ['kelvin', 'celsius'];
    expect(await write([new Day()], { columns })).toBe('kelvin,celsius\r\n285,12\r\n');
    expect(await write([new Day(), { celsius: 1 }, Object.create(null)], { columns })).toContain('\r\n,1\r\n,\r\n');
    expect(await write([new Day()])).toBe('celsius\r\n12\r\n');
    expect(await write([{ constructor: 'x' }, {}])).toBe('constructor\r\nx\r\n""\r\n');
  });

  it('refuses what would be lost', async () => {
    // @ts-expect-error no rows
    await expect(Array.fromAsync(pipe(['a'], toCsv()))).rejects.toThrow(
      'toCsv (operator 1) failed at index 0: a row must be an object',
    );
    await expect(write([{}])).rejects.toThrow('toCsv (operator 1) failed at index 0: the first row has no columns');
    await expect(write([{ a: 'x\0' }])).rejects.toThrow('CSV has no NUL');
    await expect(write([{ a: 'x,y' }], { quote: '' })).rejects.toThrow('without quotes CSV has no "x,y"');
    await expect(write([{ a: '' }], { quote: '' })).rejects.toThrow('without quotes CSV has no ""');
    await expect(write([], { columns: ['a,b'], quote: '' })).rejects.toMatchObject({ code: 'DEX_OPERATOR' });
    await expect(write([{ a: [1] }])).rejects.toThrow(
      'toCsv (operator 1) failed at index 0: CSV has no object (column "a")',
    );
    await expect(write([{ a: 1 }, { a: 1, b: 2 }])).rejects.toThrow('at index 1: the first row has no column "b"');
  });
});

describe('codecs', () => {
  it('leave no pipe open: what they read from is closed with them', async () => {
    let closed = 0;
    async function* source() {
      try {
        for (;;) yield '1\n';
      } finally {
        closed += 1;
      }
    }
    for await (const _ of fromCsv(source())) break;
    for await (const _ of fromNdjson(source())) break;
    expect(closed).toBe(2);
  });
});
