import { ofDistinct, ofQuantile } from './approximation.ts';
import { boundsText, within } from '../rules/bounds.ts';
import type { Judge } from './check-rows.ts';
import {
  type Collector,
  Counts,
  Distinct,
  Extremes,
  Histogram,
  type Interpolation,
  Moments,
  Quantiles,
  type Rest,
} from './collect.ts';
import type { Bounds, Expectation, KwargsOf, Ordered, Scalar, TypeName } from '../rules/expectations.ts';
import { type Spread, ofBins, ofValues } from './kl-divergence.ts';
import type { Fail } from './map-tests.ts';
import { type Planner, type Tally, Trouble, collecting } from './planner.ts';
import type { Approximation, RuleResult } from '../report/result.ts';
import type { Rule, RuleOf } from '../rules/rule.ts';
import { hasType, isNull, keyOf, keysOfSet, show, typeOf } from '../values.ts';

interface Verdict {
  readonly success: boolean;
  readonly observed: unknown;
  readonly approximation?: Approximation | undefined;
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
    ofColumn(rule, planner, Quantiles, (numbers) => median(numbers, rule.kwargs)),
  expect_column_quantile_values_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Quantiles, (numbers) => quantiles(numbers, rule.kwargs)),
  expect_column_unique_value_count_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Distinct, (values) => distinctCount(values, values.count, rule.kwargs)),
  expect_column_proportion_of_unique_values_to_be_between: (rule, planner) =>
    ofColumn(rule, planner, Distinct, (values) =>
      distinctCount(values, Math.min(1, values.count / Math.max(values.total, 1)), rule.kwargs),
    ),
  expect_column_proportion_of_non_null_values_to_be_between: (rule, planner) => {
    const tally = planner.ask(rule, { columns: [rule.kwargs.column], skip: 'any', breaks: () => false });
    return judge(rule, planner, tally, new Trouble(), () => {
      const rows = planner.elements(tally.condition);
      return bounded((rows - planner.missing(tally)) / Math.max(rows, 1), rule.kwargs);
    });
  },
  expect_column_most_common_value_to_be_in_set: (rule, planner) =>
    ofCounts(rule, planner, keysOfSet(rule.kwargs.value_set), (counts) => mostCommon(counts, rule.kwargs), 'frequent'),
  expect_column_distinct_values_to_be_in_set: (rule, planner) =>
    ofCounts(rule, planner, keysOfSet(rule.kwargs.value_set), (counts) =>
      distinct(counts, rule.kwargs.value_set, true, false),
    ),
  expect_column_distinct_values_to_contain_set: (rule, planner) =>
    ofCounts(rule, planner, keysOfSet(rule.kwargs.value_set), (counts) =>
      distinct(counts, rule.kwargs.value_set, false, true),
    ),
  expect_column_distinct_values_to_equal_set: (rule, planner) =>
    ofCounts(rule, planner, keysOfSet(rule.kwargs.value_set), (counts) =>
      distinct(counts, rule.kwargs.value_set, true, true),
    ),
  expect_column_kl_divergence_to_be_less_than: klDivergence,
  expect_column_type_to_be: (rule, planner) =>
    ofColumn(rule, planner, Types, (types) => types.verdict(rule.kwargs.type_)),
} satisfies { readonly [E in Expectation]?: (rule: RuleOf<E>, planner: Planner) => Judge };

function ofColumn<C extends Collector>(
  rule: Rule & { readonly kwargs: { readonly column: string } },
  planner: Planner,
  kind: new (fail: Fail, maxValues: number) => C,
  verdict: (collector: C) => Verdict,
): Judge {
  const { collector, tally, trouble } = planner.collect(rule, rule.kwargs.column, kind);
  return judge(rule, planner, tally, trouble, () => verdict(collector));
}

/** Counts some values always one by one, which bounds what else is counted so. */
function ofCounts(
  rule: Rule & { readonly kwargs: { readonly column: string } },
  planner: Planner,
  always: ReadonlySet<unknown>,
  verdict: (counts: Counts) => Verdict,
  wants?: 'frequent',
): Judge {
  if (planner.maxValues === Infinity) return ofColumn(rule, planner, Counts, verdict);
  const trouble = new Trouble();
  const counts = new Counts(trouble.fail, planner.maxValues, always, wants);
  const tally = planner.ask(rule, collecting(rule.kwargs.column, counts));
  return judge(rule, planner, tally, trouble, () => verdict(counts));
}

function judge(rule: Rule, planner: Planner, tally: Tally, trouble: Trouble, verdict: () => Verdict): Judge {
  const failed = (error: string): RuleResult => ({ rule, kind: 'error', success: false, error, unexpectedIndexes: [] });
  return () => {
    const failure = planner.failure(rule, tally);
    if (failure !== undefined) return failed(failure.error);
    const { success, observed, details, approximation, error } = verdict();
    const why = trouble.why ?? error;
    if (why !== undefined) return failed(why);
    const result = { rule, kind: 'observed', success, observed, details } as const;
    return approximation === undefined ? result : { ...result, approximation };
  };
}

