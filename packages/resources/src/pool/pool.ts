import { instrument } from '@dataenginex/core';
import { type AcquireOptions, type CloseOptions, Gate } from '../locks/gate.ts';
import { AcquireTimeoutError, ClosedError, DrainError, PoolError } from '../locks/lease-errors.ts';
import { track, untrack } from '../leaks.ts';
import { Entry, PoolLease } from './pool-lease.ts';
import { type CheckedOptions, checkOptions, type PoolOptions } from './pool-options.ts';

const telemetry = instrument('@dataenginex/resources');
const waitTime = telemetry.histogram('dex.pool.wait_time', {
  unit: 's',
  description: 'How long an acquire waited that found no idle resource.',
});
const createTime = telemetry.histogram('dex.pool.create_time', {
  unit: 's',
  description: 'How long it took to create a resource.',
});
const timeouts = telemetry.counter('dex.pool.timeouts', {
  unit: '{timeout}',
  description: 'Acquires that got no resource in time.',
});
const errors = telemetry.counter('dex.pool.errors', {
  unit: '{error}',
  description: 'Failures to create, validate or destroy a resource.',
});

const firstBackoffMs = 100;
const longestBackoffMs = 10_000;
const longestSweepMs = 60_000;

/** How many resources of each state there are, and what has happened so far. */
export interface PoolStats {
  /** The sum of the next five; never more than `max`, but for what `create` brings after `createMs`. */
  size: number;
  idle: number;
  borrowed: number;
  creating: number;
  validating: number;
  destroying: number;
  /** Acquires that wait. */
  waiting: number;
  /** Leases handed out so far. */
  acquired: number;
  created: number;
  /** Of those created, which are gone, be it that `destroy` failed. */
  destroyed: number;
  /** Acquires that got nothing in time. */
  timedOut: number;
  /** How often each failed; for `validate`, how often it did not return true. */
  failed: { create: number; validate: number; destroy: number };
}

/** Lends resources that are costly to make. Made by `createPool`. */
export class Pool<T> implements AsyncDisposable {
  readonly #options: CheckedOptions<T>;
  readonly #gate: Gate<Entry<T>>;
  readonly #attributes: { 'dex.pool.name': string };
  /** What is alive: idle, borrowed or under validation. */
  readonly #entries = new Set<Entry<T>>();
  /** Used from the end, so that what is not needed stays at the front and grows old. */
  readonly #idle: Entry<T>[] = [];
  readonly #creates = new Set<AbortController>();
  readonly #giveUps = new Set<() => void>();
  readonly #sweepMs: number;
  #validating = 0;
  #acquired = 0;
  #created = 0;
  #destroyed = 0;
  #timedOut = 0;
  readonly #failed = { create: 0, validate: 0, destroy: 0 };
  #sweeper: NodeJS.Timeout | undefined;
  /** The time of the last sweep: reading the clock costs as much as the rest of a release. */
  #now = 0;
  #backoff: NodeJS.Timeout | undefined;
  #backoffMs = firstBackoffMs;

  constructor(options: PoolOptions<T>) {
    this.#options = checkOptions(options);
    const { name, maxWaiters, drainMs, idleMs, maxLifetimeMs } = this.#options;
    this.#gate = new Gate(name, maxWaiters, drainMs);
    this.#attributes = { 'dex.pool.name': name };
    this.#sweepMs = Math.max(1, Math.min(idleMs / 4, maxLifetimeMs / 64, longestSweepMs));
    track(this, name);
    this.#serve();
  }

