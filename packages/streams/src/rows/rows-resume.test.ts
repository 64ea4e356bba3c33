import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../test/sources.ts';
import { fromCsv, fromFile, fromNdjson } from '../index.ts';
import { openSource, type Pipe } from '../pipes/pipe.ts';

type Source = Parameters<typeof fromNdjson>[0];

interface Part {
  readonly rows: readonly unknown[];
  readonly places: readonly unknown[];
  /** For each row, and for the end of the chunk, where to go on. */
  readonly resume: readonly unknown[];
}

/** The chunks of a source, from a place on that has been through JSON as in a checkpoint. */
async function* chunks(pipe: Pipe<unknown>, from?: unknown): AsyncGenerator<Part> {
  const input = openSource(pipe, from === undefined ? undefined : JSON.parse(JSON.stringify(from)));
  if (!input.chunked) throw new Error('not chunked');
  for (let next = await input.next(); next.done !== true; next = await input.next()) {
    const { items, position, resume } = next.value;
    yield {
      rows: items,
      places: items.map((_, index) => position?.(index)),
      resume: resume === undefined ? [] : Array.from({ length: items.length + 1 }, (_, count) => resume(count)),
    };
  }
}

/** All that a source has, and what it says in the end of damage. */
async function read(pipe: Pipe<unknown>, from?: unknown) {
  const parts: Part[] = [];
  let said = '';
  try {
    for await (const part of chunks(pipe, from)) parts.push(part);
  } catch (error) {
    said = String(error).replace(/ The row starts.*/su, '');
  }
  return { parts, said };
}

const all = ({ parts, said }: Awaited<ReturnType<typeof read>>, passed = 0) => ({
  rows: parts.flatMap(({ rows }) => rows).slice(passed),
  places: parts.flatMap(({ places }) => places).slice(passed),
  said,
});

const rejects = (): void => {};

const formats: Record<string, (source: Source) => Pipe<unknown>> = {
  CSV: (source) => fromCsv(source, { rejects }),
  'CSV with a preamble, comments and other names': (source) =>
    fromCsv(source, { rejects, skipLines: 1, comment: 'b', rename: (name, index) => name + index }),
  'CSV without names': (source) => fromCsv(source, { rejects, header: false, skipLines: 1 }),
  'CSV with the names given': (source) => fromCsv(source, { rejects, header: ['x'] }),
  NDJSON: (source) => fromNdjson(source, { rejects }),
};

describe('a codec that goes on where another run stood', () => {
  const tokens = fc.array(fc.constantFrom('a', 'b', '1', ',', '"ü,\n"', 'ü', '😀', '\n', '\n', '\r\n'), {
    maxLength: 30,
  });

  it.each(Object.entries(formats))('reads what is left of %s, from every row of every chunk', async (_name, open) => {
    await fc.assert(
      fc.asyncProperty(tokens, fc.boolean(), fc.array(fc.nat(40)), async (parts, hasMark, places) => {
        const text = (hasMark ? '\uFEFF' : '') + parts.join('');
        const pieces = cut([...Buffer.from(text)], places).map((bytes) => Uint8Array.from(bytes));
        const whole = await read(open(pieces));
        let before = 0;
        for (const part of whole.parts) {
          for (const [count, from] of part.resume.entries()) {
            const left = all(whole, before + count);
            expect(all(await read(open(pieces), from))).toEqual(left);
            expect(all(await read(open(text), from))).toEqual(left);
          }
          before += part.rows.length;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('seeks in a file, instead of reading what it passes over', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dex-resume-'));
    try {
      const file = join(folder, 'rows.csv');
      const text = `n,text\n${Array.from({ length: 20_000 }, (_, n) => `${n},"ü\n"\n`).join('')}`;
      await writeFile(file, text);
      const whole = await read(fromCsv(fromFile(file)));
      expect(whole.parts.length).toBeGreaterThan(2);
      const from = whole.parts[1]?.resume.at(-1);
      const passed = (whole.parts[0]?.rows.length ?? 0) + (whole.parts[1]?.rows.length ?? 0);
      expect(all(await read(fromCsv(fromFile(file)), from))).toEqual(all(whole, passed));

      // What lies before is not looked at.
      await writeFile(file, Buffer.concat([Buffer.alloc(1000), Buffer.from(text).subarray(1000)]));
      expect(all(await read(fromCsv(fromFile(file)), from))).toEqual(all(whole, passed));

      await writeFile(file, 'n,text\n');
      expect((await read(fromCsv(fromFile(file)), from)).said).toContain(
        `CheckpointError: Checkpoint: ${file} has 7 bytes, and `,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stops when the text has become shorter, or its columns are no more those asked for', async () => {
    const { parts } = await read(fromCsv('a,b\n1,2\n3,4\n'));
    const from = parts[0]?.resume.at(-1);
    expect(from).toEqual({ index: 2, line: 4, byte: 12, state: { skip: 0, header: ['a', 'b'] } });
    const shorter = await read(fromCsv('a,b\n1,2\n'), from);
    expect(shorter.said).toBe('CheckpointError: Checkpoint: the CSV ends 4 bytes before the place where it stood');
    expect(() => openSource(fromCsv('a,b\n1,2\n3,4\n', { columns: ['c'] }), from)).toThrow(
      'Option "fromCsv" must be as it was when the header was read',
    );
  });

  it('gives no place to go on from behind a row that failed', async () => {
    const input = openSource(fromCsv('a\n1\n2,2\n'), undefined);
    const { value } = await input.next();
    expect(value).toMatchObject({ items: [{ a: '1' }], resume: undefined });
    await expect(input.next()).rejects.toThrow('the row has 2 fields instead of 1');
  });
});

describe('fromFile', () => {
  it('refuses a byte that cannot be one', () => {
    expect(() => fromFile('x').from(-1)).toThrow('Option "fromFile.from" must be an integer from 0');
  });
});
