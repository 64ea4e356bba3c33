import type { ColumnProfile, Profile } from './profile.ts';
import { typesOf } from './traits.ts';

/** A profile as a text for terminals: a line for each column, then keys and correlations. */
export function profileToText({ rows, columns, keys, correlations }: Profile): string {
  const head = ['column', 'type', 'nulls', 'distinct', 'min', 'median', 'mean', 'max', 'most frequent'];
  const lines = [head, ...columns.map((column) => toLine(column, rows))];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ''))));
  const table = lines.map((line) => {
    const cells = line.map((cell, at) => {
      const space = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
      return at >= 2 && at <= 7 ? space + cell : cell + space;
    });
    return cells.join('  ').trimEnd();
  });
  const foot = [
    ...keys.slice(0, 3).map((key) => `key: ${key.columns.join(' + ')}${key.exact ? '' : ' (about)'}`),
    ...correlations
      .filter(({ coefficient }) => Math.abs(coefficient) >= 0.5)
      .slice(0, 5)
      .map((pair) => `correlation: ${pair.columns.join(' and ')} ${pair.coefficient.toFixed(2)}`),
  ];
  return [
    `${counted(rows, 'row')}, ${counted(columns.length, 'column')}`,
    '',
    ...table,
    ...(foot.length > 0 ? ['', ...foot.map(printable)] : []),
  ].join('\n');
}

function toLine(column: ColumnProfile, rows: number): string[] {
  const { numbers, dates, texts, top } = column;
  const extremes = numbers ?? dates ?? { min: texts?.first ?? '', max: texts?.last ?? '', quantiles: [] };
  const median = extremes.quantiles.find(({ share }) => share === 0.5)?.value ?? '';
  const [first] = top;
  return [
    column.name,
    typesOf(column).join(', '),
    column.nulls === 0 ? '' : percent(column.nulls / rows),
    `${column.distinct.exact ? '' : '~'}${column.distinct.count.toLocaleString('en')}`,
    ...[extremes.min, median, numbers?.mean ?? '', extremes.max].map(short),
    first === undefined ? '' : `${short(first.value)} (${percent(first.count / column.count)})`,
  ].map((cell) => printable(cell));
}

function percent(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  // Almost all is not all.
  const tenths = share > 0.99 ? Math.floor(share * 1000) / 10 : Number((share * 100).toPrecision(2));
  return `${tenths} %`;
}

function short(value: string | number | boolean): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  const text = String(value).replace(/T00:00:00\.000Z$/, '');
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

/** Without line breaks and what steers terminals. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

/** Wide characters take two places. */
function widthOf(text: string): number {
  return Array.from(text).reduce(
    (sum, letter) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        letter,
      )
        ? 2
        : 1),
    0,
  );
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
