import { isNull, textOf } from '../values.ts';

/** A column as a sentence names it: bare where that is clear, else in quotes. */
export const column = (name: string): string =>
  name.search(/^[\p{L}\p{N}_.$@/-]+$/u) === 0 ? name : JSON.stringify(name);

/** A value as a sentence shows it, cut at `most` characters. */
export function literal(value: unknown, most = 60): string {
  if (isNull(value)) return Number.isNaN(value) ? 'NaN' : 'null';
  const text = typeof value === 'string' ? JSON.stringify(value) : textOf(value);
  if (text.length <= most) return text;
  const end = (text.codePointAt(most - 1) ?? 0) > 0xffff ? most - 1 : most;
  return `${text.slice(0, end)}…`;
}

/** `a`, `a and b`, `a, b and c`, `a, b and 12 more`. */
export function list(items: readonly string[], most = 8, last = 'and'): string {
  const more = items.length > most + 1 ? items.length - most : 0;
  const shown = more > 0 ? [...items.slice(0, most), `${thousands(more)} more`] : items;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} ${more > 0 ? 'and' : last} ${shown.at(-1)}`;
}

export const literals = (values: readonly unknown[], last = 'and'): string =>
  list(
    values.map((value) => literal(value)),
    8,
    last,
  );

export const columns = (names: readonly string[], last = 'and'): string => list(names.map(column), 12, last);

/** A number with its thousands set apart: `1,461`. */
export const thousands = (count: number): string => count.toLocaleString('en');

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${thousands(count)} ${count === 1 ? one : many}`;

/** A share as a percentage that is 0% and 100% only when it is: `99.97%`, `<0.01%`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return '<0.01%';
  if (value < 100 && value > 99.99) return '>99.99%';
  return `${Number(value.toFixed(value < 1 || value > 99 ? 2 : 1))}%`;
}

/** A duration that people read: `3 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return ms < 1 ? `${Number(ms.toPrecision(2))} ms` : `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = hours > 0 ? [`${hours} h`, `${minutes} min`] : [`${minutes} min`, `${seconds % 60} s`];
  return parts.filter((part) => !part.startsWith('0 ')).join(' ');
}
