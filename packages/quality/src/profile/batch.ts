import { ColumnTable } from '../rows/column-table.ts';

/** The values of one column in a batch of rows. */
export type ValuesOf = (name: string) => readonly unknown[];

export function valuesOf(rows: readonly unknown[] | ColumnTable, from: number, to: number): ValuesOf {
  const known = new Map<string, readonly unknown[]>();
  return (name) => {
    const values = known.get(name) ?? read(rows, from, to, name);
    known.set(name, values);
    return values;
  };
}

function read(rows: readonly unknown[] | ColumnTable, from: number, to: number, name: string): readonly unknown[] {
  if (rows instanceof ColumnTable) {
    const values = rows.values.get(name);
    return Array.from({ length: to - from }, (_, at) => values?.[from + at]);
  }
  const isInherited = name in {};
  return Array.from({ length: to - from }, (_, at) => {
    const row = rows[from + at];
    if (!isRecord(row) || (isInherited && !Object.hasOwn(row, name))) return undefined;
    return row[name];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
