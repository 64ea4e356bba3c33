export { type Aggregate, count, max, mean, min, sum } from './aggregates.ts';
export { batch, type BatchOptions } from './batch.ts';
export type { CheckpointOptions, CheckpointStore } from './checkpoint.ts';
export { compress, type CompressOptions, type Compression } from './compress.ts';
export { type CsvOptions, fromCsv } from './csv.ts';
export type { CsvDialect } from './csv-dialect.ts';
export { decompress, type DecompressOptions } from './decompress.ts';
export {
  CheckpointError,
  FormatError,
  KeyLimitError,
  OperatorError,
  OverflowError,
  ParseError,
  RejectLimitError,
  WindowLimitError,
} from './errors.ts';
export { eventTime, type EventTimeOptions } from './event-time.ts';
export { fromFile, type Seekable } from './from-file.ts';
export { dedupe, type DedupeOptions } from './dedupe.ts';
export { distinct, type DistinctOptions } from './distinct.ts';
export { drop, dropWhile } from './drop.ts';
export { fileStore } from './file-store.ts';
export { filter } from './filter.ts';
export { flatMap } from './flat-map.ts';
export { reduce, scan } from './fold.ts';
export { groupBy, type GroupByOptions } from './group-by.ts';
export { concat, merge, zip } from './join.ts';
export { partition, type SplitOptions, tee } from './split.ts';
export { fromChunks, type SourceChunk } from './from-chunks.ts';
export { fromJsonArray, type JsonArrayOptions, toJsonArray } from './json-array.ts';
export { interval } from './interval.ts';
export { map } from './map.ts';
export { mapAsync, type MapAsyncOptions } from './map-async.ts';
export { fromNdjson, type NdjsonOptions, toNdjson } from './ndjson.ts';
export type { Fields } from './ndjson-fields.ts';
export {
  type Enumerable,
  fromObservable,
  type FromObservableOptions,
  type Observer,
  type PipeObservable,
  type Subscribable,
  toObservable,
} from './observable.ts';
export type { Operator } from './operator.ts';
export { parse } from './parse.ts';
export { pipe, type Pipe, type PipeSource } from './pipe.ts';
export type { Position } from './position.ts';
export { progress, type Progress, type ProgressOptions } from './progress.ts';
export { rateLimit, type RateLimiter } from './rate-limit.ts';
export type { Reject, RejectOptions } from './rejects.ts';
export type { BytesSource } from './pieces.ts';
export type { RowOptions } from './rows.ts';
export { run, type RunOptions, type RunResult } from './run.ts';
export type { Sink } from './sink.ts';
export { toFile } from './to-file.ts';
export { take, takeWhile } from './take.ts';
export { tap } from './tap.ts';
export { fromSse, type SseMessage, type SseOptions, toSse } from './sse.ts';
export type { ServerSentEvent } from './sse-lines.ts';
export { toWritable, type ToWritableOptions } from './to-writable.ts';
export { toCsv, type ToCsvOptions } from './to-csv.ts';
export {
  session,
  type SessionOptions,
  sliding,
  type SlidingOptions,
  tumbling,
  type TumblingOptions,
  type WindowKey,
  type WindowOptions,
  type WindowResult,
} from './windows.ts';
