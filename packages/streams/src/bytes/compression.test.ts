import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, watched } from '../../test/sources.ts';
import {
  compress,
  type Compression,
  decompress,
  type DecompressOptions,
  fromNdjson,
  map,
  pipe,
  type PipeSource,
  run,
  toNdjson,
} from '../index.ts';

const formats = ['gzip', 'deflate', 'br', 'zstd'] as const;
const packSync = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: (data: string | Uint8Array) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: zstdCompressSync,
};

const pieces = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] =>
  cut([...bytes], places).map((piece) => Uint8Array.from(piece));

const unpack = async (source: PipeSource<Uint8Array>, format: Compression | 'auto', options?: DecompressOptions) =>
  Buffer.concat(await Array.fromAsync(pipe(source, decompress(format, options))));

describe.each(formats)('%s', (format) => {
  it('comes back as it was, wherever the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), fc.array(fc.nat(300)), async (data, cuts) => {
        const packed = Buffer.concat(await Array.fromAsync(pipe(data, compress(format))));
        expect(await unpack(pieces(packed, cuts), format)).toEqual(Buffer.concat(data));
      }),
      { numRuns: 30 },
    ));

  it('tells input that is cut off, after what came before', async () => {
    const packed = packSync[format](randomBytes(200_000));
    for (const length of [0, 1, 5, 17, 100_000, packed.length - 1]) {
      let got = 0;
      const read = async () => {
        for await (const { length: bytes } of pipe([packed.subarray(0, length)], decompress(format))) got += bytes;
      };
      await expect(read()).rejects.toMatchObject({
        code: 'DEX_FORMAT',
        format,
        message: `${format} at index 0, byte ${length}: it is cut off.`,
      });
      if (length > 150_000) expect(got).toBeGreaterThan(length / 2);
    }
  });

  it('tells bytes that are something else, and where', async () => {
    const good = packSync[format](randomBytes(200_000));
    good.fill(0xff, 140_000, 140_100);
    const reading = run(pipe([Buffer.from('neither this nor that')], decompress(format)));
    await expect(reading).rejects.toMatchObject({
      code: 'DEX_FORMAT',
      format,
      position: { index: 0, byte: 0 },
      cause: expect.any(Error),
    });
    // Random bytes are stored as they are: damage in them is for the checksum, which brotli does not have.
    if (format === 'gzip' || format === 'deflate') {
      await expect(run(pipe([good], decompress(format)))).rejects.toThrow(
        `${format} at index 0, byte 196608: incorrect data check.`,
      );
    }
  });

  it('tells what stands behind the end', async () => {
    const packed = packSync[format]('rain');
    const junk = Buffer.from('then something else');
    for (const source of [[packed, junk], [Buffer.concat([packed, junk])], [packed, Buffer.alloc(0), junk]]) {
      await expect(run(pipe(source, decompress(format)))).rejects.toMatchObject({ code: 'DEX_FORMAT', format });
    }
  });

  it('stops a bomb at maxBytes', async () => {
    const bomb = packSync[format](Buffer.alloc(4_000_000));
    await expect(run(pipe([bomb], decompress(format, { maxBytes: 3_999_999 })))).rejects.toMatchObject({
      code: 'DEX_FORMAT',
      message: expect.stringContaining('it becomes more than the 3999999 of maxBytes'),
    });
    expect(await unpack([bomb], format, { maxBytes: 4_000_000 })).toHaveLength(4_000_000);
  });

  it('holds little of what a bomb becomes', async () => {
    const bomb = packSync[format](Buffer.alloc(64_000_000));
    const before = process.memoryUsage().arrayBuffers;
    for await (const { length } of pipe([bomb], decompress(format))) {
      expect(length).toBeGreaterThan(0);
      await setTimeout(20);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
      break;
    }
  });

  it('reads no further ahead than the format must, and closes its source when it is left', async () => {
    const { seen, items } = watched(10_000);
    const source = pipe(
      items(),
      map(() => randomBytes(20_000)),
    );
    for await (const bytes of pipe(source, compress(format), decompress(format))) {
      expect(bytes.length).toBeGreaterThan(0);
      await setTimeout(100); // time to read on, for what does not wait
      break;
    }
    expect(seen.closed).toBe(1);
    // What the encoder gathers before it writes, an item, and up to 64 KiB each in it, in the decoder and behind both,
    // and in the hands of the two that read.
    const held = { gzip: 65_536, deflate: 65_536, br: 8_388_608, zstd: 131_072 }[format];
    expect(seen.pulled * 20_000).toBeLessThan(held + 20_000 + 6 * 65_536);
  });

  it('hands on an error of the source, after what was written before', async () => {
    const packed = packSync[format](randomBytes(300_000));
    async function* failing() {
      yield packed.subarray(0, 200_000);
      throw new Error('The line is dead.');
    }
    let got = 0;
    const reading = (async () => {
      for await (const { length } of pipe(failing(), decompress(format))) got += length;
    })();
    await expect(reading).rejects.toThrow(/^The line is dead\.$/);
    expect(got).toBeGreaterThan(100_000);
  });

  it('is aborted while its source hangs', async () => {
    const { seen, items } = watched(2, { hangs: true });
    const source = pipe(
      items(),
      map(() => randomBytes(10)),
    );
    const controller = new AbortController();
    const running = run(pipe(source, compress(format)), undefined, { signal: controller.signal });
    await expect.poll(() => seen.pulled).toBe(2);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(seen.pulled).toBe(2);
  });
});

