import { SavedReader, writeValue } from '../saved.ts';
import { isObject } from '../schema/json-schema.ts';
import { hash } from '../state/hash.ts';
import type { Spill } from '../streams/spill.ts';

export type Row = Readonly<Record<string, unknown>>;
type Visit = (key: string, row: Row, index: number) => void;

const parts = 256;
const blockChars = 16_384;
/** How much waits to be written at once. */
const flushBytes = 512 * 1024;

interface Part {
  lines: string;
  /** Blocks that are written: start and length of each. */
  readonly written: number[];
}

/** Rows in a file, in parts by the hash of their keys: each part has all rows of a key, in their order. */
export class RowBlocks {
  readonly #spill: Spill;
  readonly #depth: number;
  readonly #parts: Part[] = Array.from({ length: parts }, () => ({ lines: '', written: [] }));
  #full: { readonly part: Part; readonly bytes: Buffer }[] = [];
  #fullBytes = 0;
  readonly #hash = new Int32Array(2);

  /** @param depth Which byte of the hash tells the part, from 0 to 7. */
  constructor(spill: Spill, depth: number) {
    this.#spill = spill;
    this.#depth = depth;
  }

  write(key: string, row: Row, index: number): void {
    hash(key, this.#hash);
    const half = this.#hash[this.#depth & 1] ?? 0;
    const part = this.#parts[(half >>> (8 * (this.#depth >> 1))) & 255];
    if (part === undefined) return;
    const isWhole = isPlain(row);
    part.lines += `${JSON.stringify([key, index, isWhole ? row : writeValue(row), isWhole])}\n`;
    if (part.lines.length < blockChars) return;
    const bytes = Buffer.from(part.lines);
    part.lines = '';
    this.#full.push({ part, bytes });
    this.#fullBytes += bytes.length;
  }

  get isFull(): boolean {
    return this.#fullBytes > flushBytes;
  }

  /** Writes the blocks that are full. */
  async flush(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    this.#fullBytes = 0;
    if (full.length === 0) return;
    let start = await this.#spill.append(full.map(({ bytes }) => bytes));
    for (const { part, bytes } of full) {
      part.written.push(start, bytes.length);
      start += bytes.length;
    }
  }

  /** Part by part; `pause` comes behind each block, `done` behind each part. */
  async read(visit: Visit, pause: () => Promise<void>, done: () => Promise<void>): Promise<void> {
    await this.flush();
    for (const part of this.#parts) {
      const { written, lines } = part;
      if (written.length === 0 && lines === '') continue;
      for (let at = 0; at < written.length; at += 2) {
        const block = Buffer.allocUnsafe(written[at + 1] ?? 0);
        await this.#spill.read(written[at] ?? 0, block);
        visitLines(String(block), visit);
        await pause();
      }
      part.lines = '';
      visitLines(lines, visit);
      await pause();
      await done();
    }
  }
}

/** Whether JSON gives the same values again. */
function isPlain(row: Row): boolean {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || Object.is(value, -0)) return false;
  }
  return true;
}

function visitLines(lines: string, visit: Visit): void {
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf('\n', start);
    const saved: unknown = JSON.parse(lines.slice(start, end));
    start = end + 1;
    if (!Array.isArray(saved)) continue;
    const [key, index, row, isWhole]: readonly unknown[] = saved;
    if (typeof key !== 'string' || typeof index !== 'number' || !isObject(row)) continue;
    visit(key, isWhole === true ? row : new SavedReader('row', row).values(), index);
  }
}
