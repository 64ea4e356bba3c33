import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../test/sources.ts';
import { anyText } from '../../test/texts.ts';
import { fromCsv, pipe, type Reject, toCsv } from '../index.ts';

const lines = (...rows: string[]): string => rows.map((row) => `${row}\n`).join('');

describe('dialects of CSV', () => {
  it.each([
    ['tabs, and quotes that are none', 'a\tb\n1"\t"2\n', { delimiter: '\t', quote: '' }, { a: '1"', b: '"2' }],
    ['another quote', "a;b\n'1;''2';\"\n", { delimiter: ';', quote: "'" }, { a: "1;'2", b: '"' }],
    ['escaped quotes', String.raw`a,b${'\n'}"\"1\\","\n\"${'\n'}"`, { escape: '\\' }, { a: '"1\\', b: '\\n"\n' }],
    ['comments', '#,\na,b\n#x,y\n1,#2\n#', { comment: '#' }, { a: '1', b: '#2' }],
    ['carriage returns alone', 'a,b\r"1\r",2\n\r\r', { lineEnd: '\r' }, { a: '1\r', b: '2\n' }],
    ['separators of ASCII', 'a\x1fb\x1e1\x1f\r\n\x1e', { delimiter: '\x1f', lineEnd: '\x1e' }, { a: '1', b: '\r\n' }],
    ['blanks around fields', ' a ,"b" \n \n\t1 2 , "3 " \r\n', { trim: true }, { a: '1 2', b: '3 ' }],
    ['tabs that delimit beside blanks', 'a\t b\n1\t \n', { trim: true, delimiter: '\t' }, { a: '1', b: '' }],
    ['lines before the header', '"made, by\n\na,b\n1,2', { skipLines: 2 }, { a: '1', b: '2' }],
  ])('reads %s', async (_what, text, dialect, row) => {
    expect(await Array.fromAsync(fromCsv(text, dialect))).toEqual([row]);
    const bytes = Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte));
    expect(await Array.fromAsync(fromCsv(bytes, dialect))).toEqual([row]);
  });

  it('skips no more than there is', async () => {
    expect(await Array.fromAsync(fromCsv('a\nb', { skipLines: 5 }))).toEqual([]);
    expect(await Array.fromAsync(fromCsv('', { skipLines: 1 }))).toEqual([]);
    await expect(Array.fromAsync(fromCsv(`${'x'.repeat(20)}\na\n`, { skipLines: 1, maxRowBytes: 10 }))).rejects.toThrow(
      'CSV at index 0, line 1, byte 0: the row is longer than maxRowBytes.',
    );
  });

  it('counts the lines that it does not read', async () => {
    const refused: Reject[] = [];
    const text = lines('made by', '#', 'a', '# x', '1,2', '', '3');
    const options = { skipLines: 1, comment: '#', rejects: (reject: Reject) => void refused.push(reject) };
    expect(await Array.fromAsync(fromCsv(text, options))).toEqual([{ a: '3' }]);
    expect(refused[0]?.position).toEqual({ index: 0, line: 5, byte: 16 });
  });

  it('counts the lines that end as the dialect has it', async () => {
    const options = { lineEnd: '\r', delimiter: ';' };
    await expect(Array.fromAsync(fromCsv('a;b\r"1\r\n";2\r3\r', options))).rejects.toThrow('line 4, byte 12');
  });

  it('comes back whatever is written, in any dialect', async () => {
    const marks = [',', ';', '\t', '|', '"', "'", '\\', '#', '^', '$', ']', '-', '.', '\x1f', 'a', 'ü'];
    const dialects = fc
      .tuple(fc.shuffledSubarray(marks, { minLength: 4 }), fc.nat(3), fc.boolean(), fc.boolean(), fc.boolean())
      .map(([[delimiter, quote, escape, comment], end, isEscaped, isCommented, trim]) => ({
        delimiter,
        quote,
        escape: isEscaped ? escape : quote,
        comment: isCommented ? comment : '',
        lineEnd: ['\r\n', '\n', '\r', '\x1e'][end],
        trim,
      }));
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(...marks, ' ', '\n', '\r', '\x1e', '\uFEFF', '😀'), maxLength: 6 }),
      anyText().map((text) => text.replaceAll('\0', '')),
    );
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(dialects, rows, cell, fc.array(fc.nat(60)), async (dialect, pairs, name, places) => {
        fc.pre(name !== 'b' && name !== '__proto__');
        const columns = [name, 'b'];
        const records = pairs.map(([first, second]) => ({ [name]: first, b: second }));
        const text = (await Array.fromAsync(pipe(records, toCsv({ ...dialect, columns })))).join('');
        const pieces = cut([...Buffer.from(text)], places).map((bytes) => Uint8Array.from(bytes));
        expect(await Array.fromAsync(fromCsv(pieces, { ...dialect, columns }))).toEqual(records);
      }),
      { numRuns: 200 },
    );
  });

  it('writes a single column that may be blank or a comment, with and without a header', async () => {
    const rows = [{ a: '' }, { a: '#' }, { a: ' ' }, { a: '\uFEFF' }];
    const dialect = { comment: '#', trim: true };
    const text = (await Array.fromAsync(pipe(rows, toCsv({ ...dialect, header: false })))).join('');
    expect(text).toBe('""\r\n"#"\r\n" "\r\n"\uFEFF"\r\n');
    expect(await Array.fromAsync(fromCsv(text, { ...dialect, header: ['a'] }))).toEqual(rows);
  });
});