/** Nothing observed is within no bounds, not even within none. */
function bounded(value: unknown, bounds: Bounds<Ordered>): Verdict {
  if (isNull(value)) return { success: false, observed: null };
  const is = within(value, bounds);
  if (is !== undefined) return { success: is, observed: value };
  return { success: false, observed: value, error: `${show(value)} has no order with ${boundsText(bounds)}` };
}

function distinctCount(values: Distinct, observed: number, bounds: Bounds<number>): Verdict {
  const verdict = bounded(observed, bounds);
  if (values.isExact) return verdict;
  return { ...verdict, approximation: ofDistinct(observed, (value) => within(value, bounds)) };
}

function median(numbers: Quantiles, bounds: Bounds<number>): Verdict {
  const at = (share: number): number => numbers.at([share], 'midpoint')[0] ?? Number.NaN;
  const verdict = bounded(at(0.5), bounds);
  if (numbers.isExact) return verdict;
  return { ...verdict, approximation: ofQuantile(0.5, at, (value) => within(value, bounds)) };
}

/** The tolerance of Great Expectations: 0.01 % of the bound. */
function near(value: number, bound: number | null): boolean {
  return bound !== null && Math.abs(value - bound) <= 1e-8 + 1e-4 * Math.abs(bound);
}

/** Whether a quantile is within its range, or as near to it as Great Expectations lets it be. */
export function isNearly(value: number, [min, max]: readonly [number | null, number | null]): boolean {
  return near(value, min) || near(value, max) || (value >= (min ?? -Infinity) && value <= (max ?? Infinity));
}

function quantiles(numbers: Quantiles, kwargs: KwargsOf<'expect_column_quantile_values_to_be_between'>): Verdict {
  const { quantile_ranges: ranges, allow_relative_error: error = 'nearest' } = kwargs;
  const interpolation: Interpolation = typeof error === 'boolean' ? 'nearest' : error;
  const values = numbers.at(ranges.quantiles, interpolation);
  const details = ranges.value_ranges.map((range, index) => isNearly(values[index] ?? Number.NaN, range));
  const at = (share: number): number => numbers.at([share], interpolation)[0] ?? Number.NaN;
  const each = numbers.isExact
    ? []
    : ranges.value_ranges.map((range, index) =>
        ofQuantile(ranges.quantiles[index] ?? 0, at, (value) => isNearly(value, range)),
      );
  return {
    approximation: each[0] && { ...each[0], uncertain: each.some(({ uncertain }) => uncertain) },
    success: details.every(Boolean),
    observed: { quantiles: ranges.quantiles, values: values.map((value) => (Number.isNaN(value) ? null : value)) },
    details: { success_details: details },
  };
}

function mostCommon(counts: Counts, kwargs: KwargsOf<'expect_column_most_common_value_to_be_in_set'>): Verdict {
  let most = 0;
  for (const { count } of counts.byKey.values()) most = Math.max(most, count);
  if (counts.rest !== undefined) return mostCommonOfMany(counts, counts.rest, most, kwargs.ties_okay === true);
  const modes = [...counts.byKey].filter(([, { count }]) => count === most);
  const wanted = keysOfSet(kwargs.value_set);
  const some = modes.some(([key]) => wanted.has(key));
  return {
    success: some && (modes.length === 1 || kwargs.ties_okay === true),
    observed: modes.map(([, { value }]) => value),
  };
}

/** Values of the set are counted one by one, and the others are known to come that often at least and at most. */
function mostCommonOfMany({ byKey }: Counts, { frequent }: Rest, most: number, tiesOkay: boolean): Verdict {
  const items = frequent.items();
  const other = items[0]?.count ?? 0;
  const countError = frequent.error;
  const modes = most < other ? [] : [...byKey.values()].filter(({ count }) => count === most);
  const others = other < most ? [] : items.filter(({ count }) => count === other);
  return {
    success: modes.length > 0 && (modes.length + others.length === 1 || tiesOkay),
    observed: [...modes, ...others].map(({ value }) => value),
    approximation: { countError, uncertain: most >= other ? most <= other + countError : false },
  };
}

function distinct(counts: Counts, set: readonly Scalar[], closed: boolean, whole: boolean): Verdict {
  const wanted = keysOfSet(set);
  const others = [...counts.byKey].filter(([key]) => !wanted.has(key)).map(([, { value }]) => value);
  const unexpected = counts.rest === undefined ? others : [...counts.rest.first.values()];
  const count = counts.rest?.distinct.estimate() ?? others.length;
  const missing = set.filter((value) => ![...keysOfSet([value])].some((key) => counts.byKey.has(key)));
  return {
    success: (!closed || unexpected.length === 0) && (!whole || missing.length === 0),
    observed: null,
    // Only the count of unexpected values is an estimate.
    approximation: closed && counts.rest !== undefined ? ofDistinct(count, () => true) : undefined,
    details: {
      ...(closed ? { unexpected_count: count, partial_unexpected_list: unexpected.slice(0, 20) } : {}),
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
    return ofCounts(rule, planner, new Set(partition.values.map(keyOf)), (counts) => {
      if (counts.rest === undefined) return verdict(ofValues(counts, rule.kwargs, partition));
      const error = `more than ${planner.maxValues} values beside those of its partition: raise maxValues`;
      return { success: false, observed: null, error };
    });
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
