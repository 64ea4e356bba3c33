import { checkInteger, OptionError } from '@dataenginex/core';

/** What rules ask for that is not in the rows. */
export interface Surroundings {
  /** The time at which it is judged whether rows are fresh, a date or milliseconds since 1970. @default when all are read */
  now?: Date | number | undefined;
  /** The rows of other tables, or how many they have, by their names. A database has its own. @default none */
  tables?: Readonly<Record<string, number | { readonly length: number }>> | undefined;
}

export interface ReadSurroundings {
  /** In milliseconds since 1970; undefined: when it is judged. */
  readonly now?: number | undefined;
  /** How many rows other tables have. */
  readonly tables?: Readonly<Record<string, number>> | undefined;
}

export function readSurroundings({ now, tables }: Surroundings): ReadSurroundings {
  const time = now instanceof Date ? now.getTime() : now;
  if (time !== undefined && !(Math.abs(time) <= 8.64e15)) {
    throw new OptionError('check.now', 'a date or milliseconds since 1970', now);
  }
  if (tables === undefined) return { now: time };
  const counts = Object.entries(tables).map(([name, table]): [string, number] => {
    const count: unknown = typeof table === 'object' && table !== null ? table.length : table;
    if (typeof count === 'number') return [name, checkInteger(`check.tables.${name}`, count, { min: 0 })];
    throw new OptionError(`check.tables.${name}`, 'an array of rows, or their number', table);
  });
  return { now: time, tables: Object.fromEntries(counts) };
}
