import { boundsText, within } from '../rules/bounds.ts';
import type { Judge } from './check-rows.ts';
import {
  type Collector,
  Counts,
  Extremes,
  Histogram,
  type Interpolation,
  Moments,
  Numbers,
  quantile,
} from './collect.ts';
import type { Bounds, Expectation, KwargsOf, Ordered, Scalar, TypeName } from '../rules/expectations.ts';
import { type Spread, ofBins, ofValues } from './kl-divergence.ts';
import type { Fail } from './map-tests.ts';
import { type Planner, type Tally, Trouble, collecting } from './planner.ts';
import type { RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { hasType, isNull, keysOfSet, show, typeOf } from '../values.ts';

interface Verdict {
  readonly success: boolean;
  readonly observed: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Why there is none. */
  readonly error?: string;
}

/** The rules about a whole column. */
export const aggregateJudges = {
  expect_column_min_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Extremes, ({ min }) => bounded(min, rule.kwargs)),
  expect_column_max_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Extremes, ({ max }) => bounded(max, rule.kwargs)),
  expect_column_mean_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Moments, ({ mean }) => bounded(mean, rule.kwargs)),
  expect_column_sum_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Moments, ({ sum }) => bounded(sum, rule.kwargs)),
  expect_column_stdev_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Moments, ({ deviation }) => bounded(deviation, rule.kwargs)),
  expect_column_median_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Numbers, ({ values }) =>
      bounded(quantile(values.toSorted(), 0.5, 'midpoint'), rule.kwargs),
    ),
  expect_column_quantile_values_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Numbers, ({ values }) => quantiles(values.toSorted(), rule.kwargs)),
  expect_column_unique_value_count_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Counts, ({ byKey }) => bounded(byKey.size, rule.kwargs)),
  expect_column_proportion_of_unique_values_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Counts, ({ byKey, total }) => bounded(byKey.size / Math.max(total, 1), rule.kwargs)),
  expect_column_proportion_of_non_null_values_to_be_between: (rule, planner) => {
    const tally = planner.ask(rule, { columns: [rule.kwargs.column], skip: 'any', breaks: () => false });
    return judge(rule, planner, tally, new Trouble(), () => {
      const rows = planner.elements(tally.condition);
      return bounded((rows - planner.missing(tally)) / Math.max(rows, 1), rule.kwargs);
    });
  },
  expect_column_most_common_value_to_be_in_set: (rule, planner) =>
    ofColumn(rule, planner, Counts, (counts) => mostCommon(counts, rule.kwargs)),
  expect_column_distinct_values_to_be_in_set: (rule, planner) =>
    ofColumn(rule, planner, Counts, (counts) => distinct(counts, rule.kwargs.value_set, true, false)),
  expect_column_distinct_values_to_contain_set: (rule, planner) =>
    ofColumn(rule, planner, Counts, (counts) => distinct(counts, rule.kwargs.value_set, false, true)),
  expect_column_distinct_values_to_equal_set: (rule, planner) =>
    ofColumn(rule, planner, Counts, (counts) => distinct(counts, rule.kwargs.value_set, true, true)),
  expect_column_kl_divergence_to_be_less_than: klDivergence,
  expect_column_type_to_be: (rule, planner) =>
    ofColumn(rule, planner, Types, (types) => types.verdict(rule.kwargs.type_)),
} satisfies { readonly [E in Expectation]?: (rule: RuleOf<E>, planner: Planner) => Judge };

function ofColumn<C extends Collector>(
  rule: Rule & { readonly kwargs: { readonly column: string } },
  planner: Planner,
  kind: new (fail: Fail) => C,
  verdict: (collector: C) => Verdict,
): Judge {
  const { collector, tally, trouble } = planner.collect(rule, rule.kwargs.column, kind);
  return judge(rule, planner, tally, trouble, () => verdict(collector));
}

function judge(rule: Rule, planner: Planner, tally: Tally, trouble: Trouble, verdict: () => Verdict): Judge {
  const failed = (error: string): RuleResult => ({ rule, kind: 'error', success: false, error, unexpectedIndexes: [] });
  return () => {
    const failure = planner.failure(rule, tally);
    if (failure !== undefined) return failed(failure.error);
    const { success, observed, details, error } = verdict();
    const why = trouble.why ?? error;
    return why === undefined ? { rule, kind: 'observed', success, observed, details } : failed(why);
  };
}

