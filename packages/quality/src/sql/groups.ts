import { OptionError } from '@dataenginex/core';
import { createRowsCheck } from '../rows/check-rows.ts';
import { type Grouped, merge, type Part, tooManyGroups } from '../rows/groups.ts';
import type { RuleResult } from '../report/result.ts';
import type { Scalar } from '../rules/expectations.ts';
import type { Rule } from '../rules/rule.ts';
import { keyOf, keyOfAll } from '../values.ts';
import { decode, type Term } from './dialect.ts';
import type { Judged, JudgeOptions } from './judged.ts';
import { all, type Answer, type Ask, ask, type Flag, type Steps } from './steps.ts';
import type { Row, Table } from './table.ts';
import { conditionOf, isSame } from './terms.ts';

/** How many of the groups that fail, and of the rows of each, are told. */
const mostTold = 20;

/** How queries tell the groups of a rule apart; a rule without groups is one of a single group, which nothing tells. */
export interface Grouping {
  readonly terms: readonly Term[];
  /** What is asked of each group, with the group before it. */
  readonly select: (...asked: readonly string[]) => string;
  /** The columns of the groups and others, each once. */
  readonly with: (...columns: readonly string[]) => string;
  readonly partition: (...columns: readonly string[]) => string;
  readonly groupBy: string;
}

/** @throws {OptionError} When groups are by a column of lists or the like. */
export function groupingOf(rule: Rule, table: Table): Grouping {
  const terms = (rule.groupBy?.columns ?? []).map((column) => {
    const term = table.term(column);
    if (term.kind !== 'other') return term;
    throw new OptionError(`${rule.id}.groupBy`, 'columns of which values can be told apart', term.name);
  });
  const columns = terms.map(({ sql }) => sql);
  const list = (...more: readonly string[]): string => [...new Set([...more, ...columns])].join(', ');
  return {
    terms,
    select: (...asked) => [...terms.map(table.dialect.written), ...asked].join(', '),
    with: list,
    partition: (...more) => (list(...more) === '' ? '' : `PARTITION BY ${list(...more)}`),
    groupBy: terms.length === 0 ? '' : ` GROUP BY ${list()}`,
  };
}

/** A group as rows of several queries tell it. Moments are told to the microsecond, which dates are not. */
export function identityOf(terms: readonly Term[], row: Row): string {
  return keyOfAll(terms.map(({ kind }, at) => (kind === 'date' ? String(row[at]) : keyOf(decode(kind, row[at])))));
}

/** Rows of all groups, by the group that they are about and without it. */
function byGroup(terms: readonly Term[], rows: readonly Row[]): ReadonlyMap<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const identity = identityOf(terms, row);
    const known = groups.get(identity);
    const rest = row.slice(terms.length);
    if (known === undefined) groups.set(identity, [rest]);
    else known.push(rest);
  }
  return groups;
}

interface Group {
  readonly values: Readonly<Record<string, unknown>>;
  readonly identity: string;
}

/**
 * Judges a rule in each group. All groups are judged at a time, so that they want to know the same, and one query by
 * groups answers them all.
 */
export function* judgeGroups(
  rule: Grouped,
  table: Table,
  { keepIndexes }: JudgeOptions,
  judge: () => Steps<Judged> | Judged,
): Steps<Judged> {
  const { columns, maxGroups } = rule.groupBy;
  const { terms, select, groupBy } = groupingOf(rule, table);
  const where = conditionOf(rule, table) ?? 'TRUE';
  const order = table.key.length > 0 ? 'min(place)' : terms.map(({ sql }) => `${sql} NULLS FIRST`).join(', ');
  const found = yield* ask(
    `SELECT ${select()} FROM ${table.placed([])} WHERE ${where}${groupBy} ORDER BY ${order} LIMIT ${maxGroups + 1}`,
  );
  if (found.length > maxGroups) return { result: tooManyGroups(rule) };
  const groups = found.map((row): Group => ({
    values: Object.fromEntries(columns.map((name, at) => [name, decode(terms[at]?.kind ?? 'none', row[at])])),
    identity: identityOf(terms, row),
  }));
  const judged = yield* judgeEach(groups, terms, where, judge);
  const flag = [...judged.values()].find((one) => one.flag !== undefined)?.flag;
  const results = groups.flatMap(({ values, identity }) => {
    const one = judged.get(identity);
    return one === undefined ? [] : [{ group: values, identity, result: one.result }];
  });
  const most = keepIndexes ? Infinity : mostTold;
  const failing = results.filter(({ result }) => !result.success).slice(0, most);
  const [rows, rowsOfGroups] =
    flag === undefined ? [[], new Map()] : yield* tell(flag, failing, rule, table, keepIndexes);
  const parts = results.map(({ group, identity, result }): Part => ({
    group,
    result: withRows(result, (rowsOfGroups.get(identity) ?? []).slice(0, mostTold)),
  }));
  const [none] = createRowsCheck([{ ...rule, where: undefined, groupBy: undefined }], { keepIndexes }).finish().results;
  return { result: withRows(merge(rule, parts, none?.kind, most), rows.slice(0, most)), flag };
}

