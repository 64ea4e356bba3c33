import type { SavedReader } from '../saved.ts';
import { type Saved, writeValue } from '../saved.ts';

/**
 * Count, mean, deviation and extremes of numbers, that merge. Infinities count among the extremes and in `infinite`, and
 * not in the mean.
 *
 * @see https://doi.org/10.1080/00031305.1983.10483115 Chan, Golub and LeVeque
 */
export class Moments {
  /** How many numbers there were, infinities included. */
  count = 0;
  /** How many of them were infinite. */
  infinite = 0;
  #mean = 0;
  /** The sum of the squared distances from the mean. */
  #squares = 0;
  #min = Infinity;
  #max = -Infinity;

  /** NaN when there is no number; so are the others. */
  get mean(): number {
    return this.#finite === 0 ? Number.NaN : this.#mean;
  }

  /** Of a sample: NaN of a single number. */
  get deviation(): number {
    return this.#finite < 2 ? Number.NaN : Math.sqrt(this.#squares / (this.#finite - 1));
  }

  get min(): number {
    return this.count === 0 ? Number.NaN : this.#min;
  }

  get max(): number {
    return this.count === 0 ? Number.NaN : this.#max;
  }

  add(value: number): void {
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.count++;
    if (value - value !== 0) {
      this.infinite++;
      return;
    }
    const distance = value - this.#mean;
    this.#mean += Number.isFinite(distance)
      ? distance / this.#finite
      : value / this.#finite - this.#mean / this.#finite;
    this.#squares += distance * (value - this.#mean);
  }

  merge(other: Moments): void {
    const [own, more] = [this.#finite, other.#finite];
    if (more > 0) {
      const distance = other.#mean - this.#mean;
      const share = more / (own + more);
      // The mean of both, without the loss of adding a little to much.
      if (Number.isFinite(distance)) this.#mean = own === 0 ? other.#mean : this.#mean + distance * share;
      else this.#mean += other.#mean * share - this.#mean * share;
      this.#squares += other.#squares + distance ** 2 * ((own * more) / (own + more));
    }
    this.count += other.count;
    this.infinite += other.infinite;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  toJSON(): Saved {
    const mean = writeValue(this.#mean);
    const squares = writeValue(this.#squares);
    const { count, infinite } = this;
    return { count, infinite, mean, squares, min: writeValue(this.#min), max: writeValue(this.#max) };
  }

  static read(saved: SavedReader): Moments {
    const moments = new Moments();
    moments.count = saved.field('count').count();
    moments.infinite = saved.field('infinite').count();
    if (moments.infinite > moments.count) saved.field('infinite').refuse('at most the count');
    moments.#mean = saved.field('mean').number();
    moments.#squares = saved.field('squares').number();
    moments.#min = saved.field('min').number();
    moments.#max = saved.field('max').number();
    return moments;
  }

  get #finite(): number {
    return this.count - this.infinite;
  }
}
