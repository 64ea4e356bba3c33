import { checkInteger, OptionError } from '@dataenginex/core';
import { CheckpointError, FormatError } from '../errors.ts';
import type { Seekable } from '../bytes/from-file.ts';
import { type Chunk, openChunks } from '../pipes/input.ts';
import { openReader, type Pipe, pipeFrom } from '../pipes/pipe.ts';
import { type BytesSource, checkPiece, fileOf, piecesOf } from '../bytes/pieces.ts';
import type { Position } from '../pipes/position.ts';
import type { Reader } from '../pipes/reader.ts';
import { checkRejects, type Refuse, type RejectOptions } from '../pipes/rejects.ts';
import { Utf8Decoder } from '../bytes/utf8.ts';

/** How rows are read. */
export interface RowOptions extends RejectOptions {
  /**
   * Bytes of one row at most, its line end not counted: what a row without an end may fill memory with.
   *
   * @default 1_048_576
   */
  maxRowBytes?: number | undefined;
}

/** A malformed row; offsets are those of the text. */
interface BadRow {
  /** How many good rows of the same text come before it. */
  readonly before: number;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
  readonly cause?: unknown;
}

/** What a scan of a text found, up to `end`; behind it an incomplete row may follow. */
export interface Scanned<T> {
  readonly items: T[];
  /** Where the row of each item starts. */
  readonly starts: number[];
  readonly bad: BadRow[];
  end: number;
  /** Line ends before `end`. */
  lines: number;
  /** What a scan that goes on at the row of an item, or at `end`, must know: the same for all of them, in JSON. */
  state?: unknown;
  /** What makes it pointless to read on, and where. */
  damage?: { readonly at: number; readonly reason: string };
}

/** Finds the rows of a text that begins where a row does; `isLast` says that it also ends where one does. */
export type Scan<T> = (text: string, isLast: boolean) => Scanned<T>;

/** Where the rows of a text go on: behind all that come before this. */
interface Resume {
  /** Rows, line ends and bytes before it; the line counts from 1. */
  readonly index: number;
  readonly line: number;
  readonly byte: number;
  readonly state: unknown;
}

export interface RowFormat<T> {
  readonly format: 'CSV' | 'NDJSON';
  readonly operator: string;
  /** One character, which `line` of a position counts; `'\n'` by default. */
  readonly lineEnd?: string;
  /** Whether nothing can come of text without a line end. */
  readonly needsLineEnd?: boolean;
  /** One for each run. `isTooLong` tells of a row that is out of bounds, `state` is that of a scan to go on from. */
  readonly createScan: (isTooLong: (text: string, start: number, end: number) => boolean, state: unknown) => Scan<T>;
}

export const TOO_LONG = 'the row is longer than maxRowBytes';

/** Makes the source of a format's rows. */
export function pipeRows<T>(source: BytesSource, rowFormat: RowFormat<T>, options: RowOptions): Pipe<T> {
  const { operator } = rowFormat;
  const { maxRowBytes = 1_048_576 } = options;
  checkInteger(`${operator}.maxRowBytes`, maxRowBytes, { min: 1 });
  const createRefuse = checkRejects(operator, options);
  const pieces = piecesOf(operator, source);
  const { file } = fileOf(pieces);
  return pipeFrom((from) => {
    const resume = isResume(from) ? from : START;
    const isSought = resume.byte > 0 && isSeekable(pieces);
    const reader = openReader<string | Uint8Array>(isSought ? pieces.from(resume.byte) : pieces);
    const rows = new Rows(rowFormat, maxRowBytes, file, createRefuse?.(), resume, isSought ? 0 : resume.byte);
    return openChunks(rows.read(reader), new AbortController(), reader);
  });
}

const START: Resume = { index: 0, line: 1, byte: 0, state: undefined };

function isResume(from: unknown): from is Resume {
  return typeof from === 'object' && from !== null && 'byte' in from;
}

function isSeekable(source: object): source is Seekable {
  return 'from' in source && typeof source.from === 'function';
}

/** Scanned at once at most, so that a whole file given as one piece still moves in chunks. */
const MAX_PIECE = 65_536;
/** A row may be scanned with every piece of it that comes, up to this length. */
const MAX_EAGER = 16_384;

