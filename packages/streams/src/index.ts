export { type Aggregate, count, max, mean, min, sum } from './windows/aggregates.ts';
export { batch, type BatchOptions } from './operators/batch.ts';
export type { CheckpointOptions, CheckpointStore } from './checkpoints/checkpoint.ts';
export { compress, type CompressOptions, type Compression } from './bytes/compress.ts';
export { type CsvOptions, fromCsv } from './csv/csv.ts';
export type { CsvDialect } from './csv/dialect.ts';
export { decompress, type DecompressOptions } from './bytes/decompress.ts';
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
export { eventTime, type EventTimeOptions } from './windows/event-time.ts';
export { fromFile, type Seekable } from './bytes/from-file.ts';
export { dedupe, type DedupeOptions } from './operators/dedupe.ts';
export { distinct, type DistinctOptions } from './operators/distinct.ts';
export { drop, dropWhile } from './operators/drop.ts';
export { fileStore } from './checkpoints/file-store.ts';
export { filter } from './operators/filter.ts';
export { flatMap } from './operators/flat-map.ts';
export { reduce, scan } from './operators/fold.ts';
export { groupBy, type GroupByOptions } from './operators/group-by.ts';
export { concat, merge, zip } from './operators/join.ts';
export { partition, type SplitOptions, tee } from './operators/split.ts';
export { fromChunks, type SourceChunk } from './pipes/from-chunks.ts';
export { fromJsonArray, type JsonArrayOptions, toJsonArray } from './json/json-array.ts';
export { interval } from './pipes/interval.ts';
export { map } from './operators/map.ts';
export { mapAsync, type MapAsyncOptions } from './operators/map-async.ts';
export { fromNdjson, type NdjsonOptions, toNdjson } from './json/ndjson.ts';
export type { Fields } from './json/ndjson-fields.ts';
export {
  type Enumerable,
  fromObservable,
  type FromObservableOptions,
  type Observer,
  type PipeObservable,
  type Subscribable,
  toObservable,
} from './interop/observable.ts';
export type { Operator } from './pipes/operator.ts';
export { parse } from './operators/parse.ts';
export { pipe, type Pipe, type PipeSource } from './pipes/pipe.ts';
export type { Position } from './pipes/position.ts';
export { progress, type Progress, type ProgressOptions } from './operators/progress.ts';
export { rateLimit, type RateLimiter } from './operators/rate-limit.ts';
export type { Reject, RejectOptions } from './pipes/rejects.ts';
export type { BytesSource } from './bytes/pieces.ts';
export type { RowOptions } from './rows/rows.ts';
export { run, type RunOptions, type RunResult } from './pipes/run.ts';
export type { Sink } from './pipes/sink.ts';
export { toFile } from './bytes/to-file.ts';
export { take, takeWhile } from './operators/take.ts';
export { tap } from './operators/tap.ts';
export { fromSse, type SseMessage, type SseOptions, toSse } from './sse/sse.ts';
export type { ServerSentEvent } from './sse/sse-lines.ts';
export { toWritable, type ToWritableOptions } from './interop/to-writable.ts';
export { toCsv, type ToCsvOptions } from './csv/to-csv.ts';
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
} from './windows/windows.ts';
