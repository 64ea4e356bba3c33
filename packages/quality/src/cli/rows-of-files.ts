import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type BytesSource,
  decompress,
  fromCsv,
  fromFile,
  fromJsonArray,
  fromNdjson,
  pipe,
  progress,
  type Progress,
} from '@dataenginex/streams';
import { fromParquet } from '@dataenginex/streams/parquet';
import { reasonOf, UnreadableError, UsageError } from './usage.ts';

export const inputFormats = ['csv', 'tsv', 'ndjson', 'json', 'parquet'] as const;
export type InputFormat = (typeof inputFormats)[number];

export interface InputOptions {
  readonly format: InputFormat | undefined;
  readonly delimiter: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Told which file is read from now on. */
  readonly onOpen: (name: string) => void;
  /** Told now and then how far the reading is. */
  readonly onProgress: (progress: InputProgress) => void;
}

export interface InputProgress {
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: 'bytes' | 'rows';
  readonly perSecond: number;
  readonly remainingMs: number | undefined;
}

export interface Input {
  readonly name: string;
  readonly format: InputFormat;
  /** Whether it can be read only once. */
  readonly isOnce: boolean;
  /** Its rows, from the first. */
  rows(): AsyncIterable<unknown>;
}

const extensions: Readonly<Record<string, InputFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
  pq: 'parquet',
};

/** The format that a file's name tells: its extension, or that before `.gz` and `.zst`. */
function formatOf(path: string): InputFormat {
  const [extension = ''] =
    /[^.]*$/.exec(
      basename(path)
        .toLowerCase()
        .replace(/\.(?:gz|gzip|zst|zstd)$/, ''),
    ) ?? [];
  const format = extensions[extension];
  if (format !== undefined) return format;
  throw new UsageError(`The name of ${path} does not tell its format: give it by --input-format.`);
}

/** Files as they will be read, once all of them are there. */
export async function openInputs(paths: readonly string[], options: InputOptions): Promise<Input[]> {
  const files = await Promise.all(paths.map((path) => describeFile(path, options)));
  return files.map(({ path, format, size }) => ({
    name: nameOf(path),
    format,
    isOnce: size === undefined && format !== 'parquet',
    rows: () => (format === 'parquet' ? parquetRows(path, size, options) : textRows(path, format, size, options)),
  }));
}

const nameOf = (path: string): string => (path === '-' ? 'the standard input' : path);

interface DescribedFile {
  readonly path: string;
  readonly format: InputFormat;
  /** Bytes, or rows of Parquet. */
  readonly size: number | undefined;
}

async function describeFile(path: string, { format }: InputOptions): Promise<DescribedFile> {
  if (path === '-') {
    if (format === undefined) throw new UsageError('The format of the standard input must be given by --input-format.');
    if (format === 'parquet') throw new UsageError('Parquet is read from its end, so not from the standard input.');
    return { path, format, size: undefined };
  }
  const stats = await stat(path).catch((error: unknown) => {
    throw new UnreadableError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  if (stats.isDirectory())
    throw new UsageError(`${path} is a directory: name the files in it, such as ${path}/*.parquet.`);
  const known = format ?? formatOf(path);
  if (known !== 'parquet') return { path, format: known, size: stats.isFile() ? stats.size : undefined };
  try {
    const { num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    return { path, format: known, size: Number(rows) };
  } catch {
    // What is wrong with it is told where it is read.
    return { path, format: known, size: undefined };
  }
}

function parquetRows(path: string, total: number | undefined, { onProgress }: InputOptions): AsyncIterable<unknown> {
  return pipe(fromParquet(path), progress({ total, everyMs: 200, onProgress: telling('rows', onProgress) }));
}

function textRows(
  path: string,
  format: Exclude<InputFormat, 'parquet'>,
  total: number | undefined,
  { delimiter, stdin, onOpen, onProgress }: InputOptions,
): AsyncIterable<unknown> {
  const watch = progress<Uint8Array>({
    total,
    everyMs: 200,
    amountOf: ({ length }) => length,
    onProgress: telling('bytes', onProgress),
  });
  const open = async function* (): AsyncGenerator<Uint8Array> {
    onOpen(nameOf(path));
    yield* path === '-' ? stdin : fromFile(path);
  };
  const bytes: BytesSource = pipe(open(), watch, decompress('auto'));
  if (format === 'ndjson') return fromNdjson(bytes);
  if (format === 'json') return fromJsonArray(bytes);
  return fromCsv(bytes, { delimiter: delimiter ?? (format === 'tsv' ? '\t' : ',') });
}

const telling =
  (unit: InputProgress['unit'], tell: InputOptions['onProgress']) =>
  ({ done, total, perSecond, remainingMs }: Progress): void =>
    tell({ done, total, unit, perSecond, remainingMs });
