const kept = 128;
const wanted = 16;

/** A quantile of the last 128 values; until there are 16 there is none. */
export class RecentQuantile {
  readonly #quantile: number;
  /** In order of time, from `#oldest` on and around. */
  readonly #recent: number[] = [];
  readonly #sorted: number[] = [];
  #oldest = 0;

  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  get current(): number | undefined {
    const { length } = this.#sorted;
    return length < wanted ? undefined : this.#sorted[Math.ceil(this.#quantile * length) - 1];
  }

  add(value: number): void {
    const outdated = this.#recent[this.#oldest];
    this.#recent[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % kept;
    if (outdated !== undefined) this.#sorted.splice(this.#placeOf(outdated), 1);
    this.#sorted.splice(this.#placeOf(value), 0, value);
  }

  /** Of the first that is not less. */
  #placeOf(value: number): number {
    let from = 0;
    let to = this.#sorted.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#sorted[middle] ?? Infinity) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
