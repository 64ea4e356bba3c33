/** Kinds of values, each of which has a type in databases. */
export type ValueKind = 'integer' | 'number' | 'text' | 'boolean' | 'date';

const types = {
  duckdb: { integer: 'BIGINT', number: 'DOUBLE', text: 'VARCHAR', boolean: 'BOOLEAN', date: 'TIMESTAMP' },
  postgres: { integer: 'bigint', number: 'float8', text: 'text', boolean: 'boolean', date: 'timestamp' },
} as const;

export type SqlRow = Readonly<Record<string, string | number | boolean | bigint | Date | null>>;

/** A query that has these rows, without a table. */
export function tableSql(
  dialect: keyof typeof types,
  kinds: Readonly<Record<string, ValueKind>>,
  rows: readonly SqlRow[],
): string {
  const names = Object.keys(kinds).map((name) => `"${name.replaceAll('"', '""')}"`);
  const tuple = (row: SqlRow): string =>
    Object.entries(kinds)
      .map(([name, kind]) => `CAST(${literal(dialect, row[name])} AS ${types[dialect][kind]})`)
      .join(', ');
  const some = rows.length === 0 ? [{}] : rows;
  const list = some.map((row) => `(${tuple(row)})`).join(', ');
  return `SELECT * FROM (VALUES ${list}) AS v(${names.join(', ')})${rows.length === 0 ? ' WHERE FALSE' : ''}`;
}

function literal(dialect: keyof typeof types, value: SqlRow[string] | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  const text = value instanceof Date ? value.toISOString().slice(0, -1) : Object.is(value, -0) ? '-0' : `${value}`;
  const quoted = text.replaceAll("'", "''");
  return dialect === 'postgres' ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}
