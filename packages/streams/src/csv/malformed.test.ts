import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromCsv, fromJsonArray, fromNdjson, fromSse, pipe, type Reject } from '../index.ts';

/** In pieces of so many bytes. */
function* pieces(text: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('a codec, given pieces that are neither text nor bytes', () => {
  it.each([fromCsv, fromNdjson, fromJsonArray, fromSse])(
    'refuses them, which would be read as nothing',
    async (from) => {
      const { buffer } = new TextEncoder().encode('[1]\n');
      // @ts-expect-error an ArrayBuffer, as a WebSocket hands over
      await expect(Array.fromAsync(from([buffer]))).rejects.toThrow(
        'Option "source" must be text or bytes, or an iterable of them, got an object (ArrayBuffer).',
      );
    },
  );
});

const codecs = Object.entries({ fromCsv, fromNdjson, fromJsonArray, fromSse });

describe.each(codecs)('%s, given a source that is none', (name, from) => {
  const iterable = 'must be an iterable or async iterable';

  it.each([
    [undefined, `${iterable}, got undefined.`],
    [null, `${iterable}, got null.`],
    [7, `${iterable}, got 7.`],
    [new Response('[1]'), `${iterable}, such as its body, got an object (Response).`],
    [new Blob(['[1]']), `${iterable}, such as its stream(), got an object (Blob).`],
    [{ stream() {} }, `${iterable}, such as its stream(), got an object (Object).`],
    [new ArrayBuffer(3), `${iterable}, such as a Uint8Array of it, got an object (ArrayBuffer).`],
    [Promise.resolve('[1]'), `${iterable}, so await it, got an object (Promise).`],
    [() => ['[1]'], `${iterable}, such as what this function returns, got a function.`],
    ['data/2026.csv.GZ', 'must be text or bytes, for a file those of fromFile(path), got "data/2026.csv.GZ".'],
    ['./data.ndjson', 'must be text or bytes, for a file those of fromFile(path), got "./data.ndjson".'],
  ])('refuses %s at once, and says what to do', (source, message) => {
    // @ts-expect-error no sources, all but the names
    expect(() => from(source)).toThrow(`Option "${name}.source" ${message}`);
    // @ts-expect-error no sources
    if (typeof source !== 'string') expect(() => pipe(source)).toThrow(`Option "pipe.source" ${message}`);
  });
});

describe('fromCsv, given lines without their ends', () => {
  const lines = ['a,b', '1,2', '3,4'];

  it.each([
    ['an array', () => lines],
    ['readline', () => createInterface({ input: Readable.from([`${lines.join('\n')}\n`]) })],
  ])('from %s, refuses them: they would make one header', async (_what, source) => {
    await expect(Array.fromAsync(fromCsv(source()))).rejects.toThrow(
      'Option "fromCsv.source" must be text with its line ends: add one to each line, or join the lines, got "a,b1,23,4".',
    );
    await expect(Array.fromAsync(fromCsv(source(), { lineEnd: ';' }))).rejects.toThrow('text with its line ends');
  });

  it('still reads a header without rows, and what is cut anywhere', async () => {
    const none = [['a,b'], 'a,b', '', ['a,b', ''], ['a,b', '\n'], ['a', ',b\r\n'], ['\n', 'a,b']];
    for (const source of [...none, [Buffer.from('a'), Buffer.from(',b')]]) {
      expect(await Array.fromAsync(fromCsv(source))).toEqual([]);
    }
    expect(await Array.fromAsync(fromCsv(['a,b\n1,', '2']))).toEqual([{ a: '1', b: '2' }]);
    expect(await Array.fromAsync(fromCsv(['1,', '2'], { header: ['a', 'b'] }))).toEqual([{ a: '1', b: '2' }]);
    expect(await Array.fromAsync(fromCsv('x.txt', { header: ['name'] }))).toEqual([{ name: 'x.txt' }]);
    expect(await Array.fromAsync(fromCsv('id,x.txt'))).toEqual([]);
  });
});

describe('fromCsv, given what nobody should send', () => {
  it('tells that a file is compressed', async () => {
    const read = Array.fromAsync(fromCsv([gzipSync('a,b\n1,2\n')]));
    await expect(read).rejects.toThrow("line 1, byte 1: a byte that is not UTF-8: put decompress('gzip') before it.");
    const later = [Buffer.from('a\n\x1f\xffb\n', 'latin1')];
    await expect(Array.fromAsync(fromCsv(later))).rejects.toThrow('a byte that is not UTF-8. The row');
  });

  it('gives up an endless row without reading on', async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent += 1000;
        yield `${sent === 1000 ? 'a\n"' : ''}${'x'.repeat(1000)}`;
      }
    }
    await expect(Array.fromAsync(fromCsv(endless(), { maxRowBytes: 100_000 }))).rejects.toThrow(
      'CSV at index 0, line 2, byte 2: the row is longer than maxRowBytes.',
    );
    expect(sent).toBeLessThan(102_000);
  });

  it('reads fields of a megabyte when they are allowed, in pieces of any size', async () => {
    const field = 'ü"\r\n,'.repeat(150_000);
    const text = `a,b\n"${field.replaceAll('"', '""')}",2\n3,4\n`;
    for (const size of [1000, 1_000_003]) {
      const rows = await Array.fromAsync(fromCsv(pieces(text, size), { maxRowBytes: 2 ** 24 }));
      expect(rows).toHaveLength(2);
      expect(rows[0]?.['a'] === field).toBe(true);
    }
  });

  it('takes time in proportion to what comes one byte at a time', async () => {
    const spend = async (count: number): Promise<number> => {
      const before = process.cpuUsage();
      const [row] = await Array.fromAsync(fromCsv(pieces(`a\n"${',\r\n'.repeat(count)}"\n`, 1)));
      expect(row?.['a'] === ',\r\n'.repeat(count)).toBe(true);
      return process.cpuUsage(before).user;
    };
    // Below 2; some 9 to 15 if a row were scanned again with each line end in it.
    expect((await spend(40_000)) / (await spend(10_000))).toBeLessThan(6);
    for (const [field, unit] of [
      ['""', '"'],
      ['\n', '\n'],
    ] as const) {
      const [row] = await Array.fromAsync(fromCsv(pieces(`a\n"${field.repeat(5_000)}"\n`, 1)));
      expect(row).toEqual({ a: unit.repeat(5_000) });
    }
    const refused: Reject[] = [];
    const lone = `a\n${'\r'.repeat(20_000)}\n1\n`;
    const options = { rejects: (reject: Reject) => void refused.push(reject) };
    expect(await Array.fromAsync(fromCsv(pieces(lone, 1), options))).toEqual([{ a: '1' }]);
    expect(refused[0]?.reason).toBe('a carriage return without a line feed');
  });

  it('reads, or refuses, a million columns', async () => {
    const header = Array.from({ length: 1_000_000 }, (_, index) => index.toString(36)).join(',');
    const wide = `${header}\n${header}\n1,2\n`;
    await expect(Array.fromAsync(fromCsv(wide))).rejects.toThrow(
      'CSV at index 0, line 1, byte 0: the row is longer than maxRowBytes.',
    );
    const refused: Reject[] = [];
    const options = { maxRowBytes: 2 ** 24, rejects: (reject: Reject) => void refused.push(reject) };
    const [row] = await Array.fromAsync(fromCsv(wide, { ...options, columns: ['lflr'] }));
    expect(row).toEqual({ lflr: 'lflr' });
    expect(refused[0]?.reason).toBe('the row has 2 fields instead of 1000000');
  });

  it('stays quick where half of the rows are refused, and asked for their places', async () => {
    const refused: number[] = [];
    const text = `a\n${'1\n2,2\n'.repeat(100_000)}`;
    const rejects = ({ position }: Reject): void => void refused.push(position.byte ?? 0);
    expect(await Array.fromAsync(fromCsv(text, { rejects, maxRejects: Infinity }))).toHaveLength(100_000);
    expect(refused).toHaveLength(100_000);
    expect(refused.at(-1)).toBe(text.length - 4);
  });

  it('counts bytes right where strings are cut inside a character', async () => {
    const text = 'a\n😀\n\uD83D\n1,2\n';
    for (const source of [text, text.split('')]) {
      await expect(Array.fromAsync(fromCsv(source))).rejects.toThrow('CSV at index 2, line 4, byte 11');
    }
    await expect(Array.fromAsync(fromCsv(['a\n\uD83D', Buffer.from('\n1,2\n')]))).rejects.toThrow('line 3, byte 6');
    expect(await Array.fromAsync(fromCsv(['a\n\uD83D']))).toEqual([{ a: '\uD83D' }]);
  });

  it.each([
    ['UTF-16, little end first', [0xff, 0xfe, 0x61, 0x00], 0],
    ['an overlong character', [0x61, 0x0a, 0xc0, 0x80], 2],
    ['half a surrogate pair', [0x61, 0x0a, 0xed, 0xa0, 0x80, 0x0a], 2],
    ['a character beyond Unicode', [0x61, 0x0a, 0xf4, 0x90, 0x80, 0x80], 2],
    ['a byte that only goes on', [0x61, 0x0a, 0x31, 0x80], 3],
  ])('stops at %s, and says at which byte', async (_what, bytes, byte) => {
    await expect(Array.fromAsync(fromCsv(Uint8Array.from(bytes)))).rejects.toMatchObject({ position: { byte } });
    const crumbs = bytes.map((each) => Uint8Array.of(each));
    await expect(Array.fromAsync(fromCsv(crumbs))).rejects.toMatchObject({ position: { byte } });
  });
});
