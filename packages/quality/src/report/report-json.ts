import { isExpectation, describeRule } from './describe-rule.ts';
import type { Approximation, Groups, MapResult, Outcome, RuleResult } from './result.ts';
import type { GroupBy, Rule } from '../rules/rule.ts';
import { isObject } from '../schema/json-schema.ts';
import { SavedReader } from '../saved.ts';

/** What a report is made of; the rest follows from it. */
interface ReportFacts {
  readonly contract: string;
  readonly rows: number;
  readonly durationMs: number;
  readonly results: readonly RuleResult[];
  readonly partial: boolean;
}

export function readReport(json: unknown): ReportFacts {
  const saved = new SavedReader('report', json);
  if (saved.field('version').value() !== 1) saved.field('version').refuse('1');
  return {
    contract: saved.field('contract').text(),
    rows: saved.field('rows').count(),
    durationMs: saved.field('durationMs').number(),
    results: saved.field('results').list(readResult),
    partial: !saved.field('partial').isMissing && saved.field('partial').flag(),
  };
}

function readResult(saved: SavedReader): RuleResult {
  const groups = saved.field('groups');
  return {
    rule: readRule(saved.field('rule')),
    ...readOutcome(saved),
    ...(!groups.isMissing && { groups: readGroups(groups) }),
  };
}

function readGroups(saved: SavedReader): Groups {
  return {
    count: saved.field('count').count(),
    failed: saved.field('failed').count(),
    failures: saved.field('failures').list((failure) => ({
      group: failure.field('group').values(),
      ...readOutcome(failure),
    })),
  };
}

function readOutcome(saved: SavedReader): Outcome {
  const success = saved.field('success').flag();
  const indexes = (): number[] => saved.field('unexpectedIndexes').list((index) => index.count());
  const keys = (): Pick<MapResult, 'unexpectedKeys'> => {
    const given = saved.field('unexpectedKeys');
    return given.isMissing ? {} : { unexpectedKeys: given.list((key) => key.values()) };
  };
  const kind = saved.field('kind').oneOf(['map', 'observed', 'error']);
  if (kind === 'map') {
    return {
      kind,
      success,
      elementCount: saved.field('elementCount').count(),
      missingCount: saved.field('missingCount').count(),
      unexpectedCount: saved.field('unexpectedCount').count(),
      unexpectedValues: saved.field('unexpectedValues').list((value) => value.value()),
      unexpectedIndexes: indexes(),
      ...keys(),
    };
  }
  if (kind === 'observed') {
    const [observed, details] = [saved.field('observed'), saved.field('details')];
    const approximation = saved.field('approximation');
    return {
      kind,
      success,
      observed: observed.isMissing ? undefined : observed.value(),
      details: details.isMissing ? undefined : details.values(),
      ...(!approximation.isMissing && { approximation: readApproximation(approximation) }),
    };
  }
  if (success) return saved.field('success').refuse('false, as it could not be judged');
  return { kind, success, error: saved.field('error').text(), unexpectedIndexes: indexes(), ...keys() };
}

function readApproximation(saved: SavedReader): Approximation {
  const names = ['relativeError', 'rankError', 'countError'].filter((name) => !saved.field(name).isMissing);
  const errors = Object.fromEntries(names.map((name) => [name, saved.field(name).number()]));
  return { ...errors, uncertain: saved.field('uncertain').flag() };
}

function readRule(saved: SavedReader): Rule {
  const expectation = saved.field('expectation').text();
  if (!isExpectation(expectation)) return saved.field('expectation').refuse('an expectation that is known here');
  const where = saved.field('where');
  const groupBy = saved.field('groupBy');
  const notes = saved.field('notes');
  const own = expectation === 'expect_column_values_to_satisfy' || expectation === 'expect_rows_to_satisfy';
  const rule = {
    id: saved.field('id').text(),
    expectation,
    kwargs: { ...saved.field('kwargs').values(), ...(own && { satisfies: unsaved }) },
    where: where.isMissing ? undefined : where.values(),
    ...(!groupBy.isMissing && { groupBy: readGroupBy(groupBy) }),
    severity: saved.field('severity').oneOf(['critical', 'warning', 'info']),
    tags: saved.field('tags').list((tag) => tag.text()),
    notes: notes.isMissing ? undefined : notes.text(),
  };
  if (!isRule(rule) || !canBeTold(rule)) return saved.field('kwargs').refuse(`the arguments of ${expectation}`);
  return rule;
}

function readGroupBy(saved: SavedReader): GroupBy {
  return {
    columns: saved.field('columns').list((column) => column.text()),
    maxGroups: saved.field('maxGroups').count(),
  };
}

function unsaved(): never {
  throw new Error('the function of this rule was not saved');
}

function isRule(rule: object): rule is Rule {
  return 'expectation' in rule && 'kwargs' in rule && isObject(rule.kwargs);
}

/** A rule that can be told has the arguments that its sentence needs. */
function canBeTold(rule: Rule): boolean {
  try {
    return describeRule(rule) !== '';
  } catch {
    return false;
  }
}
