import { open, readdir, readFile, readlink, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { map, parse, pipe, run } from '../index.ts';
import { fromParquet, type ParquetBlob, ParquetError, type ParquetWhere, toParquet } from '../parquet.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dex-parquet-'));
  path = join(folder, 'rows.parquet');
});
afterEach(() => rm(folder, { recursive: true }));

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ n, name: `row ${n}`, half: n % 3 === 0 ? null : n / 2 }));

/** A file of row groups of 100 rows. */
const writeRows = (count: number) => run(pipe(numbered(count)), toParquet(path, { rowGroupRows: 100 }));

const writeColumns = (columnData: (ColumnSource & { element?: Partial<SchemaElement> })[]): ArrayBuffer => {
  const writer = new ByteWriter();
  const elements = columnData.flatMap(
    ({ name, element }) => ({ name, repetition_type: 'OPTIONAL', ...element }) as const,
  );
  const parquet = new ParquetWriter({ writer, schema: [{ name: 'root', num_children: elements.length }, ...elements] });
  void parquet.write({ columnData });
  void parquet.finish();
  return writer.getBuffer();
};

function writeNested(count: number) {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'n', type: 'INT32', repetition_type: 'REQUIRED' },
      { name: 'tags', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'place', repetition_type: 'OPTIONAL', num_children: 2 },
      { name: 'lat', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'since', type: 'INT32', converted_type: 'DATE', repetition_type: 'REQUIRED' },
    ],
  });
  const rows = Array.from({ length: count }, (_, n) => ({
    n,
    tags: n % 5 === 0 ? null : Array.from({ length: n % 4 }, (_item, tag) => (tag === 2 ? null : `t${tag}`)),
    place: n % 7 === 0 ? null : { lat: n % 3 === 0 ? null : n / 8, since: new Date('2024-01-01') },
  }));
  const columnData = (['n', 'tags', 'place'] as const).map((name) => ({ name, data: rows.map((row) => row[name]) }));
  void parquet.write({ columnData, rowGroupSize: count / 3, pageSize: 1_000 });
  void parquet.finish();
  return { rows, file: writer.getBuffer() };
}

/** Counts the bytes that are read of a file. */
function counted(bytes: Uint8Array): ParquetBlob & { slices: [number, number][] } {
  const slices: [number, number][] = [];
  return {
    byteLength: bytes.length,
    slices,
    slice(start, end) {
      slices.push([start, end]);
      return Promise.resolve(Uint8Array.from(bytes.subarray(start, end)).buffer);
    },
  };
}

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder));
}