describe('columns of CSV', () => {
  const text = lines('a,b,c', '1,"2 ""x""",3', '4,5,6');

  it('reads those asked for, in the order asked for', async () => {
    const rows = await Array.fromAsync(fromCsv(text, { columns: ['c', 'b'] }));
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['c', '3'],
        ['b', '2 "x"'],
      ],
      [
        ['c', '6'],
        ['b', '5'],
      ],
    ]);
    expect(await Array.fromAsync(fromCsv(text, { columns: ['a'] }))).toEqual([{ a: '1' }, { a: '4' }]);
    expect(await Array.fromAsync(fromCsv('1,2\n', { header: ['a', 'b'], columns: ['b'] }))).toEqual([{ b: '2' }]);
  });

  it('still refuses what is malformed beside them', async () => {
    const refused: Reject[] = [];
    const options = { columns: ['a'], rejects: (reject: Reject) => void refused.push(reject) };
    await Array.fromAsync(fromCsv(lines('a,b', '1', '2,"x"y', '3,4'), options));
    expect(refused.map(({ reason }) => reason)).toEqual([
      'the row has 1 field instead of 2',
      'text after a closing quote',
    ]);
  });

  it('renames by name and by function, and so tells apart what the header does not', async () => {
    expect(await Array.fromAsync(fromCsv(text, { rename: { b: 'B' }, columns: ['B'] }))).toEqual([
      { B: '2 "x"' },
      { B: '5' },
    ]);
    const rename = (name: string, index: number): string => `${name}${index}`;
    expect(await Array.fromAsync(fromCsv('a,a\n1,2\n', { rename }))).toEqual([{ a0: '1', a1: '2' }]);
  });

  it.each([
    ['the header has no column "d"', { columns: ['a', 'd'] }],
    ['the header has no column "d"', { rename: { d: 'D' } }],
    ['the header has no column "b"', { rename: { b: 'B' }, columns: ['b'] }],
    ['the column "a" is named twice', { rename: { b: 'a' } }],
    ['the column "x" is named twice', { rename: () => 'x' }],
    ['a column cannot be named "__proto__"', { rename: { a: '__proto__' } }],
  ])('stops at a header that cannot be meant: %s', async (reason, options) => {
    await expect(Array.fromAsync(fromCsv(text, options))).rejects.toThrow(`CSV at index 0, line 1, byte 0: ${reason}.`);
  });

  it('makes ragged rows fit when told to, quoted fields included', async () => {
    const ragged = lines('a,b', '1', '2,3,4', '"5""","6""","7"""', '8,9');
    expect(await Array.fromAsync(fromCsv(ragged, { ragged: 'fit' }))).toEqual([
      { a: '1', b: '' },
      { a: '2', b: '3' },
      { a: '5"', b: '6"' },
      { a: '8', b: '9' },
    ]);
    expect(await Array.fromAsync(fromCsv(ragged, { ragged: 'fit', header: false }))).toHaveLength(5);
  });

  it('makes plain objects, narrow or wide', async () => {
    for (const width of [1, 256, 257]) {
      const names = Array.from({ length: width }, (_, index) => `c${index}`);
      const [row] = await Array.fromAsync(fromCsv(lines(names.join(','), names.join(','))));
      expect(row).toStrictEqual(Object.fromEntries(names.map((name) => [name, name])));
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    }
    const odd = ['constructor', 'toString', '"; throw 1; "', '\\', '\u2028', '7', ''];
    const header = odd.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const [row] = await Array.fromAsync(fromCsv(lines(header, header)));
    expect(Object.entries(row ?? {})).toHaveLength(odd.length);
    for (const name of odd) expect(Object.entries(row ?? {})).toContainEqual([name, name]);
  });

  it('reads file after file of other columns', async () => {
    for (let file = 0; file < 50; file += 1) {
      expect(await Array.fromAsync(fromCsv(`f${file},b\n1,2\n`))).toEqual([{ [`f${file}`]: '1', b: '2' }]);
    }
  });
});
