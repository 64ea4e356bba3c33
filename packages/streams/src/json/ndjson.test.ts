import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cut, delay } from '../../test/sources.ts';
import { fromNdjson, pipe, type Reject, run, toNdjson } from '../index.ts';

const pieces = (text: string, places: readonly number[]): Uint8Array[] =>
  cut([...Buffer.from(text)], places).map((bytes) => Uint8Array.from(bytes));

describe('NDJSON', () => {
  it('comes back as it was written, wherever its bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(300)), async (rows, cuts) => {
        const plain: unknown = JSON.parse(JSON.stringify(rows));
        const text = (await Array.fromAsync(pipe(rows, toNdjson()))).join('');
        expect(await Array.fromAsync(fromNdjson(pieces(text, cuts)))).toEqual(plain);
        expect(await Array.fromAsync(fromNdjson(text))).toEqual(plain);
      }),
    ));
});

describe('fromNdjson', () => {
  it('skips blank lines and a byte order mark, and needs no last line end', async () => {
    expect(await Array.fromAsync(fromNdjson('\uFEFF1\r\n\n  \n{"a":2}'))).toEqual([1, { a: 2 }]);
    expect(await Array.fromAsync(fromNdjson(''))).toEqual([]);
  });

  it('takes no other space for a blank line than that of JSON', async () => {
    const refused: unknown[] = [];
    const rejects = ({ value }: Reject) => void refused.push(value);
    expect(await Array.fromAsync(fromNdjson('1\n\u00A0\n\t\r\n\uFEFF\n2', { rejects }))).toEqual([1, 2]);
    expect(refused).toEqual(['\u00A0', '\uFEFF']);
  });

  it('passes over blank lines without an error for each, which would take microseconds', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      expect(await Array.fromAsync(fromNdjson(`${'\n \r\n'.repeat(1_000)}1\n`))).toEqual([1]);
      expect(parse).toHaveBeenCalledTimes(1);
    } finally {
      parse.mockRestore();
    }
  });

  it('hands a row on as soon as its line has ended', async () => {
    async function* source() {
      yield '1\n2\n3';
      await delay(100_000);
    }
    const rows = fromNdjson(source())[Symbol.asyncIterator]();
    expect([await rows.next(), await rows.next()].map(({ value }) => value)).toEqual([1, 2]);
  });

  it('refuses malformed lines with their place, and reads on', async () => {
    const refused: Reject[] = [];
    const rows = fromNdjson(['{"a":1}\n{"ü"', ':}\n\n{"a":2}\nnul'], {
      rejects: (reject) => void refused.push(reject),
    });
    expect(await Array.fromAsync(rows)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(refused).toEqual([
      {
        operator: 'fromNdjson',
        position: { index: 1, line: 2, byte: 8 },
        reason: 'not JSON',
        issues: [{ message: 'not JSON' }],
        value: '{"ü":}',
      },
      expect.objectContaining({ position: { index: 3, line: 5, byte: 25 }, value: 'nul' }),
    ]);
  });

  it('throws with line, byte and the start of the line when nobody takes rejects, after what was good', async () => {
    const got: unknown[] = [];
    const read = async () => {
      for await (const row of fromNdjson(`1\n${'x'.repeat(1000)}\n3\n`)) got.push(row);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'DEX_FORMAT',
      format: 'NDJSON',
      message: `NDJSON at index 1, line 2, byte 2: not JSON. The row starts with "${'x'.repeat(80)}".`,
      start: 'x'.repeat(80),
      cause: expect.any(SyntaxError),
    });
    expect(got).toEqual([1]);
  });

  it('stops past the limit of rejects, with what was good before', async () => {
    const got: unknown[] = [];
    const read = async () => {
      for await (const row of fromNdjson('1\nx\n2\ny\n3\n', { rejects: () => {}, maxRejects: 1 })) got.push(row);
    };
    await expect(read()).rejects.toMatchObject({ code: 'DEX_REJECT_LIMIT', operator: 'fromNdjson', maxRejects: 1 });
    expect(got).toEqual([1, 2]);
  });

  it('keeps the memory of a line that never ends bounded', async () => {
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 65_536;
        yield Buffer.alloc(65_536, 'x');
      }
    }
    await expect(run(fromNdjson(endless()))).rejects.toThrow('byte 0: the row is longer than maxRowBytes');
    expect(given).toBeLessThan(2 ** 20 + 2 * 65_536);
  });

  it('reads JSON that is nested deeply without harm', async () => {
    const bomb = '['.repeat(100_000);
    await expect(run(fromNdjson(`1\n${bomb}\n`))).rejects.toThrow('line 2, byte 2: not JSON');
  });

  it('reads a large text in chunks', async () => {
    const text = '{"a":"ü"}\n'.repeat(100_000);
    let most = 0;
    const { items } = await run(fromNdjson(text), {
      write(rows) {
        most = Math.max(most, rows.length);
      },
      close() {},
    });
    expect(items).toBe(100_000);
    expect(most).toBeLessThan(10_000);
  });
});

describe('toNdjson', () => {
  it.each([
    [undefined, 'JSON has no undefined'],
    [() => 1, 'JSON has no function'],
    [1n, 'BigInt'],
  ])('refuses what JSON cannot hold: %s', async (row, reason) => {
    await expect(run(pipe([row], toNdjson()))).rejects.toThrow(reason);
  });
});