function isScalar(value: unknown): value is Scalar {
  return typeof value !== 'object' || value === null || value instanceof Date;
}

/** Takes what is wanted of each group to one query, and what it answers back to each group. */
function* judgeEach(
  groups: readonly Group[],
  terms: readonly Term[],
  where: string,
  judge: () => Steps<Judged> | Judged,
): Steps<ReadonlyMap<string, Judged>> {
  const judged = new Map<string, Judged>();
  let waiting: { readonly identity: string; readonly steps: Steps<Judged>; readonly answer: Answer }[] = [];
  for (const { identity } of groups) {
    const steps = judge();
    if ('result' in steps) judged.set(identity, steps);
    else waiting.push({ identity, steps, answer: [] });
  }
  while (waiting.length > 0) {
    const asks: { readonly identity: string; readonly steps: Steps<Judged>; readonly ask: Ask }[] = [];
    for (const { identity, steps, answer } of waiting) {
      const next = steps.next(answer);
      if (next.done === true) judged.set(identity, next.value);
      else asks.push({ identity, steps, ask: next.value });
    }
    const sql = [...new Set(asks.flatMap((one) => (one.ask.kind === 'measure' ? one.ask.sql : [])))];
    const place = new Map(sql.map((measure, at) => [measure, at]));
    const measured =
      sql.length === 0 ? undefined : byGroup(terms, yield { kind: 'measure', sql, by: { terms, where } });
    const queries = new Map<string, ReadonlyMap<string, Row[]>>();
    for (const one of asks) {
      if (one.ask.kind !== 'query' || queries.has(one.ask.sql)) continue;
      queries.set(one.ask.sql, byGroup(terms, yield one.ask));
    }
    waiting = asks.map(({ identity, steps, ask: one }) => {
      if (one.kind === 'query') return { identity, steps, answer: queries.get(one.sql)?.get(identity) ?? [] };
      const [row = []] = measured?.get(identity) ?? [];
      return {
        identity,
        steps,
        answer: one.kind === 'measure' ? [one.sql.map((measure) => row[place.get(measure) ?? -1])] : [],
      };
    });
  }
  return judged;
}

/** The first rows of all that break a rule, and the first of each of the groups that fail. */
function* tell(
  flag: Flag,
  failing: readonly { readonly group: Group['values']; readonly identity: string }[],
  { groupBy: { columns } }: Grouped,
  table: Table,
  keepIndexes: boolean,
): Steps<readonly [Answer, ReadonlyMap<string, Answer>]> {
  const rows = yield { kind: 'examples', ...flag, by: columns };
  const isFailing = failing.map(({ group }) => {
    const same = columns.map((column) => {
      const value = group[column];
      return isScalar(value) ? isSame(table.dialect, table.term(column), value) : 'FALSE';
    });
    return `(${same.join(' AND ')})`;
  });
  const condition = all(flag.condition, isFailing.join(' OR ') || 'FALSE');
  const some: Answer =
    keepIndexes || failing.length === 0
      ? rows
      : yield { kind: 'examples', ...flag, condition, by: columns, isOfEach: true };
  return [rows, Map.groupBy(some, (row) => String(row[3]))];
}

/** A result that tells these rows of those that break its rule. */
export function withRows<R extends RuleResult>(result: R, rows: Answer): R {
  if (result.kind === 'observed') return result;
  const unexpectedIndexes = rows.flatMap(([at]) => (typeof at === 'number' ? [at] : []));
  const unexpectedKeys = rows.flatMap(([, key]) => (isRecord(key) ? [key] : []));
  const keys = unexpectedKeys.length === 0 ? {} : { unexpectedKeys };
  if (result.kind === 'error') return { ...result, unexpectedIndexes, ...keys };
  return { ...result, unexpectedValues: rows.map(([, , value]) => value), unexpectedIndexes, ...keys };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