describe('decompress', () => {
  it.each(['gzip', 'zstd'] as const)('reads several of %s behind each other, wherever they are cut', (format) =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array(), { minLength: 1 }), fc.array(fc.nat(500)), async (data, cuts) => {
        const packed = Buffer.concat(data.map((each) => packSync[format](each)));
        expect(await unpack(pieces(packed, cuts), format)).toEqual(Buffer.concat(data));
        expect(await unpack([packed], 'auto')).toEqual(Buffer.concat(data));
        const last = packed.length - 1;
        await expect(unpack(pieces(packed.subarray(0, last), cuts), format)).rejects.toThrow(
          `byte ${last}: it is cut off`,
        );
      }),
    ),
  );

  it('reads zstd with every header there is', async () => {
    const skippable = Buffer.concat([Buffer.from('5a2a4d1803000000', 'hex'), Buffer.from('abc')]);
    const text = 'rain '.repeat(60_000);
    const streamed = Buffer.concat(
      await Array.fromAsync(pipe(Array.from(text.match(/.{1,1000}/g) ?? []), compress('zstd'))),
    );
    const whole = [
      skippable,
      streamed,
      zstdCompressSync('x'.repeat(300)),
      zstdCompressSync(text),
      skippable,
      zstdCompressSync(''),
    ];
    for (const format of ['zstd', 'auto'] as const) {
      expect((await unpack([Buffer.concat(whole)], format)).toString()).toBe(`${text}${'x'.repeat(300)}${text}`);
    }
    await expect(unpack([Buffer.concat(whole), skippable.subarray(0, 9)], 'zstd')).rejects.toThrow('it is cut off');
  });

  it.each(formats)('ignores zeros that pad %s, and says where something else stands', async (format) => {
    const packed = packSync[format](Buffer.from('rain'));
    for (const zeros of [1, 3, 4, 70_000]) {
      for (const source of [[packed, Buffer.alloc(zeros)], [Buffer.concat([packed, Buffer.alloc(zeros)])]]) {
        expect((await unpack(source, format)).toString()).toBe('rain');
      }
      const source = [Buffer.concat([packed, Buffer.alloc(zeros)]), Buffer.alloc(3), Buffer.from([0, 1])];
      await expect(unpack(source, format)).rejects.toThrow(
        `byte ${packed.length + zeros + 4}: something stands behind the end`,
      );
    }
  });

  it("tells by the first bytes with 'auto', byte by byte too, and lets the rest through", async () => {
    const crumbs = (bytes: Uint8Array) => pieces(bytes, [...bytes.keys()]);
    for (const plain of ['', 'a', 'a,b\n1,2\n', '\x1f', '(\xb5']) {
      const bytes = Buffer.from(plain, 'latin1');
      expect(await unpack([bytes], 'auto')).toEqual(bytes);
      expect(await unpack(crumbs(bytes), 'auto')).toEqual(bytes);
      expect(await unpack(crumbs(gzipSync(bytes)), 'auto')).toEqual(bytes);
      expect(await unpack(crumbs(zstdCompressSync(bytes)), 'auto')).toEqual(bytes);
    }
  });

  it('reads what Node streams write', async () => {
    const stream = createGzip();
    stream.end('{"tempMax":12.8}\n');
    expect(await Array.fromAsync(fromNdjson(pipe(stream, decompress('gzip'))))).toEqual([{ tempMax: 12.8 }]);
    const brotli = createBrotliCompress();
    brotli.end('1\n');
    expect(await Array.fromAsync(fromNdjson(pipe(brotli, decompress('br'))))).toEqual([1]);
  });

  it('refuses what it does not know', () => {
    // @ts-expect-error not a compression
    expect(() => decompress('lzma')).toThrow(
      'Option "decompress.format" must be one of "gzip", "deflate", "br", "zstd", "auto"',
    );
    expect(() => decompress('gzip', { maxBytes: -1 })).toThrow(
      'Option "decompress.maxBytes" must be an integer from 0',
    );
  });
});