describe('fromParquet', () => {
  it('reads what was written, of a path, bytes, an ArrayBuffer and a blob, and again with each run', async () => {
    await writeRows(250);
    const bytes = await readFile(path);
    const rows = fromParquet(path);
    expect(await Array.fromAsync(rows)).toEqual(numbered(250));
    expect(await Array.fromAsync(rows)).toEqual(numbered(250));
    expect(await Array.fromAsync(fromParquet(Uint8Array.from(bytes).buffer))).toEqual(numbered(250));
    expect(await Array.fromAsync(fromParquet(bytes))).toEqual(numbered(250));
    const within = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]).subarray(6, -6);
    expect(await Array.fromAsync(fromParquet(within))).toEqual(numbered(250));
    expect(await Array.fromAsync(fromParquet(Uint8Array.from(bytes)))).toEqual(numbered(250));
    expect(await Array.fromAsync(fromParquet(counted(bytes)))).toEqual(numbered(250));
  });

  it('reads only the columns that are asked for, in their order', async () => {
    await writeRows(100);
    expect(Object.entries((await Array.fromAsync(fromParquet(path, { columns: ['half', 'n'] })))[1] ?? {})).toEqual([
      ['half', 0.5],
      ['n', 1],
    ]);
    const wide = parquetWriteBuffer({
      columnData: [
        { name: 'a', data: [1, 2] },
        { name: 'b', data: ['x'.repeat(200_000), 'y'.repeat(200_000)] },
      ],
      codec: 'UNCOMPRESSED',
    });
    const blob = counted(new Uint8Array(wide));
    expect(await Array.fromAsync(fromParquet(blob, { columns: ['a'] }))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(blob.slices.reduce((sum, [start, end]) => sum + end - start, 0)).toBeLessThan(70_000);
  });

  it('names the row, its group and the file in positions', async () => {
    await writeRows(250);
    const small = z.object({ n: z.number().max(230) });
    await expect(run(pipe(fromParquet(path), parse(small)))).rejects.toMatchObject({
      position: { index: 231, rowGroup: 2, file: path },
      message: expect.stringContaining(`at index 231, row group 2 of ${path}`),
    });
    const failing = map(() => {
      throw new Error('no');
    });
    const where = { n: { gte: 120 }, half: { isNull: false } };
    await expect(run(pipe(fromParquet(path, { where }), failing))).rejects.toMatchObject({
      position: { index: 121, rowGroup: 1, file: path },
    });
  });

  it('reads ahead of its consumer by no row group', async () => {
    await writeRows(1000);
    const blob = counted(await readFile(path));
    for await (const row of fromParquet(blob)) if (row.n === 10) break;
    const footer = 1;
    expect(blob.slices).toHaveLength(footer + 3);
  });

  it('closes the file however the reading ends', async () => {
    await writeRows(1000);
    await Array.fromAsync(fromParquet(path));
    for await (const row of fromParquet(path)) if (row.n === 3) break;
    const broken = map(() => {
      throw new Error('no');
    });
    await expect(run(pipe(fromParquet(path), broken))).rejects.toThrow('no');
    await expect(run(fromParquet(path, { columns: ['x'] }))).rejects.toThrow('fromParquet.columns');
    await truncate(path, 100);
    await expect(run(fromParquet(path))).rejects.toBeInstanceOf(ParquetError);
    expect(await openFiles()).toEqual([]);
    const handle = await open(path);
    expect(await openFiles()).toHaveLength(process.platform === 'linux' ? 1 : 0);
    await handle.close();
  });

  it('stops at once when it is aborted while the blob hangs, and tells the blob', async () => {
    let signal: AbortSignal | undefined;
    const hanging: ParquetBlob = {
      byteLength: 1_000,
      slice: (_start, _end, options) => {
        ({ signal } = options ?? {});
        return new Promise(() => {});
      },
    };
    const controller = new AbortController();
    const reading = run(fromParquet(hanging), undefined, { signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 5);
    const start = performance.now();
    await expect(reading).rejects.toBe('enough');
    expect(performance.now() - start).toBeLessThan(400);
    expect(signal?.aborted).toBe(true);
  });

  it('passes on what the file system and a blob throw', async () => {
    await expect(run(fromParquet(join(folder, 'none')))).rejects.toMatchObject({ code: 'ENOENT' });
    const failure = new Error('403');
    const blob: ParquetBlob = { byteLength: 1_000, slice: () => Promise.reject(failure) };
    await expect(run(fromParquet(blob))).rejects.toBe(failure);
  });

  it.each<[string, unknown, object]>([
    ['source', '', {}],
    ['source', new Uint16Array(4), {}],
    ['source', 5, {}],
    ['columns', 'x', { columns: [] }],
    ['columns', 'x', { columns: ['a', 'a'] }],
    ['columns', 'x', { columns: 'a' }],
    ['where', 'x', { where: null }],
    ['where.a', 'x', { where: { a: {} } }],
    ['where.a', 'x', { where: { a: { like: 'x' } } }],
    ['where.a', 'x', { where: { a: null } }],
    ['where.a.in', 'x', { where: { a: { in: 5 } } }],
    ['where.a.lt', 'x', { where: { a: { gt: 1, lt: '2' } } }],
    ['where.a.eq', 'x', { where: { a: Number.NaN } }],
    ['where.a.gt', 'x', { where: { a: { gt: new Date(Number.NaN) } } }],
    ['where.a.isNull', 'x', { where: { a: { isNull: 1 } } }],
    ['maxPageBytes', 'x', { maxPageBytes: 0 }],
  ])('refuses at once: %s %s %o', (option, source, options) => {
    // @ts-expect-error wrong on purpose
    expect(() => fromParquet(source, options)).toThrow(`Option "fromParquet.${option}"`);
  });

  it('refuses columns that the file lacks, and names those it has', async () => {
    await writeRows(1);
    await expect(run(fromParquet(path, { columns: ['m'] }))).rejects.toThrow(
      `Option "fromParquet.columns" must be one of the file's columns (n, name, half), got "m"`,
    );
    await expect(run(fromParquet(path, { where: { m: 1 } }))).rejects.toThrow('Option "fromParquet.where.m"');
    await expect(run(fromParquet(path, { where: { n: '1' } }))).rejects.toThrow('a number for a DOUBLE');
  });
});