  /**
   * Lends a resource: an idle one, the one used last first; else a new one, while there are less than `max`; else the
   * next that is released. First come, first served. When the signal aborts in the tick in which the resource is
   * granted, the grant holds, and the lease is to be released like every other.
   *
   * @throws {PoolError} When `create` failed or hung, and no other resource is on its way for this acquire.
   * @throws {QueueFullError} When `maxWaiters` wait already.
   * @throws {AcquireTimeoutError} When there is no resource within `timeoutMs`.
   * @throws {ClosedError} When the pool is closed, or closes meanwhile.
   * @throws The signal's reason, when it is aborted.
   */
  async acquire(options: AcquireOptions = {}): Promise<PoolLease<T>> {
    this.#gate.check(options);
    const entry = this.#gate.queue.size === 0 ? this.#idle.pop() : undefined;
    if (entry !== undefined && this.#isValid(entry)) return this.#lend(entry);

    const { signal, timeoutMs = this.#options.acquireMs } = options;
    const now = performance.now();
    const granted = this.#gate.wait({ timeoutMs, signal, now }, this.#options.max - this.#borrowed);
    this.#serve();
    try {
      const lease = this.#lend(await granted);
      waitTime.record((performance.now() - now) / 1000, this.#attributes);
      return lease;
    } catch (error) {
      if (error instanceof AcquireTimeoutError) {
        this.#timedOut += 1;
        timeouts.add(1, this.#attributes);
      }
      throw error;
    }
  }

  /** Looks at the pool as it is now. Cheap enough for a gauge or a probe. */
  stats(): PoolStats {
    const creating = this.#creates.size;
    const alive = this.#entries.size;
    return {
      size: this.#gate.inside,
      idle: this.#idle.length,
      borrowed: this.#borrowed,
      creating,
      validating: this.#validating,
      destroying: this.#gate.inside - alive - creating,
      waiting: this.#gate.queue.size,
      acquired: this.#acquired,
      created: this.#created,
      destroyed: this.#destroyed,
      timedOut: this.#timedOut,
      failed: { ...this.#failed },
    };
  }

  /**
   * Rejects the acquires that wait and those that come, destroys what is idle, and waits until every lease is released
   * and its resource destroyed. After `drainMs` it destroys what is still lent as well. It takes no longer than `drainMs`
   * and `destroyMs` together, and leaves no timer. A second call waits too, and reports nothing.
   *
   * @throws {DrainError} When leases were still out after `drainMs`.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#gate.close(options, this.#end);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #end = async (drainMs: number): Promise<void> => {
    untrack(this);
    clearTimeout(this.#backoff);
    for (const create of this.#creates) create.abort(new ClosedError(this.#gate.name));
    for (const entry of this.#idle.splice(0)) this.#destroy(entry);
    if (await this.#gate.drain(drainMs)) return;
    const borrowed = this.#borrowed;
    for (const giveUp of this.#giveUps) giveUp();
    for (const entry of this.#entries) this.#destroy(entry);
    await this.#gate.drain(this.#options.destroyMs); // what a create still brings may take longer
    if (borrowed > 0) throw new DrainError(this.#gate.name, borrowed, drainMs);
  };

  get #borrowed(): number {
    return this.#entries.size - this.#idle.length - this.#validating;
  }

  /** How many resources are on their way to who waits. */
  get #coming(): number {
    return this.#creates.size + this.#validating;
  }

  #lend(entry: Entry<T>): PoolLease<T> {
    this.#acquired += 1;
    return new PoolLease(this.#gate.name, entry);
  }

  readonly #giveBack = (entry: Entry<T>, broken: boolean): void => {
    if (broken) this.#destroy(entry);
    else if (this.#gate.queue.size === 0 || this.#isValid(entry)) this.#offer(entry);
  };

  /** Hands an entry that may be lent to whoever waits. */
  #offer(entry: Entry<T>): void {
    if (this.#gate.closed || entry.retired) this.#destroy(entry);
    else if (this.#gate.queue.size > 0) this.#gate.queue.resolve(entry);
    else {
      entry.idleSince = this.#now;
      this.#idle.push(entry);
    }
  }

  /** Sets as much going as is waited for, and as `min` asks for. */
  #serve(): void {
    if (this.#gate.closed) return;
    const { max } = this.#options;
    while (this.#gate.queue.size > this.#coming) {
      const entry = this.#idle.pop();
      if (entry !== undefined) {
        if (this.#isValid(entry)) this.#offer(entry);
      } else if (this.#gate.inside < max) void this.#create();
      else break;
    }
    while (this.#isBelowMin() && this.#backoff === undefined && this.#gate.inside < max) void this.#create();
  }

  #isBelowMin(): boolean {
    return this.#entries.size + this.#creates.size < this.#options.min;
  }

  /** True when it may be lent at once; else it is offered when it is found valid. */
  #isValid(entry: Entry<T>): boolean {
    const { validate } = this.#options;
    if (validate === undefined) return true;
    let verdict: boolean | PromiseLike<boolean>;
    try {
      verdict = validate(entry.value);
    } catch (error) {
      verdict = Promise.reject(error);
    }
    if (verdict === true) return true;
    void this.#validate(entry, verdict);
    return false;
  }

  async #validate(entry: Entry<T>, verdict: boolean | PromiseLike<boolean>): Promise<void> {
    this.#validating += 1;
    const valid = await this.#attempt('validate', this.#options.validateMs, () => verdict).catch(() => undefined);
    this.#validating -= 1;
    if (valid === true) {
      this.#offer(entry);
      return;
    }
    if (valid !== undefined) this.#failed.validate += 1;
    this.#destroy(entry);
  }

  async #create(): Promise<void> {
    const { create, createMs } = this.#options;
    const controller = new AbortController();
    const begin = performance.now();
    this.#gate.enter();
    this.#creates.add(controller);
    try {
      const value = await this.#attempt(
        'create',
        createMs,
        () => create({ signal: controller.signal }),
        (late) => {
          this.#gate.enter();
          this.#destroy(this.#adopt(late));
        },
      );
      this.#creates.delete(controller);
      createTime.record((performance.now() - begin) / 1000, this.#attributes);
      clearTimeout(this.#backoff);
      this.#backoff = undefined;
      this.#backoffMs = firstBackoffMs;
      this.#offer(this.#adopt(value));
    } catch (error) {
      this.#creates.delete(controller);
      controller.abort(error);
      this.#backOff();
      if (this.#gate.queue.size > this.#coming) this.#gate.queue.reject(error);
      this.#gate.exit();
    }
    this.#serve();
  }

  #adopt(value: T): Entry<T> {
    this.#now = performance.now();
    const lifetimeMs = this.#options.maxLifetimeMs * (1 - Math.random() / 10);
    const entry = new Entry(value, this.#now + lifetimeMs, this.#giveBack);
    this.#created += 1;
    this.#entries.add(entry);
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#sweepMs).unref();
    return entry;
  }

  #destroy(entry: Entry<T>): void {
    if (entry.gone) return;
    entry.gone = true;
    this.#entries.delete(entry);
    if (this.#entries.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    const { destroy, destroyMs } = this.#options;
    const done = (): void => {
      this.#destroyed += 1;
      this.#gate.exit();
      this.#serve();
    };
    this.#attempt('destroy', destroyMs, () => destroy(entry.value)).then(done, done);
    this.#serve(); // there may be room for another already
  }

  /** Waits for one of the user's functions with a bound, and tells of its failure. What it brings later is `late`. */
  #attempt<R>(
    operation: PoolError['operation'],
    ms: number,
    work: () => R | PromiseLike<R>,
    late?: (value: R) => void,
  ): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    let settled = false;
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      this.#giveUps.delete(giveUp);
    };
    const fail = (problem: string, options?: ErrorOptions): void => {
      settle();
      const error = new PoolError(this.#gate.name, operation, problem, options);
      this.#tell(error);
      reject(error);
    };
    const giveUp = (): void => fail(`it took longer than ${ms} ms.`);
    const timer = setTimeout(giveUp, ms);
    if (operation !== 'destroy') this.#giveUps.add(giveUp);
    void (async () => work())().then(
      (value) => {
        if (settled) return late?.(value);
        settle();
        return resolve(value);
      },
      (cause: unknown) => {
        if (!settled) fail(cause instanceof Error ? cause.message : String(cause), { cause });
      },
    );
    return promise;
  }

  #tell(error: PoolError): void {
    if (this.#gate.closed && error.operation !== 'destroy') return; // the closing is what made it fail
    this.#failed[error.operation] += 1;
    errors.add(1, { ...this.#attributes, 'dex.pool.operation': error.operation });
    const { onError } = this.#options;
    if (onError !== undefined) void (async () => onError(error))();
  }

  /** While `min` cannot be reached, tries again after a while, doubled each time and halved at random. */
  #backOff(): void {
    if (this.#gate.closed || this.#backoff !== undefined || !this.#isBelowMin()) return;
    const again = (): void => {
      this.#backoff = undefined;
      this.#serve();
    };
    this.#backoff = setTimeout(again, this.#backoffMs * (1 - Math.random() / 2)).unref();
    this.#backoffMs = Math.min(2 * this.#backoffMs, longestBackoffMs);
  }

  /** Destroys what is too old or was idle for too long; what is borrowed is marked, and destroyed on its release. */
  #sweep(): void {
    const { idleMs, min } = this.#options;
    this.#now = performance.now();
    for (const entry of this.#entries) entry.retired ||= entry.expiresAt <= this.#now;
    for (const entry of this.#idle.splice(0)) {
      // `idleSince` is up to one sweep too early.
      const isSurplus = this.#entries.size > min && entry.idleSince + idleMs + this.#sweepMs <= this.#now;
      if (entry.retired || isSurplus) this.#destroy(entry);
      else this.#idle.push(entry);
    }
  }
}

/**
 * Makes a pool: it lends resources that are costly to make, such as connections, one to a holder at a time.
 *
 * When `create` fails, the acquire that has waited longest is rejected with the cause, unless another resource is on its
 * way for it; the others get creations of their own. While `min` cannot be reached, it is tried again after 100 ms,
 * doubled up to 10 s each time, and jittered. Nothing is retried otherwise: wrap `create` or the acquire in a retry.
 *
 * ```ts
 * import { createPool } from '@dataenginex/resources';
 *
 * let opened = 0;
 * const pool = createPool({
 *   create: async () => ({ id: ++opened, query: async (sql: string) => `${sql} ok` }),
 *   destroy: async () => {},
 *   max: 2,
 * });
 * async function query(sql: string) {
 *   using lease = await pool.acquire({ signal: AbortSignal.timeout(1_000) });
 *   return lease.value.query(sql);
 * }
 * await Promise.all([query('a'), query('b'), query('c')]); // => ['a ok', 'b ok', 'c ok']
 * opened; // => 2
 * await pool.close();
 * ```
 *
 * @throws {OptionError} When an option is out of range, or `min` above `max`.
 */
export function createPool<T>(options: PoolOptions<T>): Pool<T> {
  return new Pool(options);
}
