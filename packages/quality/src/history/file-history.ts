import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { checkFunction } from '@dataenginex/core';
import { atomicWrite, lockFile } from '@dataenginex/resources';
import {
  checkAppend,
  checkPath,
  checkQuery,
  checkRetention,
  type HistoryStore,
  type Retention,
  type RetentionOptions,
  type RunQuery,
} from './history-store.ts';
import { readRun, type Run, writeRun } from './run.ts';

/** A line of a history's file that is no run, and was passed over. */
export interface DamagedLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** `torn` is the file's last line without its end: whoever wrote it was killed, or is writing it just now. */
  readonly kind: 'torn' | 'malformed';
  readonly error: unknown;
}

export interface FileHistoryOptions extends RetentionOptions {
  /** Told of each line that `runs` passes over. @default undefined */
  onDamage?: ((line: DamagedLine) => void) | undefined;
}

/**
 * Keeps runs in a file, a line of JSON each, made when the first run comes; its folder must be there. Several processes
 * may append: each holds `<path>.lock` while it does, and the line is on the disk when `append` resolves. A line that a
 * killed process has torn is told and passed over. Nothing is held between calls, so there is nothing to close.
 *
 * ```ts
 * import { join } from 'node:path';
 * import { tempDir } from '@dataenginex/resources';
 * import { contract, fileHistory, toRun } from '@dataenginex/quality';
 * import { z } from 'zod';
 *
 * await using folder = await tempDir();
 * const Daily = contract('daily', z.object({ tempMax: z.number() }));
 * const history = fileHistory(join(folder.path, 'history.ndjson'), { maxRuns: 400 });
 * await history.append(toRun(await Daily.check([{ tempMax: 12.8 }]), { partition: '2012-01-01' }));
 * const [last] = await history.runs({ contract: 'daily', latest: 1 });
 * last?.rows; // => 1
 * ```
 *
 * The file is rewritten, in one step, when an eighth more is in it than is to be kept.
 *
 * @throws {OptionError} At once, when `path` is none or an option out of range.
 * @throws {LockError} From `append`, when another process holds the lock for 10 s.
 * @throws From both, the file system's errors as they are, and the signal's reason.
 */
export function fileHistory(path: string, options: FileHistoryOptions = {}): HistoryStore {
  checkPath('fileHistory', path);
  const keep = checkRetention('fileHistory', options);
  const onDamage = checkFunction('fileHistory.onDamage', options.onDamage);
  let known: Contents | undefined;
  return {
    async append(run, { signal } = {}) {
      checkAppend(run, signal);
      const lock = await lockFile(`${path}.lock`, { signal });
      try {
        const { before, after } = await appendLine(path, `${writeRun(run)}\n`, signal);
        // Another process may have appended as well.
        if (known?.size === before) count(known, run);
        else known = await countRuns(path, signal);
        known.size = after;
        if (!isTooMuch(known, keep)) return;
        known = undefined;
        await rewrite(path, keep, signal);
      } finally {
        await lock.close();
      }
    },
    async runs(query = {}, { signal } = {}) {
      checkQuery(query, signal);
      const found: Run[] = [];
      for await (const { run, damage } of readLines(path, signal)) {
        if (run === undefined) onDamage?.(damage);
        else if (query.contract === undefined || run.contract === query.contract) {
          found.push(query.whole === true && isAsked(run, query) ? run : withoutLong(run));
        }
      }
      const asked = retained(found, keep).filter((run) => isAsked(run, query));
      return query.latest === undefined ? asked : asked.slice(-query.latest);
    },
  };
}

/** @returns The file's size before and after it. */
async function appendLine(
  path: string,
  line: string,
  signal: AbortSignal | undefined,
): Promise<{ before: number; after: number }> {
  const file = await open(path, 'a+');
  try {
    const { size } = await file.stat();
    if (size === 0) {
      // Flushes the folder as well, in which the file may be new.
      await atomicWrite(path, line, { signal });
      return { before: 0, after: Buffer.byteLength(line) };
    }
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    const bytes = Buffer.from(buffer[0] === NEWLINE ? line : `\n${line}`);
    signal?.throwIfAborted();
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } catch (error) {
      await file.truncate(size).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    return { before: size, after: size + bytes.length };
  } finally {
    await file.close();
  }
}

