export { fromParquet, type FromParquetOptions } from './parquet/from-parquet.ts';
export type { ParquetCodec } from './parquet/codecs.ts';
export { ParquetError, ParquetRowError } from './parquet/errors.ts';
export type { ParquetBlob } from './parquet/file.ts';
export type { ParquetType } from './parquet/types.ts';
export type { ParquetScalar, ParquetTest, ParquetWhere } from './parquet/where.ts';
export { toParquet, type ToParquetOptions, type ToParquetResult } from './parquet/to-parquet.ts';
