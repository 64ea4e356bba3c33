import fc from 'fast-check';
import { expect, vi } from 'vitest';
import { createPool, type Pool, type PoolLease } from '../src/index.ts';
import { countedController } from './counted-controller.ts';

type Create = 'comes' | 'comes at once' | 'comes later' | 'throws' | 'rejects' | 'hangs' | 'comes too late';
type Validate = 'true' | 'false' | 'throws' | 'true later' | 'false later' | 'rejects' | 'hangs';
type Destroy = 'returns' | 'ends later' | 'throws' | 'rejects' | 'hangs';

type Command =
  | { do: 'acquire'; timeoutMs: number | undefined; abort: 'never' | 'at once' | 'before' }
  | { do: 'release' | 'discard' | 'abort' | 'release and abort' | 'abort and release'; which: number }
  | { do: 'wait'; ticks: number }
  | { do: 'pass'; ms: number };

const which = fc.nat(5);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acquire'),
      timeoutMs: fc.constantFrom(undefined, undefined, 5, 25, Infinity),
      abort: fc.constantFrom('never', 'never', 'never', 'at once', 'before'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release'), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('discard', 'abort', 'release and abort', 'abort and release'), which }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), ticks: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 1, max: 60 }) }) },
);

/** A random pool, what its functions do call by call (over and over), and what is asked of it. */
export const schedule = fc.record({
  options: fc.integer({ min: 1, max: 3 }).chain((max) =>
    fc.record({
      max: fc.constant(max),
      min: fc.nat(max),
      maxWaiters: fc.constantFrom(0, 1, 4, Infinity),
      maxLifetimeMs: fc.constantFrom(70, Infinity),
    }),
  ),
  creates: behaviour<Create>('comes', 'comes at once', 'comes later', 'throws', 'rejects', 'hangs', 'comes too late'),
  validates: behaviour<Validate>('true', 'false', 'throws', 'true later', 'false later', 'rejects', 'hangs'),
  destroys: behaviour<Destroy>('returns', 'ends later', 'throws', 'rejects', 'hangs'),
  commands: fc.array(command, { maxLength: 40 }),
  recovers: fc.boolean(),
});

type Schedule = typeof schedule extends fc.Arbitrary<infer S> ? S : never;

