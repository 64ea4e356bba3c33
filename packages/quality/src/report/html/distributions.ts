import type { ColumnProfile, Histogram, Profile } from '../../profile/profile.ts';
import { literal, percent, thousands } from '../words.ts';
import { histogram, ranking } from './charts.ts';
import { type Markup, markup } from './markup.ts';

/** A page of more columns scrolls badly. */
const mostColumns = 60;

/** How the values of each column are spread. */
export function distributions({ rows, columns }: Profile): Markup {
  const cards = columns.slice(0, mostColumns).map((column) => {
    const facts = factsOf(column, rows).join(' · ');
    return markup`<section><h3><code>${column.name}</code></h3><p>${facts}</p>${chart(column)}</section>`;
  });
  const cut = columns.length > mostColumns ? `the first ${mostColumns} of ${columns.length} columns` : '';
  return markup`<h2>Distributions <small>${cut}</small></h2><div class="distributions">${cards}</div>`;
}

function factsOf({ types, nulls, distinct, numbers, texts }: ColumnProfile, rows: number): string[] {
  // An integer is a number.
  const names = Object.keys(types).filter((type) => type !== 'integer' || types.number === undefined);
  const median = numbers?.quantiles.find(({ share }) => share === 0.5)?.value;
  return [
    names.join(', '),
    nulls > 0 ? `${percent(nulls / rows)} null` : '',
    `${distinct.exact ? '' : 'about '}${thousands(distinct.count)} distinct`,
    typeof numbers?.mean === 'number' ? `mean ${short(numbers.mean)}` : '',
    median === undefined ? '' : `median ${short(median)}`,
    texts === undefined || distinct.count <= 6 ? '' : `from ${literal(texts.first, 24)} to ${literal(texts.last, 24)}`,
  ].filter((fact) => fact !== '');
}

function chart({ name, numbers, dates, top, count, distinct }: ColumnProfile): Markup | undefined {
  const title = `How the values of ${name} are spread`;
  if (numbers !== undefined && distinct.count > 6) return bins(title, numbers.histogram, short);
  if (dates !== undefined && distinct.count > 6) return bins(title, dates.histogram, (date) => date.slice(0, 10));
  // What is nearly unique has no values that are common.
  if (top.length === 0 || (distinct.count > count * 0.9 && count > 20)) return undefined;
  return ranking(
    top.slice(0, 6).map(({ value, count: of }) => ({ label: literal(value, 40), count: of })),
    count,
  );
}

function bins<T>(title: string, { edges, counts }: Histogram<T>, show: (edge: T) => string): Markup | undefined {
  const labels = edges.map(show);
  if (counts.length === 0) return undefined;
  const bars = counts.map((count, at) => ({ label: `${labels[at] ?? ''} to ${labels[at + 1] ?? ''}`, count }));
  const ends = markup`<div class="axis"><span>${labels[0]}</span><span>${labels.at(-1)}</span></div>`;
  return markup`${histogram(bars, title)}${ends}`;
}

const short = (value: number): string =>
  Number.isInteger(value) ? thousands(value) : `${Number(value.toPrecision(4))}`;
