import type { Rule } from '../rules/rule.ts';
import type { Judgement } from '../table-source.ts';
import { decode } from './dialect.ts';
import { identityOf } from './groups.ts';
import type { Judged, JudgeOptions } from './judged.ts';
import { judgeOf } from './judges.ts';
import type { Answer, Ask, Flag, MeasuredBy, Steps } from './steps.ts';
import type { Row, Session, Table } from './table.ts';

/** No database takes many more values in a row. */
const mostMeasures = 1000;

/** So many rules are asked at once for rows that break them: PostgreSQL takes 1664 columns, and the time grows with the square. */
const mostFlags = 50;

/** How many rows that break a rule are fetched, but with `keepIndexes`. */
const mostExamples = 20;

export interface JudgedTable extends Judgement {
  /** What tells the rows that break a rule, by its place; undefined where no row does. */
  readonly flags: readonly (Flag | undefined)[];
}

type Measures = Extract<Ask, { kind: 'measure' }>;
type Examples = Extract<Ask, { kind: 'examples' }>;

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
  const measured = await measureAll(session, table, asks);
  const queries = new Map<string, Answer>();
  for (const ask of asks) {
    if (ask.kind !== 'query' || queries.has(ask.sql)) continue;
    queries.set(ask.sql, await session.query(ask.isWhole === true ? ask.sql : table.query(ask.sql)));
  }
  const described = new Map<string, Answer>();
  for (const ask of asks) if (ask.kind === 'describe') described.set(ask.sql, await session.describe(ask.sql));
  const flags = asks.filter((ask) => ask.kind === 'examples');
  const examples: Answer[] = [];
  for (let from = 0; from < flags.length; from += mostFlags) {
    examples.push(...(await examplesOf(session, table, flags.slice(from, from + mostFlags), all)));
  }
  return asks.map((ask) => {
    if (ask.kind === 'measure') return measured(ask);
    if (ask.kind === 'describe') return described.get(ask.sql) ?? [];
    return ask.kind === 'query' ? (queries.get(ask.sql) ?? []) : (examples[flags.indexOf(ask)] ?? []);
  });
}

/** What measures of one scan have in common. */
function scanOf({ by }: Measures): string {
  return by === undefined ? '' : JSON.stringify([by.terms.map(({ sql }) => sql), by.where]);
}

/** Aggregates of several rules: one scan for all rows, and one for each way to group them. */
async function measureAll(session: Session, table: Table, asks: readonly Ask[]): Promise<(ask: Measures) => Answer> {
  const scans = Map.groupBy(
    asks.filter((ask) => ask.kind === 'measure'),
    scanOf,
  );
  const found = new Map<string, { readonly places: ReadonlyMap<string, number>; readonly rows: Answer }>();
  for (const [scan, same] of scans) {
    const sql = [...new Set(same.flatMap((ask) => ask.sql))];
    found.set(scan, {
      places: new Map(sql.map((one, at) => [one, at])),
      rows: await scanned(session, table, sql, same[0]?.by),
    });
  }
  return (ask) => {
    const { places, rows = [] } = found.get(scanOf(ask)) ?? {};
    const first = ask.by?.terms.length ?? 0;
    const at = ask.sql.map((sql) => first + (places?.get(sql) ?? 0));
    return rows.map((row) => [...row.slice(0, first), ...at.map((place) => row[place])]);
  };
}

async function scanned(
  session: Session,
  table: Table,
  sql: readonly string[],
  { terms, where }: MeasuredBy = { terms: [], where: 'TRUE' },
): Promise<Answer> {
  const groups = terms.map(table.dialect.written);
  const by = terms.length === 0 ? '' : ` WHERE ${where} GROUP BY ${terms.map((term) => term.sql).join(', ')}`;
  const rows = new Map<string, unknown[]>();
  for (let from = 0; from < sql.length; from += mostMeasures) {
    const named = [...groups, ...sql.slice(from, from + mostMeasures)].map((one, at) => `${one} AS m${at}`);
    const some = await session.query(table.query(`SELECT ${named.join(', ')} FROM ${table.rows()}${by}`));
    for (const row of some) {
      const identity = identityOf(terms, row);
      const known = rows.get(identity);
      if (known === undefined) rows.set(identity, [...row]);
      else known.push(...row.slice(terms.length));
    }
  }
  return [...rows.values()];
}

/** The first rows that break each of several rules, in one scan: only rows that break one are counted up. */
async function examplesOf(session: Session, table: Table, flags: readonly Examples[], all: boolean): Promise<Answer[]> {
  const { dialect, key } = table;
  const columns = [...new Set([...key, ...flags.flatMap((flag) => [...flag.columns, ...(flag.by ?? [])])])];
  const written = columns.map((column) => dialect.written(table.term(column)));
  const rows = table.placed(flags.flatMap((flag) => flag.windows));
  const isFlag = flags.map(({ condition }, at) => `coalesce(${condition}, FALSE) AS f${at}`);
  const some = flags.map((_, at) => `f${at}`).join(' OR ');
  const order = key.length === 0 ? '' : 'ORDER BY place ';
  const counts = flags.map(({ by = [], isOfEach }, at) => {
    const each = isOfEach === true ? `PARTITION BY ${by.map((column) => table.term(column).sql).join(', ')} ` : '';
    // With FILTER and an order, DuckDB takes a time that grows with the square of the rows.
    return `count(CASE WHEN f${at} THEN 1 END) OVER (${each}${order}ROWS UNBOUNDED PRECEDING) AS n${at}`;
  });
  const isTold = flags.map((_, at) => (all ? `f${at}` : `(f${at} AND n${at} <= ${mostExamples})`));
  const list = [...written, 'place', ...isTold].map((sql, at) => `${sql} AS e${at}`).join(', ');
  const found = await session.query(
    table.query(
      `SELECT ${list} FROM (SELECT *, ${counts.join(', ')} FROM ` +
        `(SELECT *, ${isFlag.join(', ')} FROM ${rows}) AS f WHERE ${some}) AS n WHERE ${isTold.join(' OR ')} ${order}`,
    ),
  );
  const read = found.map((row) => readExample(table, columns, row));
  return flags.map(({ by = [], ...flag }, at) =>
    read.flatMap(({ value, raw, place, keys, is }): Row[] => {
      if (is[at] !== true) return [];
      const values = flag.columns.map((column) => value.get(column));
      const group = identityOf(
        by.map(table.term),
        by.map((column) => raw.get(column)),
      );
      return [[place, keys, values.length === 1 ? values[0] : values, group]];
    }),
  );
}

function readExample({ key, term }: Table, columns: readonly string[], row: Row) {
  const raw = new Map(columns.map((column, at) => [column, row[at]]));
  const value = new Map(columns.map((column, at) => [column, decode(term(column).kind, row[at])]));
  const [at, ...is] = row.slice(columns.length);
  const keys = key.length === 0 ? undefined : Object.fromEntries(key.map((column) => [column, value.get(column)]));
  return {
    value,
    raw,
    place: at === null ? undefined : Number(at),
    keys,
    is: is.map((flag) => decode('boolean', flag)),
  };
}
