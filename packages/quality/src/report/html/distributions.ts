import { literal, percent, thousands } from '../words.ts';
import { histogram, ranking } from './charts.ts';
import { type Markup, markup } from './markup.ts';

/** What is shown of columns: {@link toHtml} takes what `profile` gives. */
export interface HtmlProfile {
  readonly rows: number;
  readonly columns: readonly HtmlColumn[];
}

export interface HtmlColumn {
  readonly name: string;
  readonly type?: string | undefined;
  /** Values that are not null. */
  readonly count: number;
  readonly distinct?: number | undefined;
  readonly mean?: number | undefined;
  readonly median?: number | undefined;
  /** Of numbers: `counts[i]` are from `edges[i]` to `edges[i + 1]`. */
  readonly histogram?: { readonly edges: readonly number[]; readonly counts: readonly number[] } | undefined;
  /** The commonest values. */
  readonly frequent?: readonly { readonly value: unknown; readonly count: number }[] | undefined;
}

const mostColumns = 60;

export function distributions({ rows, columns }: HtmlProfile): Markup {
  const cards = columns.slice(0, mostColumns).map((column) => {
    const { name, type, count, distinct, mean, median } = column;
    const facts = [
      ...(type === undefined ? [] : [type]),
      ...(count < rows ? [`${percent((rows - count) / rows)} null`] : []),
      ...(distinct === undefined ? [] : [`${thousands(distinct)} distinct`]),
      ...(mean === undefined ? [] : [`mean ${short(mean)}`]),
      ...(median === undefined ? [] : [`median ${short(median)}`]),
    ];
    return markup`<section><h3><code>${name}</code></h3><p>${facts.join(' · ')}</p>${chart(column)}</section>`;
  });
  const cut = columns.length > mostColumns ? `the first ${mostColumns} of ${columns.length} columns` : '';
  return markup`<h2>Distributions <small>${cut}</small></h2><div class="distributions">${cards}</div>`;
}

function chart({ name, histogram: bins, frequent = [], count, distinct = Infinity }: HtmlColumn): Markup | undefined {
  if (bins !== undefined && bins.counts.length > 0) {
    const bars = bins.counts.map((of, at) => ({
      label: `${short(bins.edges[at] ?? 0)} to ${short(bins.edges[at + 1] ?? 0)}`,
      count: of,
    }));
    const ends = markup`<div class="axis"><span>${short(bins.edges[0] ?? 0)}</span><span>${short(bins.edges.at(-1) ?? 0)}</span></div>`;
    return markup`${histogram(bars, `How the values of ${name} are spread`)}${ends}`;
  }
  // What is nearly unique has no values that are common.
  if (frequent.length === 0 || (distinct > count * 0.9 && count > 20)) return undefined;
  return ranking(
    frequent.slice(0, 6).map(({ value, count: of }) => ({ label: literal(value, 40), count: of })),
    count,
  );
}

const short = (value: number): string =>
  Number.isInteger(value) ? thousands(value) : `${Number(value.toPrecision(4))}`;
