import type { Rule } from '../rules/rule.ts';
import type { Judgement } from '../table-source.ts';
import { decode } from './dialect.ts';
import { type Judged, type JudgeOptions, judgeOf } from './judges.ts';
import type { Answer, Ask, Flag, Steps } from './steps.ts';
import type { Row, Session, Table } from './table.ts';

/** No database takes many more values in a row. */
const mostMeasures = 1000;

/** How many rows that break a rule are fetched, but with `keepIndexes`. */
const mostExamples = 20;

export interface JudgedTable extends Judgement {
  /** What tells the rows that break a rule, by its place; undefined where no row does. */
  readonly flags: readonly (Flag | undefined)[];
}

/** A rule that waits for an answer to go on; `at` is its place. */
interface Waiting {
  readonly steps: Steps<Judged | undefined>;
  readonly at: number;
  readonly answer: Answer;
}

/**
 * Judges rules in rounds: what they want to know first is asked in one scan, then what of them wants to know more, such as
 * the values that break a rule.
 */
export async function judgeTable(
  session: Session,
  table: Table,
  rules: readonly Rule[],
  options: JudgeOptions,
): Promise<JudgedTable> {
  const judged: Judged[] = [];
  let total = 0;
  const count: Steps<undefined> = countRows((rows) => void (total = rows));
  let waiting: Waiting[] = [{ steps: count, at: -1, answer: [] }];
  for (const [at, rule] of rules.entries()) {
    const judge = judgeOf(rule, table, options);
    if ('result' in judge) judged[at] = judge;
    else waiting.push({ steps: judge, at, answer: [] });
  }
  while (waiting.length > 0) {
    const asks: (Omit<Waiting, 'answer'> & { readonly ask: Ask })[] = [];
    for (const { steps, at, answer } of waiting) {
      const next = steps.next(answer);
      if (next.done !== true) asks.push({ steps, at, ask: next.value });
      else if (next.value !== undefined) judged[at] = next.value;
    }
    const answers = await answerAll(
      session,
      table,
      asks.map(({ ask }) => ask),
      options.keepIndexes,
    );
    waiting = asks.map(({ steps, at }, index) => ({ steps, at, answer: answers[index] ?? [] }));
  }
  return { rows: total, results: judged.map(({ result }) => result), flags: judged.map(({ flag }) => flag) };
}

function* countRows(tell: (rows: number) => void): Steps<undefined> {
  const rows = yield { kind: 'measure', sql: ['count(*)'] };
  tell(Number(rows[0]?.[0] ?? 0));
  return undefined;
}

async function answerAll(session: Session, table: Table, asks: readonly Ask[], all: boolean): Promise<Answer[]> {
  const measures = [...new Set(asks.flatMap((ask) => (ask.kind === 'measure' ? ask.sql : [])))];
  const values = new Map<string, unknown>();
  for (let from = 0; from < measures.length; from += mostMeasures) {
    const some = measures.slice(from, from + mostMeasures);
    const named = some.map((sql, at) => `${sql} AS m${at}`);
    const [row = []] = await session.query(`${table.with()}SELECT ${named.join(', ')} FROM ${table.rows()}`);
    for (const [at, sql] of some.entries()) values.set(sql, row[at]);
  }
  const queries = new Map<string, Answer>();
  for (const ask of asks) {
    if (ask.kind !== 'query' || queries.has(ask.sql)) continue;
    queries.set(ask.sql, await session.query(ask.isWhole === true ? ask.sql : table.with() + ask.sql));
  }
  const described = new Map<string, Answer>();
  for (const ask of asks) if (ask.kind === 'describe') described.set(ask.sql, await session.describe(ask.sql));
  const flags = asks.filter((ask) => ask.kind === 'examples');
  const examples = flags.length === 0 ? [] : await examplesOf(session, table, flags, all);
  return asks.map((ask) => {
    if (ask.kind === 'measure') return [ask.sql.map((sql) => values.get(sql))];
    if (ask.kind === 'describe') return described.get(ask.sql) ?? [];
    return ask.kind === 'query' ? (queries.get(ask.sql) ?? []) : (examples[flags.indexOf(ask)] ?? []);
  });
}

/** The first rows that break each of several rules, in one scan: only rows that break one are counted up. */
async function examplesOf(session: Session, table: Table, flags: readonly Flag[], all: boolean): Promise<Answer[]> {
  const { dialect, key } = table;
  const columns = [...new Set([...key, ...flags.flatMap((flag) => flag.columns)])];
  const written = columns.map((column) => dialect.written(table.term(column)));
  const windows = new Map(flags.flatMap((flag) => flag.windows));
  const rows = table.placed([...windows].map(([name, sql]) => `${sql} AS ${name}`));
  const isFlag = flags.map(({ condition }, at) => `coalesce(${condition}, FALSE) AS f${at}`);
  const some = flags.map((_, at) => `f${at}`).join(' OR ');
  const order = key.length === 0 ? '' : 'ORDER BY place ';
  const counts = flags.map(
    (_, at) => `count(*) FILTER (WHERE f${at}) OVER (${order}ROWS UNBOUNDED PRECEDING) AS n${at}`,
  );
  const isTold = flags.map((_, at) => (all ? `f${at}` : `(f${at} AND n${at} <= ${mostExamples})`));
  const list = [...written, 'place', ...isTold].map((sql, at) => `${sql} AS e${at}`).join(', ');
  const found = await session.query(
    `${table.with()}SELECT ${list} FROM (SELECT *, ${counts.join(', ')} FROM ` +
      `(SELECT *, ${isFlag.join(', ')} FROM ${rows}) AS f WHERE ${some}) AS n WHERE ${isTold.join(' OR ')} ${order}`,
  );
  const read = found.map((row) => readExample(table, columns, row));
  return flags.map((flag, at) =>
    read.flatMap(({ value, place, keys, is }): Row[] => {
      if (is[at] !== true) return [];
      const values = flag.columns.map((column) => value.get(column));
      return [[place, keys, values.length === 1 ? values[0] : values]];
    }),
  );
}

function readExample({ key, term }: Table, columns: readonly string[], row: Row) {
  const value = new Map(columns.map((column, at) => [column, decode(term(column).kind, row[at])]));
  const [at, ...is] = row.slice(columns.length);
  const keys = key.length === 0 ? undefined : Object.fromEntries(key.map((column) => [column, value.get(column)]));
  return {
    value,
    place: at === null ? undefined : Number(at),
    keys,
    is: is.map((flag) => decode('boolean', flag)),
  };
}
