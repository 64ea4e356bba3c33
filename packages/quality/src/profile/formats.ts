import type { TableState } from '../state/table-state.ts';
import type { ValuesOf } from './batch.ts';

/** What texts may be, as JSON Schema names it: dates, times in UTC, UUIDs. */
export type TextFormat = 'date' | 'date-time' | 'uuid';

const dateTime = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;
const uuid = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

/** How many texts of each column have a format. */
export class Formats {
  readonly #state: TableState;
  readonly #counts = new Map<string, Map<TextFormat, number>>();

  /** @param state Of the same rows, which it gets before. */
  constructor(state: TableState) {
    this.#state = state;
  }

  push(valuesOf: ValuesOf): void {
    for (const [name, { types }] of this.#state.columns) {
      if (types.string === 0) continue;
      const counts = this.#counts.get(name) ?? new Map<TextFormat, number>();
      this.#counts.set(name, counts);
      for (const value of valuesOf(name)) {
        const format = typeof value === 'string' ? formatOf(value) : undefined;
        if (format !== undefined) counts.set(format, (counts.get(format) ?? 0) + 1);
      }
    }
  }

  /** The most frequent first. */
  of(name: string): { readonly format: TextFormat; readonly count: number }[] {
    const counts = this.#counts.get(name) ?? new Map<TextFormat, number>();
    return Array.from(counts, ([format, count]) => ({ format, count })).toSorted((a, b) => b.count - a.count);
  }
}

function formatOf(text: string): TextFormat | undefined {
  if (text.length === 10) return isDate(text) ? 'date' : undefined;
  if (text.length === 36) return uuid.test(text) ? 'uuid' : undefined;
  return text.length > 10 && text.length < 40 && dateTime.test(text) && isDate(text.slice(0, 10))
    ? 'date-time'
    : undefined;
}

/** Of the calendar: there is no 2011-02-29. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
