import { checkFunction, checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import type { Call, Next } from '../call.ts';
import { PolicyClosedError, RateLimitError } from '../errors.ts';
import { keyOf } from '../key.ts';
import { longestTimerMs } from '../sleep.ts';
import { count, telemetry } from '../telemetry.ts';
import { WaitQueue } from './wait-queue.ts';

/** The rate that `rateLimit` and `redisRateLimit` keep to, for all calls or for each key. */
export interface RateOptions<K extends readonly unknown[] = readonly unknown[]> {
  /** Calls that are let through in `perMs` milliseconds, in the long run; from 1. */
  limit: number;
  /** In how many milliseconds, from 1. @default 1_000 */
  perMs?: number | undefined;
  /** Calls that are let through at once after a pause, from 1, which spaces them evenly. @default `limit` */
  burst?: number | undefined;
  /** Gives each key a limit of its own; `run` takes its key among its options. @default one limit for all calls */
  key?: ((...args: K) => string) | undefined;
  /** Keys that are remembered. While all of them are in use, a call with a further one is refused. @default 10_000 */
  maxKeys?: number | undefined;
}

/** The same rate as the algorithm takes it. */
export interface Pace {
  readonly limit: number;
  readonly perMs: number;
  readonly intervalMs: number;
  /** How far ahead of an even pace calls may be. */
  readonly toleranceMs: number;
}

/**
 * @param owner Whose options these are, for the errors.
 * @throws {OptionError} When one is out of range.
 */
export function paceOf(owner: string, { limit, perMs = 1_000, burst = limit }: RateOptions<never>): Pace {
  checkInteger(`${owner}.limit`, limit, { min: 1 });
  checkNumber(`${owner}.perMs`, perMs, { min: 1, max: longestTimerMs });
  checkInteger(`${owner}.burst`, burst, { min: 1 });
  const intervalMs = perMs / limit;
  return { limit, perMs, intervalMs, toleranceMs: (burst - 1) * intervalMs };
}

const refused = telemetry.counter('dex.rate_limit.refused', {
  unit: '{call}',
  description: 'Calls that a rate limit refused.',
});
const waited = telemetry.counter('dex.rate_limit.queued', {
  unit: '{call}',
  description: 'Calls that had to wait for their turn.',
});

export function refuse(pace: Pace, waitMs: number, call: Call<unknown>, key: string | undefined): Promise<never> {
  count(refused, call);
  return Promise.reject(new RateLimitError(pace, Math.max(1, Math.ceil(waitMs)), key));
}

/** The calls of one key. */
class Lane {
  readonly queue = new WaitQueue(() => {
    if (this.queue.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  });
  readonly #pace: Pace;
  readonly #key: string | undefined;
  /** When the next call would come, if all came evenly: the "theoretical arrival time". */
  #arrival = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pace: Pace, key: string | undefined) {
    this.#pace = pace;
    this.#key = key;
  }

  /** From when on it is as good as new, once nobody waits. */
  get idleFrom(): number {
    return this.#arrival;
  }

  run<R>(next: Next, call: Call<R>, maxQueued: number): Promise<R> {
    const now = performance.now();
    const { size } = this.queue;
    const waitMs = this.#waitMs(now);
    if (waitMs <= 0 && size === 0) return this.#begin(next, call, now);

    const turnMs = Math.max(0, waitMs) + size * this.#pace.intervalMs;
    if (size >= maxQueued || now + turnMs >= call.deadline.at) return refuse(this.#pace, turnMs, call, this.#key);
    count(waited, call);
    this.#arm(waitMs);
    return this.queue.wait(call, 0, () => this.#begin(next, call, performance.now()));
  }

  close(): void {
    this.queue.rejectAll(new PolicyClosedError());
  }

  #begin<R>(next: Next, call: Call<R>, now: number): Promise<R> {
    this.#arrival = Math.max(this.#arrival, now) + this.#pace.intervalMs;
    return next(call);
  }

  #waitMs(now: number): number {
    return this.#arrival - this.#pace.toleranceMs - now;
  }

  #arm(waitMs: number): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#startWaiting();
      },
      Math.min(Math.ceil(waitMs), longestTimerMs),
    );
  }

  #startWaiting(): void {
    while (this.queue.size > 0) {
      const waitMs = this.#waitMs(performance.now());
      if (waitMs > 0) {
        this.#arm(waitMs); // also where Node's timer was a fraction of a millisecond early
        return;
      }
      this.queue.startNext();
    }
  }
}

/** The generic cell rate algorithm, for each key. */
export class RateLimiter<K extends readonly unknown[]> {
  readonly #pace: Pace;
  readonly #maxQueued: number;
  readonly #maxKeys: number;
  readonly #key: ((...args: K) => string) | undefined;
  readonly #owner: string;
  readonly #shared: Lane;
  readonly #lanes = new Map<string, Lane>();
  /** Until then no key can be forgotten, so none is looked for. */
  #allInUseUntil = -Infinity;
  #isClosed = false;

  constructor(owner: string, options: RateOptions<K>, maxQueued: number) {
    const { key, maxKeys = 10_000 } = options;
    this.#owner = owner;
    this.#pace = paceOf(owner, options);
    this.#key = checkFunction(`${owner}.key`, key);
    this.#maxKeys = checkInteger(`${owner}.maxKeys`, maxKeys, { min: 1 });
    if (options.maxKeys !== undefined && key === undefined) {
      throw new OptionError(`${owner}.maxKeys`, 'left out without key', maxKeys);
    }
    this.#maxQueued = checkInteger(`${owner}.maxQueued`, maxQueued, { min: 0 });
    this.#shared = new Lane(this.#pace, undefined);
  }

  get queued(): number {
    let sum = this.#shared.queue.size;
    for (const lane of this.#lanes.values()) sum += lane.queue.size;
    return sum;
  }

  run<R>(next: Next, call: Call<R>): Promise<R> {
    if (this.#isClosed) return Promise.reject(new PolicyClosedError());
    if (call.aborted) return Promise.reject(call.aborted.reason);
    if (this.#key === undefined) return this.#shared.run(next, call, this.#maxQueued);
    try {
      return this.#runKeyed(next, call, keyOf(call, this.#key, this.#owner));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#shared.close();
    for (const lane of this.#lanes.values()) lane.close();
  }

  #runKeyed<R>(next: Next, call: Call<R>, key: string): Promise<R> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const now = performance.now();
      if (this.#lanes.size >= this.#maxKeys) this.#forgetIdle(now);
      if (this.#lanes.size >= this.#maxKeys) return refuse(this.#pace, this.#allInUseUntil - now, call, key);
      lane = new Lane(this.#pace, key);
      this.#lanes.set(key, lane);
      this.#allInUseUntil = Math.min(this.#allInUseUntil, now + this.#pace.intervalMs);
    }
    return lane.run(next, call, this.#maxQueued);
  }

  /** A key that is as good as new needs no memory. To forget another would let too much through. */
  #forgetIdle(now: number): void {
    if (now < this.#allInUseUntil) return;
    this.#allInUseUntil = Infinity;
    for (const [key, { idleFrom, queue }] of this.#lanes) {
      if (idleFrom <= now && queue.size === 0) this.#lanes.delete(key);
      else this.#allInUseUntil = Math.min(this.#allInUseUntil, idleFrom);
    }
  }
}