/** Nothing observed is within no bounds, not even within none. */
function bounded(value: unknown, bounds: Bounds<Ordered>): Verdict {
  if (isNull(value)) return { success: false, observed: null };
  const is = within(value, bounds);
  if (is !== undefined) return { success: is, observed: value };
  return { success: false, observed: value, error: `${show(value)} has no order with ${boundsText(bounds)}` };
}

/** The tolerance of Great Expectations: 0.01 % of the bound. */
function near(value: number, bound: number | null): boolean {
  return bound !== null && Math.abs(value - bound) <= 1e-8 + 1e-4 * Math.abs(bound);
}

function quantiles(sorted: Float64Array, kwargs: KwargsOf<'expect_column_quantile_values_to_be_between'>): Verdict {
  const { quantile_ranges: ranges, allow_relative_error: error = 'nearest' } = kwargs;
  const interpolation: Interpolation = typeof error === 'boolean' ? 'nearest' : error;
  const values = ranges.quantiles.map((share) => quantile(sorted, share, interpolation));
  const details = ranges.value_ranges.map(([min, max], index) => {
    const value = values[index] ?? Number.NaN;
    return near(value, min) || near(value, max) || (value >= (min ?? -Infinity) && value <= (max ?? Infinity));
  });
  return {
    success: details.every(Boolean),
    observed: { quantiles: ranges.quantiles, values: values.map((value) => (Number.isNaN(value) ? null : value)) },
    details: { success_details: details },
  };
}

function mostCommon(counts: Counts, kwargs: KwargsOf<'expect_column_most_common_value_to_be_in_set'>): Verdict {
  let most = 0;
  for (const { count } of counts.byKey.values()) most = Math.max(most, count);
  const modes = [...counts.byKey].filter(([, { count }]) => count === most);
  const wanted = keysOfSet(kwargs.value_set);
  const some = modes.some(([key]) => wanted.has(key));
  return {
    success: some && (modes.length === 1 || kwargs.ties_okay === true),
    observed: modes.map(([, { value }]) => value),
  };
}

function distinct(counts: Counts, set: readonly Scalar[], closed: boolean, whole: boolean): Verdict {
  const wanted = keysOfSet(set);
  const unexpected = [...counts.byKey].filter(([key]) => !wanted.has(key)).map(([, { value }]) => value);
  const missing = set.filter((value) => ![...keysOfSet([value])].some((key) => counts.byKey.has(key)));
  return {
    success: (!closed || unexpected.length === 0) && (!whole || missing.length === 0),
    observed: null,
    details: {
      ...(closed ? { unexpected_count: unexpected.length, partial_unexpected_list: unexpected.slice(0, 20) } : {}),
      ...(whole ? { missing_count: missing.length, partial_missing_list: missing.slice(0, 20) } : {}),
    },
  };
}

function klDivergence(rule: RuleOf<'expect_column_kl_divergence_to_be_less_than'>, planner: Planner): Judge {
  const { column, partition_object: partition, threshold } = rule.kwargs;
  const verdict = ({ observed, details }: Spread): Verdict => ({
    success: observed !== null && observed <= threshold,
    observed,
    details,
  });
  if ('values' in partition) {
    return ofColumn(rule, planner, Counts, (counts) => verdict(ofValues(counts, rule.kwargs, partition)));
  }
  const trouble = new Trouble();
  const histogram = new Histogram(partition.bins, trouble.fail);
  const tally = planner.ask(rule, collecting(column, histogram));
  return judge(rule, planner, tally, trouble, () => verdict(ofBins(histogram, rule.kwargs, partition)));
}

class Types implements Collector {
  readonly #seen = new Map<TypeName | undefined, unknown>();

  add(value: unknown): boolean {
    const type = typeOf(value);
    if (!this.#seen.has(type)) this.#seen.set(type, value);
    return false;
  }

  /** Observed is the one type that all values have, the list of them when they are several, null of no values. */
  verdict(wanted: TypeName): Verdict {
    const names = [...this.#seen.keys()].filter((type) => !(type === 'integer' && this.#seen.has('number')));
    return {
      success: [...this.#seen.values()].every((value) => hasType(value, wanted)),
      observed: names.length > 1 ? names : (names[0] ?? null),
    };
  }
}
