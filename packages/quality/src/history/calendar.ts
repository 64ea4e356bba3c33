/** The slices of time that names of partitions may tell. */
export type CalendarUnit = 'hour' | 'day' | 'month' | 'year';

const named = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::00(?::00(?:\.0+)?)?)?Z?)?)?)?$/;

/** The moment at which the slice of time that a name tells begins, in UTC: `2012`, `2012-01`, `2012-01-02`, `2012-01-02T03`. */
export function momentOf(name: string): Date | undefined {
  const match = named.exec(name);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0] = match
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const moment = new Date(Date.UTC(year, month - 1, day, hour));
  moment.setUTCFullYear(year); // years below 100
  return moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day && hour < 24 ? moment : undefined;
}
