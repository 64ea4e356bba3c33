import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { RefusedError, TimeoutError } from '../errors.ts';
import { retryAfterOf } from '../retry/retry.ts';

/** A limit that finds itself, between two bounds. */
export interface AdaptiveConcurrency {
  /** The lowest limit, and the first. @default 4 */
  min?: number | undefined;
  /** The highest limit. @default 256 */
  max?: number | undefined;
  /** How much slower than the idle upstream calls may become before the limit sinks; from 1. @default 1.5 */
  tolerance?: number | undefined;
  /**
   * Whether an error says that the upstream has too much to do. Others tell nothing about the limit.
   * @default a `TimeoutError`, or an error with a numeric `retryAfterMs` that comes from no policy
   */
  overloadIf?: ((error: unknown) => boolean) | undefined;
}

const fewestSamples = 20;
const roundsBetweenProbes = 200;
const overloadFactor = 0.9;
const steepest = 0.5;

/**
 * Finds how many calls an upstream takes at once before they begin to wait for each other there.
 *
 * It goes by rounds of as many calls as the limit. After each, the limit is multiplied by how fast calls were when there
 * were few, divided by how fast they are now, and grows by its square root if it was used up. So it comes to rest where
 * a short queue stands at the upstream. What "fast" means is measured anew every 200 rounds, and when the limit has
 * halved or doubled, in one round with only the square root of the limit. To learn it from other rounds would take a
 * queue for normal; never to learn it again would hold the limit down because the upstream has become slower by itself.
 *
 * @see https://github.com/Netflix/concurrency-limits The gradient.
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter The probe.
 */
export class AdaptiveLimit {
  readonly overloadIf: (error: unknown) => boolean;
  readonly #min: number;
  readonly #max: number;
  readonly #tolerance: number;
  #limit: number;
  /** The limit to go back to, while one round is run with few calls. */
  #probedFrom: number | undefined;
  #fastMs = 0;
  #lastProbedFrom: number;
  /** Since the last probe. */
  #rounds = 0;
  #begin = performance.now();
  #samples = 0;
  #sumMs = 0;
  #wasUsedUp = false;

  constructor(options: AdaptiveConcurrency) {
    const { min = 4, max = 256, tolerance = 1.5, overloadIf = isOverload } = options;
    this.#min = checkInteger('bulkhead.concurrent.min', min, { min: 1 });
    this.#max = checkInteger('bulkhead.concurrent.max', max, { min });
    this.#tolerance = checkNumber('bulkhead.concurrent.tolerance', tolerance, { min: 1 });
    this.overloadIf = checkFunction('bulkhead.concurrent.overloadIf', overloadIf);
    this.#limit = min;
    this.#probedFrom = min;
    this.#lastProbedFrom = min;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Tells that a call begins, as one of so many. */
  begin(active: number): number {
    if (active >= this.limit) this.#wasUsedUp = true;
    return performance.now();
  }

  /** Tells that a call succeeded. Those that began in an earlier round say how things were under another limit. */
  succeeded(begin: number): void {
    if (begin < this.#begin) return;
    this.#sumMs += performance.now() - begin;
    this.#samples += 1;
    if (this.#samples >= Math.max(fewestSamples, this.#limit)) this.#endRound(this.#sumMs / this.#samples);
  }

  /** Tells that a call was too much for the upstream. One round is made to pay for it once. */
  overloaded(begin: number): void {
    if (begin < this.#begin) return;
    this.#nextRound(this.#limit * overloadFactor);
  }

  #endRound(averageMs: number): void {
    if (this.#probedFrom !== undefined) {
      const limit = this.#probedFrom;
      this.#probedFrom = undefined;
      this.#fastMs = averageMs;
      this.#nextRound(limit);
      return;
    }
    this.#rounds += 1;
    const change = this.#limit / this.#lastProbedFrom;
    if (this.#rounds >= roundsBetweenProbes || change < 1 / 2 || change > 2) {
      this.#rounds = 0;
      this.#lastProbedFrom = this.#limit;
      this.#probedFrom = this.#limit;
      this.#nextRound(Math.sqrt(this.#limit));
      return;
    }
    const allowedMs = this.#fastMs * this.#tolerance;
    const gradient = averageMs <= allowedMs ? 1 : Math.max(steepest, allowedMs / averageMs);
    const growth = this.#wasUsedUp || gradient < 1 ? Math.sqrt(this.#limit) : 0;
    this.#nextRound(this.#limit * gradient + growth);
  }

  #nextRound(limit: number): void {
    this.#limit = Math.min(this.#max, Math.max(this.#min, limit));
    this.#begin = performance.now();
    this.#samples = 0;
    this.#sumMs = 0;
    this.#wasUsedUp = false;
  }
}

function isOverload(error: unknown): boolean {
  if (error instanceof RefusedError) return false;
  return error instanceof TimeoutError || retryAfterOf(error) !== undefined;
}
