const kept = 128;
const every = 16;

/**
 * A quantile of the last 128 values, exact when it was last worked out: with every 16th value, which makes it cheap.
 * Until the first 16 there is none.
 */
export class RecentQuantile {
  readonly #values = new Float64Array(kept);
  readonly #quantile: number;
  #seen = 0;
  #current: number | undefined;

  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  get current(): number | undefined {
    return this.#current;
  }

  add(value: number): void {
    this.#values[this.#seen % kept] = value;
    this.#seen += 1;
    if (this.#seen % every > 0) return;
    const sorted = this.#values.slice(0, Math.min(this.#seen, kept)).toSorted();
    this.#current = sorted[Math.ceil(this.#quantile * sorted.length) - 1];
  }
}