describe('compress', () => {
  it.each(formats)('with flush hands on what has come, as %s, before more does', async (format) => {
    for (const [first, second] of [
      ['data: 1\n\n', 'data: 2\n\n'],
      [Buffer.from('ü'), new Uint8Array(0)],
    ] as const) {
      const more = Promise.withResolvers<void>();
      const source = async function* () {
        yield first;
        await more.promise;
        yield second;
      };
      const parts: string[] = [];
      const packed = pipe<string | Uint8Array, Uint8Array>(source(), compress(format, { flush: true }));
      for await (const part of pipe(packed, decompress(format))) {
        parts.push(Buffer.from(part).toString());
        more.resolve();
      }
      expect(parts).toEqual([first, second].filter(({ length }) => length > 0).map(String));
    }
  });

  it('takes text and bytes, and writes what others read', async () => {
    const rows = Array.from({ length: 10_000 }, (_, n) => ({ n, city: 'Zürich' }));
    const packed = await Array.fromAsync(pipe(rows, toNdjson(), compress('gzip')));
    expect(gunzipSync(Buffer.concat(packed)).toString()).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const mixed = await Array.fromAsync(
      pipe<string | Uint8Array, Uint8Array>(['ü', Buffer.from('b'), 'c'], compress('gzip')),
    );
    expect(gunzipSync(Buffer.concat(mixed)).toString()).toBe('übc');
  });

  it('packs tighter at a higher level', async () => {
    const text = Array.from({ length: 5_000 }, (_, n) => `station ${n % 17},${(n * 7919) % 1013}\n`);
    for (const [format, high] of [
      ['gzip', 9],
      ['deflate', 9],
      ['br', 11],
      ['zstd', 19],
    ] as const) {
      const size = async (level: number) =>
        Buffer.concat(await Array.fromAsync(pipe(text, compress(format, { level })))).length;
      expect(await size(high)).toBeLessThan(await size(1));
    }
  });

  it.each([
    ['gzip', 10],
    ['gzip', 0],
    ['br', 12],
    ['zstd', 23],
  ] as const)('refuses %s at level %d', (format, level) => {
    expect(() => compress(format, { level })).toThrow('Option "compress.level" must be an integer from 1 to');
  });

  it('refuses what it does not know', () => {
    // @ts-expect-error not a boolean
    expect(() => compress('gzip', { flush: 1 })).toThrow('Option "compress.flush" must be true or false, got 1.');
    // @ts-expect-error not a compression
    expect(() => compress('auto')).toThrow('Option "compress.format" must be one of');
  });
});
