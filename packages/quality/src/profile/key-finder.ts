import { hash } from '../state/hash.ts';
import { HashSet } from '../state/hash-set.ts';
import type { TableState } from '../state/table-state.ts';
import { isNull } from '../values.ts';
import type { ValuesOf } from './batch.ts';

/** Columns that are tried, with all pairs of them. */
const mostColumns = 8;
/** Rows that keys are held of, for one candidate and for all: 64 MB at most. */
const mostRows = 500_000;
const mostHeld = 2_000_000;
/** From there on, the pairs of a column that is a key alone are not followed. */
const enoughRows = 20_000;

const scratch = new Int32Array(2);

/** Columns whose values, or pairs of values, are in one row each. */
export interface CandidateKey {
  readonly columns: readonly string[];
  /** Each row was compared; otherwise only the number of distinct values says so, which is an estimate. */
  readonly exact: boolean;
}

interface Candidate {
  readonly columns: readonly string[];
  /** None where there were too many. */
  seen: HashSet | undefined;
}

/** Looks for keys in one pass: a candidate is out when one of its values comes again. */
export class KeyFinder {
  readonly #state: TableState;
  #candidates: Candidate[] | undefined;
  #rows = 0;

  /** @param state Of the same rows, which it gets before. */
  constructor(state: TableState) {
    this.#state = state;
  }

  push(valuesOf: ValuesOf, size: number): void {
    this.#rows += size;
    this.#candidates ??= this.#begin();
    const hashes = new Map<string, Int32Array | undefined>();
    const hashesOf = (name: string): Int32Array | undefined => {
      if (!hashes.has(name)) hashes.set(name, hashAll(valuesOf(name)));
      return hashes.get(name);
    };
    this.#candidates = this.#candidates.filter(({ columns, seen }) => {
      if (seen === undefined) return columns.length === 1;
      const [first, second] = columns.map(hashesOf);
      return first !== undefined && (columns.length === 1 || second !== undefined) && addAll(seen, first, second);
    });
    this.#bound(this.#candidates);
  }

  /** Single columns if there are any; or pairs, those with the fewest values first. */
  keys(): CandidateKey[] {
    if (this.#rows < 2) return [];
    const distinct = (name: string): number => this.#state.columns.get(name)?.distinct.estimate() ?? 0;
    const keys = (this.#candidates ?? [])
      .filter(
        ({ columns, seen }) => seen !== undefined || columns.every((name) => isAlmost(distinct(name), this.#rows)),
      )
      .map(({ columns, seen }) => ({ columns, exact: seen !== undefined }));
    const singles = keys.filter(({ columns }) => columns.length === 1);
    const values = ({ columns }: CandidateKey): number => columns.reduce((all, name) => all * distinct(name), 1);
    return singles.length > 0 ? singles : keys.toSorted((a, b) => values(a) - values(b));
  }

  #begin(): Candidate[] {
    const names = [...this.#state.columns]
      .filter(([, { nulls, types }]) => nulls === 0 && types.number + types.boolean + types.array + types.object === 0)
      .slice(0, mostColumns)
      .map(([name]) => name);
    const pairs = names.flatMap((first, at) => names.slice(at + 1).map((second) => [first, second]));
    return [...names.map((name) => [name]), ...pairs].map((columns) => ({ columns, seen: new HashSet() }));
  }

  #bound(candidates: Candidate[]): void {
    const alone = new Set(candidates.flatMap(({ columns }) => (columns.length === 1 ? columns : [])));
    let held = 0;
    for (const candidate of candidates) {
      const { columns, seen } = candidate;
      const size = seen?.size ?? 0;
      const isSpare = columns.length > 1 && size > enoughRows && columns.some((name) => alone.has(name));
      held += size;
      if (isSpare || size > mostRows || held > mostHeld) candidate.seen = undefined;
    }
  }
}

/** Three standard errors of the estimate. */
function isAlmost(distinct: number, rows: number): boolean {
  return Math.abs(distinct / rows - 1) < 0.025;
}

function hashAll(values: readonly unknown[]): Int32Array | undefined {
  const hashes = new Int32Array(values.length * 2);
  for (const [at, value] of values.entries()) {
    if (isNull(value)) return undefined;
    hash(value, scratch);
    hashes.set(scratch, at * 2);
  }
  return hashes;
}

/** Whether all were new. */
function addAll(seen: HashSet, first: Int32Array, second: Int32Array | undefined): boolean {
  for (let at = 0; at < first.length; at += 2) {
    const high = (first[at] ?? 0) ^ Math.imul(second?.[at] ?? 0, 0x2c1b3c6d);
    const low = (first[at + 1] ?? 0) ^ Math.imul(second?.[at + 1] ?? 0, 0x297a2d39);
    if (!seen.add(high, low)) return false;
  }
  return true;
}
