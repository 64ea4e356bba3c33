import { momentOf } from '../values.ts';

/** The slices of time, in UTC, that partitions may be. */
export type CalendarUnit = 'hour' | 'day' | 'month' | 'year';

export const calendarUnits = ['hour', 'day', 'month', 'year'] as const satisfies CalendarUnit[];

const nameLengths = { hour: 13, day: 10, month: 7, year: 4 } as const satisfies Record<CalendarUnit, number>;

/** The moment at which the slice begins that a name tells: `2012`, `2012-01`, `2012-01-02`, `2012-01-02T03`, or any ISO date. */
export function startOf(name: string): Date | undefined {
  const rest = { 4: '-01-01', 7: '-01', 13: ':00' }[name.length] ?? '';
  const moment = new Date(momentOf(name + rest, 1));
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** The name of the slice that a moment is in; undefined of what is none. */
export function sliceOf(value: unknown, unit: CalendarUnit): string | undefined {
  const moment = typeof value === 'string' ? startOf(value) : new Date(momentOf(value, 1));
  if (moment === undefined || Number.isNaN(moment.getTime())) return undefined;
  // Names of years before 0 or past 9999 would not sort by time.
  if (moment.getUTCFullYear() < 0 || moment.getUTCFullYear() > 9999) return undefined;
  return moment.toISOString().slice(0, nameLengths[unit]);
}

/** The names of all slices from one to another, both inclusive. */
export function* slicesBetween(from: string, to: string, unit: CalendarUnit): Generator<string, void, undefined> {
  const [first, last] = [startOf(from), startOf(to)];
  if (first === undefined || last === undefined) return;
  for (let moment = first; moment <= last; moment = after(moment, unit)) {
    yield moment.toISOString().slice(0, nameLengths[unit]);
  }
}

function after(moment: Date, unit: CalendarUnit): Date {
  const next = new Date(moment);
  if (unit === 'hour') next.setUTCHours(next.getUTCHours() + 1);
  else if (unit === 'day') next.setUTCDate(next.getUTCDate() + 1);
  else if (unit === 'month') next.setUTCMonth(next.getUTCMonth() + 1);
  else next.setUTCFullYear(next.getUTCFullYear() + 1);
  return next;
}