/** Mostly the good one. */
function behaviour<T>(good: T, ...others: T[]): fc.Arbitrary<T[]> {
  const one = fc.oneof(
    { weight: 2, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  return fc.array(one, { minLength: 1, maxLength: 8 });
}

interface Resource {
  readonly id: number;
}

async function wait(ticks: number): Promise<void> {
  for (let i = 0; i < ticks; i += 1) await Promise.resolve();
}

/** In steps, so that what a timer sets off has happened before the next. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1) {
    vi.advanceTimersByTime(1);
    await wait(12);
  }
}

function after<T>(ms: number, settle: () => T): Promise<T> {
  return new Promise<void>((resolve) => void setTimeout(resolve, ms)).then(settle);
}

function cycle<T>(items: readonly T[]): () => T {
  let at = 0;
  return () => items[at++ % items.length]!;
}

function fail(): never {
  throw new Error('failed');
}

const bounds = { acquireMs: 50, createMs: 20, validateMs: 10, destroyMs: 15, idleMs: 40, drainMs: 30 };
const longest = bounds.createMs + bounds.validateMs + bounds.destroyMs;

/** The other side of the pool: which resources there are. */
class World {
  ids = 0;
  /** Created, and not destroyed as far as the pool can know. */
  readonly live = new Set<Resource>();
  /** Of those, the ones that came after `createMs`. */
  readonly late = new Set<Resource>();
  readonly wrong: string[] = [];
  good = false;

  create(how: Create): Resource | Promise<Resource> {
    if (this.good || how === 'comes at once') return this.#make();
    if (how === 'comes') return Promise.resolve().then(() => this.#make());
    if (how === 'comes later') return after(7, () => this.#make());
    if (how === 'throws') return fail();
    if (how === 'rejects') return after(3, fail);
    if (how === 'comes too late') return after(bounds.createMs + 13, () => this.#make(true));
    return new Promise(() => {});
  }

  validate(how: Validate): boolean | Promise<boolean> {
    if (this.good || how === 'true') return true;
    if (how === 'false') return false;
    if (how === 'throws') return fail();
    if (how === 'true later') return after(4, () => true);
    if (how === 'false later') return after(4, () => false);
    if (how === 'rejects') return Promise.reject(new Error('failed'));
    return new Promise(() => {});
  }

  destroy(how: Destroy, resource: Resource): unknown {
    if (!this.live.has(resource)) this.wrong.push(`${resource.id} destroyed twice`);
    const end = (): void => {
      this.live.delete(resource);
      this.late.delete(resource);
    };
    if (how === 'ends later') return after(6, end);
    if (how === 'hangs') {
      setTimeout(end, bounds.destroyMs);
      return new Promise(() => {});
    }
    end();
    if (how === 'throws') return fail();
    return how === 'rejects' ? Promise.reject(new Error('failed')) : undefined;
  }

  #make(isLate = false): Resource {
    const resource = { id: (this.ids += 1) };
    this.live.add(resource);
    if (isLate) this.late.add(resource);
    return resource;
  }
}

/** One acquire, and what came of it. */
class Acquire {
  readonly #counted = countedController();
  lease: PoolLease<Resource> | undefined;
  outcome: unknown = 'pending';

  start(pool: Pool<Resource>, timeoutMs: number | undefined): void {
    pool.acquire({ signal: this.#counted.controller.signal, timeoutMs }).then(
      (lease) => {
        this.lease = lease;
        this.outcome = 'granted';
      },
      (error: unknown) => {
        this.outcome = error instanceof Error && 'code' in error ? error.code : error;
      },
    );
  }

  abort(): void {
    this.#counted.controller.abort('aborted');
  }

  get listeners(): number {
    return this.#counted.listeners();
  }
}

const outcomes = ['granted', 'aborted', 'DEX_POOL', 'DEX_QUEUE_FULL', 'DEX_ACQUIRE_TIMEOUT', 'DEX_CLOSED'];

/** Runs a schedule under fake timers and fails when the pool breaks a promise on the way or at the end. */
export async function runSchedule(given: Schedule): Promise<void> {
  vi.clearAllTimers(); // of a run that failed
  const world = new World();
  const [nextCreate, nextValidate, nextDestroy] = [cycle(given.creates), cycle(given.validates), cycle(given.destroys)];
  const pool = createPool<Resource>({
    ...given.options,
    ...bounds,
    create: () => world.create(nextCreate()),
    validate: () => world.validate(nextValidate()),
    destroy: (resource) => world.destroy(nextDestroy(), resource),
  });
  const acquires: Acquire[] = [];
  const held = (): Acquire[] => acquires.filter(({ lease }) => lease !== undefined);

  const end = (acquire: Acquire | undefined, how: 'release' | 'discard'): void => {
    acquire?.lease?.[how]();
    if (acquire !== undefined) acquire.lease = undefined;
  };
  const apply = async (step: Command): Promise<void> => {
    if (step.do === 'wait') return wait(step.ticks);
    if (step.do === 'pass') return pass(step.ms);
    if (step.do === 'acquire') {
      const acquire = new Acquire();
      if (step.abort === 'before') acquire.abort();
      acquire.start(pool, step.timeoutMs);
      if (step.abort === 'at once') acquire.abort();
      acquires.push(acquire);
      return;
    }
    const pending = acquires.filter(({ outcome }) => outcome === 'pending');
    const abort = (): void => pending[step.which % pending.length]?.abort();
    if (step.do.startsWith('abort')) abort();
    if (step.do !== 'abort') end(held()[step.which % held().length], step.do === 'discard' ? 'discard' : 'release');
    if (step.do.endsWith('and abort')) abort();
  };
  const check = (): void => {
    const { size, idle, borrowed, creating, validating, destroying, waiting } = pool.stats();
    expect(size).toBe(idle + borrowed + creating + validating + destroying);
    for (const count of [idle, borrowed, creating, validating, destroying]) expect(count).toBeGreaterThanOrEqual(0);
    if (waiting > creating + validating)
      expect({ idle, full: size >= given.options.max }).toEqual({ idle: 0, full: true });
    expect(world.live.size - world.late.size).toBeLessThanOrEqual(given.options.max);
    const lent = held().map(({ lease }) => lease?.value);
    expect(new Set(lent).size).toBe(lent.length);
    expect(lent.filter((resource) => resource !== undefined && !world.live.has(resource))).toEqual([]);
    expect(world.wrong).toEqual([]);
  };

  for (const step of given.commands) {
    await apply(step);
    check();
  }

  if (given.recovers) {
    world.good = true;
    do {
      for (const acquire of held()) end(acquire, 'release');
      await pass(longest);
    } while (acquires.some(({ outcome, lease }) => outcome === 'pending' || lease !== undefined));
    const last = Array.from({ length: given.options.max }, () => new Acquire());
    for (const acquire of last) acquire.start(pool, undefined);
    await pass(longest);
    expect(last.map(({ outcome }) => outcome)).toEqual(last.map(() => 'granted'));
    acquires.push(...last);
    check();
    for (const acquire of last) end(acquire, 'release');
    await wait(12);
    expect(pool.stats()).toMatchObject({ borrowed: 0, creating: 0, waiting: 0 });
    expect(pool.stats().size).toBeGreaterThanOrEqual(given.options.min);
  }

  let closed: unknown = 'pending';
  pool.close().then(
    () => (closed = undefined),
    (error: unknown) => (closed = error),
  );
  await pass(bounds.drainMs - 1);
  const leaked = held().length;
  await pass(1 + bounds.destroyMs + 1);
  if (leaked === 0) expect(closed).toBeUndefined();
  else expect(closed).toMatchObject({ code: 'DEX_DRAIN', leases: leaked });
  for (const acquire of held()) end(acquire, 'release');
  await pass(longest); // what comes too late
  expect(acquires.filter(({ outcome }) => !outcomes.some((known) => known === outcome))).toEqual([]);
  expect(acquires.map(({ listeners }) => listeners)).toEqual(acquires.map(() => 0));
  expect(pool.stats()).toMatchObject({ size: 0, waiting: 0, created: world.ids, destroyed: world.ids });
  expect(world.wrong).toEqual([]);
  expect(world.live.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
}
