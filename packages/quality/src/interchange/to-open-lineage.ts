import { describeRule } from '../report/describe-rule.ts';
import { describeOutcome } from '../report/describe-result.ts';
import type { Report } from '../report/report.ts';
import type { RuleResult } from '../report/result.ts';
import type { Severity } from '../rules/rule.ts';
import { type Saved, writeValue } from '../saved.ts';
import type { ColumnState } from '../state/column-state.ts';
import type { TableState } from '../state/table-state.ts';

export interface ToOpenLineageOptions {
  /** For `dataQualityAssertions`. */
  report?: Report | undefined;
  /** For `dataQualityMetrics`. */
  state?: TableState | undefined;
  /** The URI of what made the facets. @default this package's */
  producer?: string | undefined;
}

interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
}

/** What an assertion was, and what became of it. */
export interface LineageAssertion {
  /** Great Expectations' name of the rule. */
  readonly assertion: string;
  readonly success: boolean;
  readonly column?: string;
  readonly severity: 'error' | 'warn' | 'info';
  /** The rule's id. */
  readonly name: string;
  readonly description: string;
  /** Of rows that break a rule only how many, without their values: who sees lineage need not see the data. */
  readonly actual: string;
  readonly params: Saved;
}

export interface ColumnMetrics {
  readonly nullCount: number;
  readonly count: number;
  readonly distinctCount: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly quantiles?: Readonly<Record<string, number>>;
}

/** Facets for the `inputFacets` of a dataset. */
export interface QualityFacets {
  readonly dataQualityAssertions?: Facet & { readonly assertions: readonly LineageAssertion[] };
  readonly dataQualityMetrics?: Facet & {
    readonly rowCount: number;
    readonly columnMetrics: Readonly<Record<string, ColumnMetrics>>;
  };
}

const spec = 'https://openlineage.io/spec/facets';
const self = 'https://github.com/dataenginex/dataenginex/tree/main/packages/quality';

/**
 * What OpenLineage says of a dataset's quality: `dataQualityAssertions` 1-1-0 of a report, `dataQualityMetrics` 1-0-3 of
 * a state, for the `inputFacets` of a run event.
 *
 * Distinct values past 1,024 are an estimate, and quantiles of more than 1,023 numbers too.
 *
 * @see https://openlineage.io/docs/spec/facets/dataset-facets/data_quality_assertions
 */
export function toOpenLineage({ report, state, producer = self }: ToOpenLineageOptions): QualityFacets {
  const facet = (version: string, name: string): Facet => ({
    _producer: producer,
    _schemaURL: `${spec}/${version}/${name}.json#/$defs/${name}`,
  });
  return {
    ...(report && {
      dataQualityAssertions: {
        ...facet('1-1-0', 'DataQualityAssertionsDatasetFacet'),
        assertions: report.results.map(assertionOf),
      },
    }),
    ...(state && {
      dataQualityMetrics: {
        ...facet('1-0-3', 'DataQualityMetricsInputDatasetFacet'),
        rowCount: state.rows,
        columnMetrics: Object.fromEntries(Array.from(state.columns, ([name, column]) => [name, metricsOf(column)])),
      },
    }),
  };
}

const severities: Readonly<Record<Severity, LineageAssertion['severity']>> = {
  critical: 'error',
  warning: 'warn',
  info: 'info',
};

function assertionOf(result: RuleResult): LineageAssertion {
  const { rule, success } = result;
  return {
    assertion: rule.expectation,
    success,
    ...('column' in rule.kwargs && { column: rule.kwargs.column }),
    severity: severities[rule.severity],
    name: rule.id,
    description: rule.notes === undefined ? describeRule(rule) : `${describeRule(rule)}. ${rule.notes}`,
    actual: actualOf(result),
    params: writeValue(rule.kwargs),
  };
}

function actualOf(result: RuleResult): string {
  if (result.kind === 'error') return describeOutcome(result);
  if (result.groups !== undefined) return `${result.groups.failed} of ${result.groups.count} groups`;
  if (result.kind === 'observed') return describeOutcome(result);
  return `${result.unexpectedCount} of ${result.elementCount - result.missingCount}`;
}

const shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** What is infinite is left out, as JSON has no word for it. */
function metricsOf({ count, nulls, distinct, moments, quantiles }: ColumnState): ColumnMetrics {
  const common = {
    nullCount: nulls,
    count,
    distinctCount: distinct.estimate(),
  };
  if (moments.count === 0) return common;
  const found = { sum: moments.mean * (moments.count - moments.infinite), min: moments.min, max: moments.max };
  const values = quantiles.quantiles(shares);
  return {
    ...common,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => Number.isFinite(value))),
    quantiles: Object.fromEntries(
      shares
        .map((share, at) => [`${share}`, values[at] ?? Infinity] as const)
        .filter(([, value]) => Number.isFinite(value)),
    ),
  };
}