describe('values of fromParquet', () => {
  const only = async (element: Partial<SchemaElement>, data: unknown[]) => {
    const rows = await Array.fromAsync(fromParquet(writeColumns([{ name: 'x', data, element }])));
    return rows.map(({ x }) => x);
  };

  it.each<[string, Partial<SchemaElement>, unknown[], unknown[]]>([
    ['a boolean', { type: 'BOOLEAN' }, [true, null, false], [true, null, false]],
    ['an INT32', { type: 'INT32' }, [-5, null, 2 ** 31 - 1], [-5, null, 2 ** 31 - 1]],
    ['a UINT_32', { type: 'INT32', converted_type: 'UINT_32' }, [2 ** 32 - 1], [2 ** 32 - 1]],
    ['an INT64', { type: 'INT64' }, [2n ** 62n, null], [2n ** 62n, null]],
    ['a UINT_64', { type: 'INT64', converted_type: 'UINT_64' }, [2n ** 64n - 1n], [2n ** 64n - 1n]],
    ['a FLOAT', { type: 'FLOAT' }, [0.5, null, -Infinity], [0.5, null, -Infinity]],
    ['a DOUBLE', { type: 'DOUBLE' }, [0.1, null, Number.NaN], [0.1, null, Number.NaN]],
    ['a string', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, ['ü\uFFFD', '', null], ['ü\uFFFD', '', null]],
    ['bytes', { type: 'BYTE_ARRAY' }, [Uint8Array.of(1, 2), null], [Uint8Array.of(1, 2), null]],
    ['JSON', { type: 'BYTE_ARRAY', converted_type: 'JSON' }, [{ a: [1] }, null], [{ a: [1] }, null]],
    ['a DATE', { type: 'INT32', converted_type: 'DATE' }, [-1, null], [new Date('1969-12-31'), null]],
    [
      'a timestamp in ms',
      { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
      [-1n, 1_700_000_000_000n],
      [new Date(-1), new Date(1_700_000_000_000)],
    ],
    [
      'a timestamp in µs, rounded down',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } },
      [-1n, 1_700_000_000_000_999n, null],
      [new Date(-1), new Date(1_700_000_000_000), null],
    ],
    [
      'a timestamp in ns, rounded down',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } },
      [-1n, 1_699_999_999_999_999_999n, -1_699_999_999_999_999_999n],
      [new Date(-1), new Date(1_699_999_999_999), new Date(-1_700_000_000_000)],
    ],
    [
      'a decimal of few digits, as it prints',
      { type: 'INT32', converted_type: 'DECIMAL', precision: 5, scale: 2 },
      [57n, -12n, null],
      [0.57, -0.12, null],
    ],
    [
      'a decimal of many digits, exactly',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38, scale: 3 },
      [-12_345_678_901_234_567_890_123n, 7n],
      ['-12345678901234567890.123', '0.007'],
    ],
    [
      'a UUID',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
      ['01234567-89ab-cdef-0123-456789abcdef'],
      ['01234567-89ab-cdef-0123-456789abcdef'],
    ],
    [
      'a FLOAT16',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
      [1.5, null],
      [1.5, null],
    ],
  ])('reads %s', async (_name, element, data, expected) => {
    expect(await only(element, data)).toEqual(expected);
    // Without a dictionary, and with one.
    const many = Array.from({ length: 50 }, () => data).flat();
    expect(await only(element, many)).toEqual(Array.from({ length: 50 }, () => expected).flat());
  });

  it('gives bytes that keep nothing of the file alive', async () => {
    const [value] = await only({ type: 'BYTE_ARRAY' }, [Uint8Array.of(1, 2)]);
    expect(value instanceof Uint8Array && value.buffer.byteLength).toBe(2);
  });

  it('makes plain objects, of few columns and of many', async () => {
    for (const width of [1, 300]) {
      const columnData = Array.from({ length: width }, (_, column) => ({ name: `"${column}`, data: [column, null] }));
      const rows = await Array.fromAsync(fromParquet(parquetWriteBuffer({ columnData })));
      expect(rows).toEqual([
        Object.fromEntries(columnData.map(({ name, data }) => [name, data[0]])),
        Object.fromEntries(columnData.map(({ name }) => [name, null])),
      ]);
      expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
      expect(Object.keys(rows[0] ?? {})).toHaveLength(width);
    }
  });

  it('refuses a column that would set the prototype of rows', async () => {
    const file = parquetWriteBuffer({ columnData: [{ name: '__proto__', data: ['x'] }] });
    await expect(run(fromParquet(file))).rejects.toThrow('a column is named "__proto__"');
  });

  it.each(['map', 'struct'])('refuses a %s of which a value would be lost', async (kind) => {
    const writer = new ByteWriter();
    const ofMap: SchemaElement[] = [
      { name: 'x', repetition_type: 'REQUIRED', converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'value', type: 'INT32', repetition_type: 'OPTIONAL' },
    ];
    const ofStruct: SchemaElement[] = [
      { name: 'x', repetition_type: 'REQUIRED', num_children: 1 },
      { name: '__proto__', type: 'INT32', repetition_type: 'OPTIONAL' },
    ];
    const schema = [{ name: 'root', num_children: 1 }, ...(kind === 'map' ? ofMap : ofStruct)];
    const parquet = new ParquetWriter({ writer, schema });
    void parquet.write({ columnData: [{ name: 'x', data: [JSON.parse('{"__proto__":1}')] }] });
    void parquet.finish();
    await expect(run(fromParquet(writer.getBuffer()))).rejects.toThrow('a field or key is named "__proto__"');
  });

  it('refuses to choose between two columns of one name', async () => {
    const file = writeColumns([
      { name: 'a', data: [1], element: { type: 'INT32' } },
      { name: 'b', data: [2], element: { type: 'INT32' } },
    ]);
    const bytes = Buffer.from(file);
    bytes[bytes.lastIndexOf('\u0001b', bytes.indexOf('\u0001b', bytes.indexOf('root'))) + 1] = 0x61;
    await expect(run(fromParquet(bytes))).rejects.toThrow('two columns are named "a"');
  });

  it('reads a file without columns', async () => {
    const bytes = Buffer.from('UEFSMRUEGRw1ABgGc2NoZW1hFQAAFgAZHBkMFgAWACYAFgAAKAdweWFycm93GQwALAAAAFBBUjE=', 'base64');
    expect(await Array.fromAsync(fromParquet(bytes))).toEqual([]);
  });

  it('reads lists, structs and maps whole, beside flat columns', async () => {
    const { rows, file } = writeNested(3_000);
    expect(await Array.fromAsync(fromParquet(file))).toEqual(rows);
    const bare = fromParquet(file, { columns: ['n'], where: { place: { isNull: true }, n: { lt: 10 } } });
    expect(await Array.fromAsync(bare)).toEqual([{ n: 0 }, { n: 7 }]);
    await expect(run(fromParquet(file, { where: { tags: 'x' } }))).rejects.toThrow('where.tags');
  });
});

