import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyText } from '../../test/texts.ts';
import { fileStore, pipe, run } from '../index.ts';
import { fromParquet, ParquetRowError, toParquet, type ToParquetOptions } from '../parquet.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-parquet-'));
  path = join(folder, 'rows.parquet');
});
afterEach(() => rm(folder, { recursive: true }));

const write = <Row extends object>(rows: Iterable<Row> | AsyncIterable<Row>, options?: ToParquetOptions<Row>) =>
  run(pipe(rows), toParquet<Row>(path, options));
const read = () => Array.fromAsync(fromParquet(path));
const metadata = async () => parquetMetadata(await readFile(path));

describe('toParquet', () => {
  it('refuses checkpoints, since its file cannot go on in the middle, and a second run', async () => {
    const store = fileStore(join(folder, 'checkpoint.json'));
    const rows = [{ a: 1 }, { a: 2 }];
    await write(rows);
    await expect(run(rows, toParquet(path), { checkpoint: { store } })).rejects.toThrow(
      'Option "run.checkpoint" must be left out for toParquet',
    );
    expect(await read()).toEqual(rows);

    const sink = toParquet(path);
    await run(rows, sink);
    await expect(run(rows, sink)).rejects.toThrow('Option "run.sink" must be a new one');
  });

  it('types columns by their first values, and takes what a row lacks for null', async () => {
    const rows = [
      { name: 'a', n: 1, at: new Date(5), raw: Uint8Array.of(1), none: null },
      { n: 1.5, big: 2n ** 63n - 1n, ok: false, name: undefined },
    ];
    expect(await write<object>(rows)).toEqual({ items: 2, result: { rows: 2, rowGroups: 1 } });
    expect(await read()).toEqual([
      { name: 'a', n: 1, at: new Date(5), raw: Uint8Array.of(1), none: null, big: null, ok: null },
      { name: null, n: 1.5, at: null, raw: null, none: null, big: 2n ** 63n - 1n, ok: false },
    ]);
    expect((await metadata()).schema.slice(1).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'name BYTE_ARRAY',
      'n DOUBLE',
      'at INT64',
      'raw BYTE_ARRAY',
      'none INT32',
      'big INT64',
      'ok BOOLEAN',
    ]);
  });

  it.each(['zstd', 'snappy', 'gzip', 'brotli', 'uncompressed'] as const)(
    'writes %s for others to read',
    async (codec) => {
      const rows = Array.from({ length: 500 }, (_, n) => ({ n, name: n % 7 === 0 ? null : `row ${n % 20}` }));
      await write(rows, { codec, rowGroupRows: 200 });
      const { row_groups: groups } = await metadata();
      expect(groups.map(({ num_rows: count }) => Number(count))).toEqual([200, 200, 100]);
      expect(groups[0]?.columns[0]?.meta_data?.codec).toBe(codec.toUpperCase());
      const file = Uint8Array.from(await readFile(path)).buffer;
      expect(await parquetReadObjects({ file, compressors })).toEqual(rows);
      expect(await read()).toEqual(rows);
    },
  );

  it('gives back what it was given, whatever the type, the nulls, the chunks and the row groups', async () => {
    const columns = {
      string: 'string',
      boolean: 'boolean',
      int32: 'int32',
      int64: 'int64',
      float: 'float',
      double: 'double',
      date: 'date',
      timestamp: 'timestamp',
      bytes: 'bytes',
      json: 'json',
      uuid: 'uuid',
      small: 'decimal(9,3)',
      medium: 'decimal(18,4)',
      large: 'decimal(38,10)',
    } as const;
    const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 4 });
    const row = fc.record({
      string: nullable(anyText()),
      boolean: nullable(fc.boolean()),
      int32: nullable(fc.integer()),
      int64: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      float: nullable(fc.float()),
      double: nullable(fc.double()),
      date: nullable(fc.integer({ min: -100_000, max: 100_000 }).map((days) => new Date(days * 86_400_000))),
      timestamp: nullable(fc.date({ noInvalidDate: true })),
      bytes: nullable(fc.uint8Array({ maxLength: 8 }).map((bytes) => Uint8Array.from(bytes))),
      json: nullable(fc.jsonValue().filter((value) => value !== null)).map((value) =>
        value === null ? null : (JSON.parse(JSON.stringify(value)) as unknown),
      ),
      uuid: nullable(fc.uuid()),
      small: nullable(fc.integer({ min: -999_999_999, max: 999_999_999 }).map((unscaled) => unscaled / 1_000)),
      medium: nullable(decimal(18, 4)),
      large: nullable(decimal(38, 10)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        async (rows, rowGroupRows) => {
          const { result } = await write<object>(rows, { columns, rowGroupRows });
          expect(result).toEqual({ rows: rows.length, rowGroups: Math.ceil(rows.length / rowGroupRows) });
          expect(await read()).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  function decimal(digits: number, scale: number) {
    const most = 10n ** BigInt(digits) - 1n;
    return fc.bigInt({ min: -most, max: most }).map((unscaled) => {
      const text = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
      return `${unscaled < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
    });
  }

  it('says that JSON is JSON, for old readers and new', async () => {
    await write([{ a: { b: [1] } }, { a: 'x' }], { columns: { a: 'json' }, rowGroupRows: 1 });
    expect((await metadata()).schema[1]).toMatchObject({ converted_type: 'JSON', logical_type: { type: 'JSON' } });
    expect(await read()).toEqual([{ a: { b: [1] } }, { a: 'x' }]);
  });

  it('leaves out keys that columns does not name, and writes an empty file when no row comes', async () => {
    await write([{ a: 1, b: 'x' }], { columns: { a: 'int32' } });
    expect(await read()).toEqual([{ a: 1 }]);
    expect(await write<{ a: number }>([], { columns: { a: 'int32' } })).toEqual({
      items: 0,
      result: { rows: 0, rowGroups: 0 },
    });
    expect(await read()).toEqual([]);
    expect((await metadata()).schema).toHaveLength(2);
  });

  it.each<[string, object[], ToParquetOptions<object>, Partial<ParquetRowError>]>([
    [
      'another type',
      [{ a: 1 }, { a: 'x' }],
      {},
      { row: 1, column: 'a', value: 'x', message: 'the column holds a number, not "x"' },
    ],
    [
      'a later stray key',
      [{ a: 1 }, { a: 1, b: 2 }],
      { rowGroupRows: 1 },
      { row: 1, column: 'b', message: 'the first row group has no such column' },
    ],
    [
      'a nested value',
      [{ a: 1, b: [1] }],
      {},
      { row: 0, column: 'b', message: `an array has no column type; the type 'json'` },
    ],
    ['a function', [{ b: () => 1 }], {}, { row: 0, column: 'b', message: 'a nested function has no column type' }],
    [
      'a value after nulls only',
      [{ a: null }, { a: 1 }],
      { rowGroupRows: 1 },
      { row: 1, message: 'so were all before it' },
    ],
    [
      'a column that the first row lacks',
      [{ a: 1, tempMax: 2 }],
      { columns: { a: 'int32', tempMaks: 'int32' } },
      { row: 0, column: 'tempMaks', message: 'the first row has no such column; where later rows do, put null in it' },
    ],
    [
      'a column that every object has',
      [{ a: 1 }],
      { columns: { a: 'int32', toString: 'string' } },
      { row: 0, column: 'toString', message: 'the first row has no such column' },
    ],
    [
      'a stray key beside a getter',
      [
        { a: 1, b: 2 },
        new (class Stray {
          a = 1;
          stray = 3;
          get b() {
            return 2;
          }
        })(),
      ],
      { rowGroupRows: 1 },
      { row: 1, column: 'stray', message: 'the first row group has no such column' },
    ],
    ['a lone surrogate', [{ a: '\uD800' }], {}, { message: 'a well-formed string' }],
    ['an invalid date', [{ a: new Date(Number.NaN) }], {}, { message: 'a valid Date, not an invalid Date' }],
    ['a bigint too large', [{ a: 2n ** 63n }], {}, { message: 'an integer of 64 bits, not 9223372036854775808n' }],
    ['a fraction', [{ a: 0.5 }], { columns: { a: 'int32' } }, { message: 'an integer of 32 bits, not 0.5' }],
    ['a time of day', [{ a: new Date(1) }], { columns: { a: 'date' } }, { message: 'a Date at midnight UTC' }],
    [
      'a bigint in JSON',
      [{ a: [1n] }],
      { columns: { a: 'json' } },
      { message: 'the column holds what JSON can hold (Do not know how to serialize a BigInt), not an array' },
    ],
    ['what JSON cannot hold', [{ a: () => 1 }], { columns: { a: 'json' } }, { message: 'what JSON can hold' }],
    ['no UUID', [{ a: 'x' }], { columns: { a: 'uuid' } }, { message: 'a UUID' }],
    [
      'digits behind the point',
      [{ a: '1.234' }],
      { columns: { a: 'decimal(9,2)' } },
      { message: 'a decimal of 9 digits, 2 of them' },
    ],
    [
      'digits before it',
      [{ a: 12_345_678n }],
      { columns: { a: 'decimal(9,2)' } },
      { message: 'a decimal of 9 digits' },
    ],
  ])('refuses %s with its row and column, and leaves nothing', async (_name, rows, options, expected) => {
    const { message = '', ...fields } = expected;
    await writeFile(path, 'old');
    const error: unknown = await write(rows, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ParquetRowError);
    expect(error).toMatchObject({ code: 'DEX_PARQUET_ROW', file: path, ...fields });
    expect(error).toHaveProperty('message', expect.stringContaining(message));
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['rows.parquet']);
  });

  it('names the option when neither it nor a row has a column, and leaves nothing', async () => {
    for (const rows of [[], [{}]]) {
      await expect(write<object>(rows)).rejects.toThrow(
        'Option "toParquet.columns" must be given where no row has a column',
      );
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes null for what later rows lack, and reads getters, those of a class when they are named', async () => {
    class Day {
      readonly celsius = 12;
      get kelvin(): number {
        return this.celsius + 273;
      }
    }
    await write<object>([new Day(), { celsius: 1 }, Object.create(null)], {
      columns: { kelvin: 'int32', celsius: 'int32' },
    });
    expect(await read()).toEqual([
      { kelvin: 285, celsius: 12 },
      { kelvin: null, celsius: 1 },
      { kelvin: null, celsius: null },
    ]);
    await write([new Day()]);
    expect(await read()).toEqual([{ celsius: 12 }]);
    await write<object>([{ constructor: 'x' }, {}]);
    expect(await read()).toEqual([{ constructor: 'x' }, { constructor: null }]);
  });

  it('takes numbers that print with an exponent for decimals', async () => {
    const columns = { small: 'decimal(10,7)', large: 'decimal(38,1)' } as const;
    await write(
      [
        { small: 1e-7, large: 1e21 },
        { small: -2.5e-6, large: '1e-1' },
      ],
      { columns },
    );
    expect(await read()).toEqual([
      { small: 1e-7, large: '1000000000000000000000.0' },
      { small: -2.5e-6, large: '0.1' },
    ]);
    expect(await Array.fromAsync(fromParquet(path, { columns: ['small'], where: { small: 1e-7 } }))).toEqual([
      { small: 1e-7 },
    ]);
    for (const small of [1e-8, 1e300, '1e999', '1e9999999999']) {
      await expect(write([{ small }], { columns: { small: 'decimal(10,7)' } })).rejects.toThrow(
        'a decimal of 10 digits',
      );
    }
  });

  it.each<[string, unknown, object]>([
    ['path', '', {}],
    ['rowGroupRows', 'x', { rowGroupRows: 0 }],
    ['codec', 'x', { codec: 'lz4' }],
    ['columns', 'x', { columns: {} }],
    ['columns', 'x', { columns: null }],
    ['columns.a', 'x', { columns: { a: 'number' } }],
    ['columns.a', 'x', { columns: { a: 'decimal(39,2)' } }],
    ['columns.a', 'x', { columns: { a: 'decimal(2,3)' } }],
    ['columns.a', 'x', { columns: { a: undefined } }],
  ])('refuses at once: %s %s %o', (option, target, options) => {
    // @ts-expect-error wrong on purpose
    expect(() => toParquet(target, options)).toThrow(`Option "toParquet.${option}"`);
  });

  it('keeps the old file until the new one is whole, and when the source fails', async () => {
    await writeFile(path, 'old');
    const states: string[] = [];
    async function* rows(fails: boolean) {
      for (let n = 0; n < 25; n += 1) {
        yield { n };
        states.push(await readFile(path, 'utf8'));
      }
      if (fails) throw new Error('upstream');
    }
    await expect(write(rows(true), { rowGroupRows: 10 })).rejects.toThrow('upstream');
    expect(await readdir(folder)).toEqual(['rows.parquet']);
    await write(rows(false), { rowGroupRows: 10 });
    expect(new Set(states)).toEqual(new Set(['old']));
    expect(await read()).toHaveLength(25);
  });

  it('writes row groups as they fill, and leaves nothing when it is aborted', async () => {
    const controller = new AbortController();
    let sizes = 0;
    async function* rows() {
      for (let n = 0; n < 25; n += 1) yield { n };
      sizes = (await readdir(folder)).length;
      await new Promise(() => {});
    }
    const running = run(pipe(rows()), toParquet(path, { rowGroupRows: 10 }), { signal: controller.signal });
    await sleep(50);
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(sizes).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells what the disk says', async () => {
    const lost = join(folder, 'nowhere', 'rows.parquet');
    await expect(run(pipe([{ a: 1 }]), toParquet(lost))).rejects.toMatchObject({ code: 'DEX_WRITE', path: lost });
    await expect(run(pipe([{ a: 1 }, { a: 2 }]), toParquet(lost, { rowGroupRows: 1 }))).rejects.toMatchObject({
      cause: { code: 'ENOENT' },
    });
  });

  it('keeps its own copy of bytes', async () => {
    const raw = Uint8Array.of(1, 2);
    async function* rows() {
      for (let n = 0; n < 3; n += 1) {
        raw[0] = n;
        yield { raw };
      }
    }
    await write(rows(), { columns: { raw: 'bytes' } });
    expect(await read()).toEqual([0, 1, 2].map((n) => ({ raw: Uint8Array.of(n, 2) })));
  });
});