class Rows<T> {
  readonly #format: RowFormat<T>;
  readonly #scan: Scan<T>;
  readonly #lineEnd: string;
  readonly #maxRowBytes: number;
  readonly #file: string | undefined;
  readonly #refuse: Refuse | undefined;
  readonly #decoder = new Utf8Decoder();
  /** Text that has not been consumed: an incomplete row, and what came after it was last scanned. */
  #pending: string[] = [];
  #pendingBytes = 0;
  #carriedBytes = 0;
  /** Where the pending text begins. */
  #index: number;
  #line: number;
  #byte: number;
  /** Bytes still to be passed over. */
  #ahead: number;
  #hasBegun: boolean;

  constructor(
    format: RowFormat<T>,
    maxRowBytes: number,
    file: string | undefined,
    refuse: Refuse | undefined,
    { index, line, byte, state }: Resume,
    ahead: number,
  ) {
    this.#index = index;
    this.#line = line;
    this.#byte = byte;
    this.#ahead = ahead;
    this.#hasBegun = byte > 0;
    this.#format = format;
    this.#lineEnd = format.lineEnd ?? '\n';
    this.#maxRowBytes = maxRowBytes;
    this.#file = file;
    this.#refuse = refuse;
    // A UTF-16 unit is 3 bytes at most: most rows need no counting.
    this.#scan = format.createScan(
      (text, start, end) => (end - start) * 3 > maxRowBytes && Buffer.byteLength(text.slice(start, end)) > maxRowBytes,
      state,
    );
  }

  /** Whether an incomplete row already is; half of its line end may have come. */
  #isTooLong(text: string, start: number, end: number): boolean {
    const row = text.slice(start, end);
    return Buffer.byteLength(row.endsWith('\r') ? row.slice(0, -1) : row) > this.#maxRowBytes;
  }

  async *read(reader: Reader<string | Uint8Array>): AsyncGenerator<Chunk<T>, void, undefined> {
    let texts = 0;
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      for (const whole of chunk.items) {
        checkPiece(whole);
        if (typeof whole === 'string' && whole !== '') texts += 1;
        for (let at = 0; at < whole.length; at += MAX_PIECE) {
          const piece =
            typeof whole === 'string' ? whole.slice(at, at + MAX_PIECE) : whole.subarray(at, at + MAX_PIECE);
          const decoded = this.#decoder.write(piece);
          this.#add(decoded);
          if (decoded.isBroken) yield* this.#consume(false, this.#brokenBy());
          else if (this.#isWorthAScan()) yield* this.#consume(false, undefined);
        }
      }
    }
    const end = this.#decoder.end();
    this.#add(end);
    if (this.#ahead > 0) {
      throw new CheckpointError(`the ${this.#format.format} ends ${this.#ahead} bytes before the place where it stood`);
    }
    if (texts > 1 && this.#line === 1 && this.#format.needsLineEnd === true) this.#checkLineEnd();
    yield* this.#consume(!end.isBroken, end.isBroken ? 'the input ends inside a UTF-8 character' : undefined);
  }

  #brokenBy(): string {
    const isGzip = this.#byte === 0 && this.#pending.join('') === '\u001F';
    return `a byte that is not UTF-8${isGzip ? ": put decompress('gzip') before it" : ''}`;
  }

  /** Lines that were split, as those of an array or of `readline`, would run together into a header without rows. */
  #checkLineEnd(): void {
    const text = this.#pending.join('');
    if (text.includes(this.#lineEnd)) return;
    const wanted = 'text with its line ends: add one to each line, or join the lines';
    throw new OptionError(`${this.#format.operator}.source`, wanted, text.slice(0, 50));
  }

  #add(decoded: { readonly text: string; readonly length: number }): void {
    const { text, length } = this.#ahead > 0 ? this.#passOver(decoded) : decoded;
    const hasMark = !this.#hasBegun && text.startsWith('\uFEFF');
    this.#hasBegun ||= text !== '';
    this.#byte += hasMark ? 3 : 0;
    this.#pending.push(hasMark ? text.slice(1) : text);
    this.#pendingBytes += hasMark ? length - 3 : length;
  }

  #passOver({ text, length }: { readonly text: string; readonly length: number }): { text: string; length: number } {
    const passed = Math.min(this.#ahead, length);
    this.#ahead -= passed;
    return { text: Buffer.from(text).toString('utf8', passed), length: length - passed };
  }

  /** A long row that comes in crumbs would be scanned from its start with each: then wait for an eighth more. */
  #isWorthAScan(): boolean {
    if (this.#pendingBytes > this.#maxRowBytes) return true;
    const freshBytes = this.#pendingBytes - this.#carriedBytes;
    if (this.#carriedBytes > MAX_EAGER && freshBytes * 8 < this.#carriedBytes) return false;
    return this.#pending.at(-1)?.includes(this.#lineEnd) === true;
  }

  async *#consume(isLast: boolean, broken: string | undefined): AsyncGenerator<Chunk<T>, void, undefined> {
    const text = this.#pending.join('');
    const scanned = this.#scan(text, isLast);
    const { items, bad, end, lines } = scanned;
    const rest = text.slice(end);
    const restBytes = Buffer.byteLength(rest);
    const locate = this.#locator(text);
    let failure: { readonly error: unknown } | undefined;
    let damage = scanned.damage ?? (broken === undefined ? undefined : { at: text.length, reason: broken });
    // Found out before what is damaged further on, had it come in smaller pieces.
    if (restBytes > this.#maxRowBytes && this.#isTooLong(text, end, damage?.at ?? text.length)) {
      damage = { at: end, reason: TOO_LONG };
    }
    if (damage !== undefined) {
      const position = { ...locate(damage.at), index: this.#index + items.length + bad.length };
      failure = {
        error: new FormatError(this.#format.format, position, damage.reason, rest.split(this.#lineEnd, 1)[0] ?? ''),
      };
    }

    let good: readonly T[] = items;
    for (const [count, row] of bad.entries()) {
      try {
        const wait = this.#reject(row, { ...locate(row.start), index: this.#index + row.before + count }, text);
        if (wait !== undefined) await wait;
      } catch (error) {
        failure = { error };
        good = items.slice(0, row.before);
        break;
      }
    }

    const position = this.#positions(scanned, locate);
    this.#index += items.length + bad.length;
    this.#line += lines;
    // Not the sum of the pieces: one may end inside a surrogate pair.
    this.#byte += Buffer.byteLength(text) - restBytes;
    this.#pending = [rest];
    this.#pendingBytes = restBytes;
    this.#carriedBytes = restBytes;
    const after: Resume = { index: this.#index, line: this.#line, byte: this.#byte, state: scanned.state };
    const resume = (count: number): Resume => {
      if (count === good.length) return after;
      const { index, line = 0, byte = 0 } = position(count);
      return { index, line, byte, state: scanned.state };
    };
    // What failed must not be passed over by a run that goes on.
    if (good.length > 0) yield { items: good, position, resume: failure === undefined ? resume : undefined };
    if (failure !== undefined) throw failure.error;
  }

  #reject(row: BadRow, position: Position, text: string): void | Promise<void> {
    const value = text.slice(row.start, row.end);
    const { reason, cause } = row;
    if (this.#refuse === undefined) {
      throw new FormatError(this.#format.format, position, reason, value, cause === undefined ? {} : { cause });
    }
    return this.#refuse({
      operator: this.#format.operator,
      position,
      reason,
      issues: [{ message: reason }],
      value,
    });
  }

  /** Bad rows count too; positions are asked for rarely, so nothing is prepared. */
  #positions({ starts, bad }: Scanned<T>, locate: (at: number) => Omit<Position, 'index'>): (item: number) => Position {
    const first = this.#index;
    let known = { item: 0, bad: 0 };
    return (item) => {
      let count = item < known.item ? 0 : known.bad;
      while (count < bad.length && (bad[count]?.before ?? 0) <= item) count += 1;
      known = { item, bad: count };
      return { index: first + item + count, ...locate(starts[item] ?? 0) };
    };
  }

  #locator(text: string): (at: number) => Omit<Position, 'index'> {
    const file = this.#file === undefined ? {} : { file: this.#file };
    // Asked in order as a rule: go on from the last answer.
    let known = { at: 0, line: this.#line, byte: this.#byte };
    const start = known;
    return (at) => {
      if (at < known.at) known = start;
      const between = text.slice(known.at, at);
      known = {
        at,
        line: known.line + between.split(this.#lineEnd).length - 1,
        byte: known.byte + Buffer.byteLength(between),
      };
      return { ...file, line: known.line, byte: known.byte };
    };
  }
}