describe('where', () => {
  const values = [null, -2, -0.5, 0, 1, 2.5, Number.NaN];
  const test = fc.record(
    {
      eq: fc.integer({ min: -3, max: 3 }),
      in: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 }),
      gt: fc.integer({ min: -3, max: 3 }),
      gte: fc.integer({ min: -3, max: 3 }),
      lt: fc.integer({ min: -3, max: 3 }),
      lte: fc.integer({ min: -3, max: 3 }),
      isNull: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  interface Wanted {
    eq?: unknown;
    in?: readonly unknown[];
    gt?: number | string;
    gte?: number | string;
    lt?: number | string;
    lte?: number | string;
    isNull?: boolean;
  }

  /** The definition, without statistics. */
  function holds(value: number | string | null, { eq, in: list, gt, gte, lt, lte, isNull }: Wanted): boolean {
    if (value === null) return isNull === true;
    if (isNull === true) return false;
    return (
      (eq === undefined || value === eq) &&
      (list === undefined || list.includes(value)) &&
      (gt === undefined || value > gt) &&
      (gte === undefined || value >= gte) &&
      (lt === undefined || value < lt) &&
      (lte === undefined || value <= lte)
    );
  }

  it('keeps what the tests say, whatever the statistics', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 30 }),
        test.filter((wanted) => Object.keys(wanted).length > 0),
        async (column, wanted) => {
          await run(
            pipe(column.map((x, n) => ({ x, n }))),
            toParquet(path, { columns: { x: 'double', n: 'int32' }, rowGroupRows: 3 }),
          );
          const rows = await Array.fromAsync(fromParquet(path, { columns: ['n'], where: { x: wanted } }));
          expect(rows.map(({ n }) => n)).toEqual(column.flatMap((x, n) => (holds(x, wanted) ? n : [])));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('compares strings as JavaScript does, beyond ASCII too', async () => {
    const text = fc.constantFrom(
      '',
      'a',
      'b',
      'é',
      '\u{1F600}',
      '\uFFFD',
      '\uE000',
      'z'.repeat(30),
      `z${'\u{1F600}'.repeat(9)}`,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 12 }),
        text,
        fc.constantFrom('eq', 'gt', 'gte', 'lt', 'lte'),
        async (column, value, key) => {
          await run(pipe(column.map((x) => ({ x }))), toParquet(path, { rowGroupRows: 2 }));
          const rows = await Array.fromAsync(fromParquet(path, { where: { x: { [key]: value } } }));
          expect(rows).toEqual(column.filter((x) => holds(x, { [key]: value })).map((x) => ({ x })));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('compares dates, bigints, booleans and decimals', async () => {
    const rows = Array.from({ length: 20 }, (_, n) => ({
      at: new Date(n * 1000),
      id: BigInt(n),
      odd: n % 2 === 1,
      price: n * 0.57,
    }));
    const columns = { at: 'timestamp', id: 'int64', odd: 'boolean', price: 'decimal(6,2)' } as const;
    await run(
      pipe(
        rows,
        map((row) => ({ ...row, price: row.price.toFixed(2) })),
      ),
      toParquet(path, { columns, rowGroupRows: 2 }),
    );
    const ids = async (where: ParquetWhere) =>
      (await Array.fromAsync(fromParquet(path, { columns: ['id'], where }))).map(({ id }) => Number(id));
    expect(await ids({ at: { gte: new Date(18_000) } })).toEqual([18, 19]);
    expect(await ids({ at: new Date(3_000) })).toEqual([3]);
    expect(await ids({ id: { in: [4n, 7n] } })).toEqual([4, 7]);
    expect(await ids({ id: { lt: 2 } })).toEqual([0, 1]);
    expect(await ids({ id: 5 })).toEqual([5]);
    expect(await ids({ odd: true, id: { gt: 16n } })).toEqual([17, 19]);
    for (const row of rows) expect(await ids({ price: Number(row.price.toFixed(2)) })).toEqual([Number(row.id)]);
  });

  it('compares with what rows would have: UUIDs in lower case, a FLOAT as it was rounded', async () => {
    const uuid = 'ABCDEF01-89AB-CDEF-0123-456789ABCDEF';
    await run(pipe([{ uuid, x: 0.1 }]), toParquet(path, { columns: { uuid: 'uuid', x: 'float' } }));
    const rows = [{ uuid: uuid.toLowerCase(), x: Math.fround(0.1) }];
    const some = (where: ParquetWhere) => Array.fromAsync(fromParquet(path, { where }));
    expect(await some({ uuid: uuid.toLowerCase() })).toEqual(rows);
    expect(await some({ uuid })).toEqual([]);
    expect(await some({ x: Math.fround(0.1) })).toEqual(rows);
    expect(await some({ x: { gt: 0.1 } })).toEqual(rows);
    expect(await some({ x: 0.1 })).toEqual([]);
  });

  it('does not read row groups that by their statistics have no such row', async () => {
    await writeRows(1000);
    const blob = counted(await readFile(path));
    const rows = fromParquet(blob, { where: { n: { gte: 250, lt: 252 }, name: { isNull: false } } });
    expect(await Array.fromAsync(rows)).toEqual(numbered(252).slice(250));
    const footer = 1;
    expect(blob.slices).toHaveLength(footer + 3);
    expect(await Array.fromAsync(fromParquet(blob, { where: { n: { isNull: true } } }))).toEqual([]);
    expect(blob.slices).toHaveLength(footer + 3 + footer);
  });
});

describe('a damaged file', () => {
  const footerOf = (bytes: Buffer): number => bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);

  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['that is empty', () => Buffer.alloc(0), 'Parquet at byte 0: the file is too short.'],
    [
      'that is something else',
      () => Buffer.from('{"tempMax":12.8}'),
      'at byte 8: no Parquet file: it does not end with PAR1',
    ],
    ['that is cut off', (bytes) => bytes.subarray(0, -20), 'no Parquet file'],
    ['whose footer is encrypted', (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('E')]), 'encrypted'],
    ['whose footer is too long', (bytes) => bytes.fill(0xff, bytes.length - 8, bytes.length - 4), 'more than the file'],
    [
      'whose footer is damaged',
      (bytes) => bytes.fill(0xff, footerOf(bytes), footerOf(bytes) + 20),
      'the footer is damaged',
    ],
  ])('%s says so', async (_name, damage, message) => {
    await writeRows(10);
    const bytes = damage(await readFile(path));
    await expect(run(fromParquet(Uint8Array.from(bytes).buffer))).rejects.toMatchObject({
      name: 'ParquetError',
      code: 'DEX_PARQUET',
      message: expect.stringContaining(message),
    });
  });

  it('tells the row group, the column and the byte of the page, after what was good', async () => {
    await writeRows(250);
    const bytes = await readFile(path);
    const whole = counted(bytes);
    await Array.fromAsync(fromParquet(whole, { columns: ['name'] }));
    const [start = 0] = whole.slices[2] ?? [];
    bytes.fill(0xff, start + 30, start + 60);
    await writeFile(path, bytes);
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const { n } of fromParquet(path)) got.push(n);
    })();
    await expect(reading).rejects.toMatchObject({ rowGroup: 1, column: 'name', byte: start, file: path });
    expect(got).toHaveLength(100);
  });

  it('is told by the checksums of its pages, where it has them', async () => {
    const column = [1, 2, 3].map((n) => ({ n }));
    const bytes = Buffer.from(
      'UEFSMRUAFSQVJBX9t4m1DhwVBhUAFQYVBhwAAAACAAAABgEBAAAAAgAAAAMAAAAVBBksNQAYBnNjaGVtYRUCABUCJQIYAW4AFgYZHBkcJgAcFQIZ' +
        'JQYAGRgBbhUAFgYWVhZWJghJHBUAFQAVAgA8KQYZJgAGAAAAFlYWBiYIFlYAKAdweWFycm93GRwcAAAAYQAAAFBBUjE=',
      'base64',
    );
    expect(await Array.fromAsync(fromParquet(bytes))).toEqual(column);
    bytes[35] = 7;
    await expect(run(fromParquet(bytes))).rejects.toThrow(
      'Parquet at row group 0, column "n", byte 4: the page cannot be read: its checksum differs.',
    );
  });

  it.each(['zstd', 'snappy', 'gzip', 'brotli', 'uncompressed'] as const)(
    'never does more than to fail clearly, or to give other values: %s',
    async (codec) => {
      const rows = numbered(40).map((row) => ({ ...row, at: new Date(row.n), id: BigInt(row.n % 3), ok: row.n > 5 }));
      await run(pipe(rows), toParquet(path, { codec, rowGroupRows: 20 }));
      const bytes = await readFile(path);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(bytes.length - 9), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          async (changes) => {
            const damaged = Uint8Array.from(bytes);
            for (const [at, value] of changes) damaged[at] = value;
            const error: unknown = await run(fromParquet(damaged.buffer)).then(
              () => undefined,
              (caught: unknown) => caught,
            );
            if (error !== undefined) expect(error).toBeInstanceOf(ParquetError);
          },
        ),
        { numRuns: 200 },
      );
    },
    60_000,
  );

  it('is none whose pages become more than maxPageBytes: nothing is decompressed', async () => {
    await run(pipe([{ text: ' '.repeat(1_000_000) }]), toParquet(path, { codec: 'brotli' }));
    await expect(run(fromParquet(path, { maxPageBytes: 1_000_000 }))).rejects.toMatchObject({
      code: 'DEX_PARQUET',
      message: expect.stringMatching(
        /^Parquet at row group 0, column "text", byte 4 of .*: a page of 10000\d\d bytes, more than the 1000000 of maxPageBytes\.$/,
      ),
    });
    await expect(run(fromParquet(path, { maxPageBytes: 1_000_100 }))).resolves.toMatchObject({ items: 1 });
  });

  it('is none whose nested values, which are read at once, become more than maxPageBytes', async () => {
    const { file } = writeNested(3_000); // in pages of 1,000 bytes
    const maxPageBytes = 5_000;
    await expect(run(fromParquet(file, { columns: ['n'], maxPageBytes }))).resolves.toMatchObject({ items: 3_000 });
    await expect(run(fromParquet(file, { columns: ['tags'], maxPageBytes }))).rejects.toThrow(
      /group 0, column "tags.list.element", byte \d+: pages of nested values, read at once, of \d{4} bytes, more than the 5000/,
    );
    await expect(run(fromParquet(file, { maxPageBytes: 20_000 }))).resolves.toMatchObject({ items: 3_000 });
  });

  it('is none whose strings become more than maxPageBytes by what each shares with the one before', async () => {
    const data = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
    const file = parquetWriteBuffer({ columnData: [{ name: 'text', data, encoding: 'DELTA_BYTE_ARRAY' }] });
    await expect(run(fromParquet(file, { maxPageBytes: 999_999 }))).rejects.toThrow(
      'byte 4: the page cannot be read: its strings become more than the 999999 of maxPageBytes.',
    );
    await expect(run(fromParquet(file, { maxPageBytes: 1_000_000 }))).resolves.toMatchObject({ items: 100 });
  });

  it('fails as clearly where columns are nested', async () => {
    const bytes = new Uint8Array(writeNested(30).file);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 9), fc.nat(255), async (at, value) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = value;
        const error: unknown = await run(fromParquet(damaged)).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(error).toBeInstanceOf(ParquetError);
      }),
      { numRuns: 2_000 },
    );
  });
});
