export type { CheckOptions, CheckSource, Contract, ContractOfOptions, ContractOptions, RowOf } from './contract.ts';
export { contract, contractOf } from './contract.ts';
export type { Column, ColumnName, Columns } from './rules/columns.ts';
export { columns, type ColumnTable, type ColumnValues, type RowOfColumns } from './rows/column-table.ts';
export {
  BadRowError,
  DatabaseError,
  HistoryError,
  InterruptedError,
  QualityError,
  RepeatLimitError,
  SavedDataError,
} from './errors.ts';
export { anomalies, type AnomalyCheck } from './history/anomalies.ts';
export { type AnomalyMethod, expectedRange, type ExpectedRange, type RangeOptions } from './history/expected-range.ts';
export type { CalendarUnit } from './history/calendar.ts';
export {
  checkPartitions,
  type CheckPartitionsOptions,
  type FreshPartitionOptions,
  type VolumeOptions,
} from './history/check-partitions.ts';
export {
  readPartitions,
  type ReadPartitionsOptions,
  type TablePartition,
  type TablePartitions,
} from './history/read-partitions.ts';
export {
  checkSchema,
  type CheckSchemaOptions,
  type SchemaChange,
  schemaChanges,
  type SchemaChangesOptions,
} from './history/schema-changes.ts';
export type { SchemaSource } from './history/schema-shape.ts';
export {
  type ChangedRow,
  type Differences,
  reconcile,
  type ReconciledSide,
  type ReconcileOptions,
  type Reconciliation,
} from './history/reconcile.ts';
export { type DamagedLine, fileHistory, type FileHistoryOptions } from './history/file-history.ts';
export type { HistoryCallOptions, HistoryStore, RetentionOptions, RunQuery } from './history/history-store.ts';
export { type Run, toRun, type ToRunOptions } from './history/run.ts';
export type { Expectation, Kwargs, KwargsOf, Ordered, Partition, Scalar, TypeName } from './rules/expectations.ts';
export type {
  Approximation,
  FailedResult,
  GroupFailure,
  Groups,
  MapResult,
  ObservedResult,
  RuleResult,
} from './report/result.ts';
export type { ColumnCondition, RowCondition } from './rules/row-condition.ts';
export type { GroupBy, Rule, RuleOf, Severity } from './rules/rule.ts';
export type { Saved } from './saved.ts';
export type { Side } from './schema/json-schema.ts';
export { describeOutcome } from './report/describe-result.ts';
export { describeRule } from './report/describe-rule.ts';
export { type HtmlBadRow, type HtmlRun, toHtml, type ToHtmlOptions } from './report/html/to-html.ts';
export { toJUnit } from './report/to-junit.ts';
export { toMarkdown } from './report/to-markdown.ts';
export { Report, type ReportJson, type Statistics } from './report/report.ts';
export type { BoundsOptions, MapOptions, RuleOptions, ShapeOptions, Where } from './rules/rule-options.ts';
export type {
  BadRow,
  BreakOptions,
  RepeatOptions,
  Split,
  SplitOptions,
  StreamSplit,
  StreamSplitOptions,
} from './split.ts';
export type { GateOptions, GateReject } from './streams/gate.ts';
export type { RowStream } from './streams/check-stream.ts';
export type { MemoryOptions } from './streams/stream-check.ts';
export type {
  BadTableRow,
  JudgeOptions,
  Judgement,
  TableRow,
  TableRows,
  TableSource,
  TableSplit,
  TableSplitting,
} from './table-source.ts';
export type { Surroundings } from './surroundings.ts';
export type { ColumnState } from './state/column-state.ts';
export { FrequentItems, type FrequentItem } from './state/frequent-items.ts';
export { HyperLogLog } from './state/hyper-log-log.ts';
export { Kll } from './state/kll.ts';
export type { Moments } from './state/moments.ts';
export type { Shape, Shapes } from './state/shapes.ts';
export type { RowSource } from './state/read-rows.ts';
export { TableState, type TableStateOptions } from './state/table-state.ts';
export type { Correlation } from './profile/correlations.ts';
export type { TextFormat } from './profile/formats.ts';
export type { CandidateKey } from './profile/key-finder.ts';
export {
  type ColumnProfile,
  type DatesProfile,
  type Histogram,
  type NumbersProfile,
  profile,
  type Profile,
  type ProfileOptions,
  type Quantile,
  type TextsProfile,
  type TopValue,
} from './profile/profile.ts';
export { profileToText } from './profile/profile-to-text.ts';
export { suggest, type Suggestion, type SuggestOptions } from './profile/suggest.ts';
export type { Unchecked } from './schema/schema-rules.ts';
export type { FreshOptions, Table } from './rules/table.ts';
export { type ExpectationResult, type ResultFormat, toResult } from './report/to-result.ts';
export {
  fromExpectationSuite,
  type FromSuiteOptions,
  type SuiteContract,
} from './interchange/from-expectation-suite.ts';
export {
  type ExpectationSuite,
  type SuiteEntry,
  toExpectationSuite,
  type WrittenSuite,
} from './interchange/to-expectation-suite.ts';
export {
  type ColumnDrift,
  type ColumnDriftOptions,
  drift,
  type DriftMethod,
  type DriftOptions,
  type DriftReport,
} from './drift/drift.ts';
export {
  type ColumnMetrics,
  type LineageAssertion,
  type QualityFacets,
  toOpenLineage,
  type ToOpenLineageOptions,
} from './interchange/to-open-lineage.ts';
export { fromJsonSchema, type RowOfJsonSchema } from './interchange/from-json-schema.ts';
export type { Unmapped } from './interchange/unmapped.ts';
export { toJsonSchema, type WrittenJsonSchema } from './interchange/to-json-schema.ts';
