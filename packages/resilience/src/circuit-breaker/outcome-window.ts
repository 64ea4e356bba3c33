/** Counts the outcomes of recent calls. */
export interface OutcomeWindow {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  record(isFailure: boolean, isSlow: boolean): void;
}

const failed = 1;
const slow = 2;

/** The last `size` calls. */
export class CallWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #ring: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#ring = new Uint8Array(size);
  }

  record(isFailure: boolean, isSlow: boolean): void {
    const ring = this.#ring;
    if (this.calls < ring.length) this.calls += 1;
    else this.#add(ring[this.#next] ?? 0, -1);
    const outcome = (isFailure ? failed : 0) | (isSlow ? slow : 0);
    ring[this.#next] = outcome;
    this.#add(outcome, 1);
    this.#next = this.#next + 1 === ring.length ? 0 : this.#next + 1;
  }

  #add(outcome: number, count: number): void {
    if (outcome & failed) this.failures += count;
    if (outcome & slow) this.slow += count;
  }
}

const bucketCount = 10;

/** The calls of the last `ms` milliseconds, forgotten a tenth of them at a time. */
export class TimeWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #bucketMs: number;
  readonly #buckets = Array.from({ length: bucketCount }, () => ({ calls: 0, failures: 0, slow: 0 }));
  #current = 0;

  constructor(ms: number) {
    this.#bucketMs = ms / bucketCount;
    this.#current = this.#now();
  }

  record(isFailure: boolean, isSlow: boolean): void {
    const now = this.#now();
    const passed = Math.min(bucketCount, now - this.#current);
    for (let index = now - passed + 1; index <= now; index++) this.#drop(this.#bucket(index));
    this.#current = now;
    const bucket = this.#bucket(now);
    for (const counted of [this, bucket]) {
      counted.calls += 1;
      if (isFailure) counted.failures += 1;
      if (isSlow) counted.slow += 1;
    }
  }

  #now(): number {
    return Math.floor(performance.now() / this.#bucketMs);
  }

  #bucket(index: number): { calls: number; failures: number; slow: number } {
    const bucket = this.#buckets[index % bucketCount];
    if (bucket === undefined) throw new RangeError(`No bucket ${index}.`);
    return bucket;
  }

  #drop(bucket: { calls: number; failures: number; slow: number }): void {
    this.calls -= bucket.calls;
    this.failures -= bucket.failures;
    this.slow -= bucket.slow;
    bucket.calls = bucket.failures = bucket.slow = 0;
  }
}
