import type { TableState } from '../state/table-state.ts';
import type { ValuesOf } from './batch.ts';

/** Columns whose pairs are followed. */
const mostColumns = 30;

/** How two columns of numbers go together. */
export interface Correlation {
  readonly columns: readonly [string, string];
  /** Rows with a finite number in both. */
  readonly rows: number;
  /** Pearson's, from -1 to 1. */
  readonly coefficient: number;
}

/** Sums of a pair, about the mean of what was there. */
interface CoMoments {
  count: number;
  meanA: number;
  meanB: number;
  squaresA: number;
  squaresB: number;
  products: number;
}

/** Pearson's correlations of all pairs of the first 30 columns with numbers, in one pass, by batches that are merged. */
export class Correlations {
  readonly #state: TableState;
  readonly #pairs = new Map<string, { readonly columns: readonly [string, string]; readonly sums: CoMoments }>();

  /** @param state Of the same rows, which it gets before. */
  constructor(state: TableState) {
    this.#state = state;
  }

  push(valuesOf: ValuesOf): void {
    const names = [...this.#state.columns].filter(([, { moments }]) => moments.count > 0).slice(0, mostColumns);
    const numbers = names.map(([name]) => ({ name, values: toNumbers(valuesOf(name)) }));
    for (const [at, a] of numbers.entries()) {
      for (const b of numbers.slice(at + 1)) merge(this.#pair(a.name, b.name), sum(a.values, b.values));
    }
  }

  /** The strongest first; none of columns that do not vary. */
  list(): Correlation[] {
    return [...this.#pairs.values()]
      .map(({ columns, sums }) => {
        const coefficient = sums.products / Math.sqrt(sums.squaresA) / Math.sqrt(sums.squaresB);
        return { columns, rows: sums.count, coefficient: Math.max(-1, Math.min(1, coefficient)) };
      })
      .filter(({ coefficient }) => !Number.isNaN(coefficient))
      .toSorted((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient));
  }

  #pair(a: string, b: string): CoMoments {
    const key = JSON.stringify([a, b]);
    const pair = this.#pairs.get(key) ?? { columns: [a, b], sums: noSums() };
    this.#pairs.set(key, pair);
    return pair.sums;
  }
}

const noSums = (): CoMoments => ({ count: 0, meanA: 0, meanB: 0, squaresA: 0, squaresB: 0, products: 0 });

function toNumbers(values: readonly unknown[]): Float64Array {
  return Float64Array.from(values, (value) => {
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
  });
}

function sum(a: Float64Array, b: Float64Array): CoMoments {
  const sums = noSums();
  let [totalA, totalB] = [0, 0];
  for (let at = 0; at < a.length; at++) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    sums.count++;
    totalA += x;
    totalB += y;
  }
  if (sums.count === 0) return sums;
  sums.meanA = totalA / sums.count;
  sums.meanB = totalB / sums.count;
  for (let at = 0; at < a.length; at++) {
    const x = (a[at] ?? 0) - sums.meanA;
    const y = (b[at] ?? 0) - sums.meanB;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    sums.squaresA += x * x;
    sums.squaresB += y * y;
    sums.products += x * y;
  }
  return sums;
}

function merge(into: CoMoments, more: CoMoments): void {
  if (more.count === 0) return;
  const count = into.count + more.count;
  const a = more.meanA - into.meanA;
  const b = more.meanB - into.meanB;
  const weight = (into.count * more.count) / count;
  into.squaresA += more.squaresA + a * a * weight;
  into.squaresB += more.squaresB + b * b * weight;
  into.products += more.products + a * b * weight;
  into.meanA += a * (more.count / count);
  into.meanB += b * (more.count / count);
  into.count = count;
}