const NEWLINE = 10;

type Line =
  | { readonly text: string; readonly run: Run; readonly damage?: undefined }
  | { readonly text: string; readonly run?: undefined; readonly damage: DamagedLine };

async function* readLines(path: string, signal: AbortSignal | undefined): AsyncGenerator<Line, void, undefined> {
  let line = 0;
  const read = (text: string, kind: DamagedLine['kind']): Line => {
    line++;
    try {
      return { text, run: readRun(JSON.parse(text)) };
    } catch (error) {
      return { text, damage: { path, line, kind, error } };
    }
  };
  // Of a line, which may be as long as many chunks.
  let pieces: string[] = [];
  const file = createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 20 });
  try {
    for await (const chunk of file) {
      signal?.throwIfAborted();
      const [first = '', ...others] = String(chunk).split('\n');
      pieces.push(first);
      for (const text of others) {
        yield read(pieces.join(''), 'malformed');
        pieces = [text];
      }
    }
    const rest = pieces.join('');
    if (rest !== '') yield read(rest, 'torn');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/** What is in the file, as far as it must be known to see when it is too much. */
interface Contents {
  size: number;
  readonly runs: Map<string, number>;
  oldest: number;
}

function count(contents: Contents, { contract, at }: Run): void {
  contents.runs.set(contract, (contents.runs.get(contract) ?? 0) + 1);
  contents.oldest = Math.min(contents.oldest, at.getTime());
}

async function countRuns(path: string, signal: AbortSignal | undefined): Promise<Contents> {
  const contents: Contents = { size: 0, runs: new Map(), oldest: Infinity };
  for await (const { run } of readLines(path, signal)) if (run !== undefined) count(contents, run);
  return contents;
}

/** Some more than is to be kept may be there, or each run would write the whole file. */
function isTooMuch({ runs, oldest }: Contents, { maxRuns, maxAgeMs }: Retention): boolean {
  return Math.max(...runs.values()) > maxRuns * 1.125 || oldest < Date.now() - maxAgeMs * 1.125;
}

async function rewrite(path: string, keep: Retention, signal: AbortSignal | undefined): Promise<void> {
  const all: Run[] = [];
  for await (const { run } of readLines(path, signal)) if (run !== undefined) all.push(withoutLong(run));
  const kept = new Set(retained(all, keep));
  let at = 0;
  const lines = async function* (): AsyncGenerator<string, void, undefined> {
    for await (const { run, text } of readLines(path, signal)) {
      const known = run === undefined ? undefined : all[at++];
      if (known !== undefined && kept.has(known)) yield `${text}\n`;
    }
  };
  await atomicWrite(path, lines(), { signal });
}

function withoutLong({ report: _report, state: _state, ...run }: Run): Run {
  return run;
}

/** The runs that are kept, the oldest first. */
function retained(runs: readonly Run[], { maxRuns, maxAgeMs }: Retention): Run[] {
  const since = Date.now() - maxAgeMs;
  const left = new Map<string, number>();
  const newest = runs.toSorted((a, b) => a.at.getTime() - b.at.getTime()).toReversed();
  const kept = newest.filter(({ contract, at }) => {
    if (at.getTime() < since) return false;
    const place = (left.get(contract) ?? 0) + 1;
    left.set(contract, place);
    return place <= maxRuns;
  });
  return kept.toReversed();
}

function isAsked({ contract, partition, at }: Run, query: RunQuery): boolean {
  return (
    (query.contract === undefined || contract === query.contract) &&
    (query.partition === undefined || partition === query.partition) &&
    (query.from === undefined || at >= query.from) &&
    (query.to === undefined || at < query.to)
  );
}
