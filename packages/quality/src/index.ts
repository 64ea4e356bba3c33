export type { Expectation, Kwargs, KwargsOf, Ordered, Partition, Scalar, TypeName } from './expectations.ts';
export type { FailedResult, MapResult, ObservedResult, RuleResult } from './result.ts';
export type { ColumnCondition, RowCondition } from './row-condition.ts';
export type { Rule, RuleOf, Severity } from './rule.ts';
