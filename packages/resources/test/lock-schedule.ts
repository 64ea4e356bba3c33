import fc from 'fast-check';
import { expect, vi } from 'vitest';
import { type AcquireOptions, type Lease, ReadWriteLock, Semaphore } from '../src/index.ts';
import { countedController } from './counted-controller.ts';

type Role = 'read' | 'write';

type Command =
  | { do: 'acquire'; role: Role; timeoutMs: number | undefined; abort: 'never' | 'at once' | 'before' }
  | { do: 'try'; role: Role }
  | { do: 'release' | 'abort' | 'release and abort' | 'abort and release'; which: number }
  | { do: 'wait'; ticks: number }
  | { do: 'pass'; ms: number };

const role = fc.constantFrom<Role>('read', 'read', 'write');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('acquire'),
      role,
      timeoutMs: fc.constantFrom(undefined, undefined, 5, 25, Infinity),
      abort: fc.constantFrom('never', 'never', 'never', 'at once', 'before'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('try'), role }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('release', 'release', 'abort', 'release and abort', 'abort and release'),
      which: fc.nat(5),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), ticks: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 1, max: 20 }) }) },
);

/** What is asked of a semaphore with so many permits, or of a lock for readers and writers. */
export const lockSchedule = fc.record({
  of: fc.constantFrom(1, 2, 3, 'readers and writers'),
  maxWaiters: fc.constantFrom(0, 2, Infinity),
  commands: fc.array(command, { maxLength: 40 }),
});

type LockSchedule = typeof lockSchedule extends fc.Arbitrary<infer S> ? S : never;

interface Acquire {
  readonly role: Role;
  readonly controller: AbortController;
  readonly listeners: () => number;
  lease: Lease | undefined;
  outcome: unknown;
}

async function wait(ticks: number): Promise<void> {
  for (let i = 0; i < ticks; i += 1) await Promise.resolve();
}

function open(of: LockSchedule['of'], maxWaiters: number) {
  if (typeof of === 'number') {
    const semaphore = new Semaphore(of, { maxWaiters, drainMs: 30 });
    return {
      lock: semaphore,
      acquire: (_role: Role, options: AcquireOptions) => semaphore.acquire(options),
      tryAcquire: () => semaphore.tryAcquire(),
      isAllowed: (roles: readonly Role[]) => roles.length <= of,
      inside: () => of - semaphore.available,
    };
  }
  const lock = new ReadWriteLock({ maxWaiters, drainMs: 30 });
  return {
    lock,
    acquire: (as: Role, options: AcquireOptions) =>
      as === 'read' ? lock.acquireRead(options) : lock.acquireWrite(options),
    tryAcquire: (as: Role) => (as === 'read' ? lock.tryAcquireRead() : lock.tryAcquireWrite()),
    isAllowed: (roles: readonly Role[]) => roles.length <= 1 || !roles.includes('write'),
    inside: () => lock.readers + Number(lock.writing),
  };
}

const outcomes = ['granted', 'aborted', 'DEX_QUEUE_FULL', 'DEX_ACQUIRE_TIMEOUT', 'DEX_CLOSED'];

/** Runs a schedule under fake timers and fails when a promise is broken on the way or at the end. */
export async function runLockSchedule({ of, maxWaiters, commands }: LockSchedule): Promise<void> {
  vi.clearAllTimers(); // of a run that failed
  const { lock, acquire, tryAcquire, isAllowed, inside } = open(of, maxWaiters);
  const acquires: Acquire[] = [];
  const granted: number[] = [];
  const held = (): Acquire[] => acquires.filter(({ lease }) => lease !== undefined);
  const pending = (): Acquire[] => acquires.filter(({ outcome }) => outcome === 'pending');

  const start = (step: Command & { do: 'acquire' }): void => {
    const { controller, listeners } = countedController();
    const one: Acquire = { role: step.role, controller, listeners, lease: undefined, outcome: 'pending' };
    const index = acquires.push(one) - 1;
    if (step.abort === 'before') controller.abort('aborted');
    acquire(step.role, { signal: controller.signal, timeoutMs: step.timeoutMs }).then(
      (lease) => {
        Object.assign(one, { lease, outcome: 'granted' });
        granted.push(index);
      },
      (error: unknown) => {
        one.outcome = error instanceof Error && 'code' in error ? error.code : error;
      },
    );
    if (step.abort === 'at once') controller.abort('aborted');
  };
  const release = (one: Acquire | undefined): void => {
    one?.lease?.release();
    if (one !== undefined) one.lease = undefined;
  };
  const apply = async (step: Command): Promise<void> => {
    if (step.do === 'wait') return wait(step.ticks);
    if (step.do === 'acquire') return start(step);
    if (step.do === 'pass') {
      vi.advanceTimersByTime(step.ms);
      return wait(8);
    }
    if (step.do === 'try') {
      const waiting = lock.waiting;
      const lease = tryAcquire(step.role);
      if (lease === undefined) return;
      expect(waiting).toBe(0);
      acquires.push({ ...countedController(), role: step.role, lease, outcome: 'granted' });
      return;
    }
    const abort = (): void => pending()[step.which % pending().length]?.controller.abort('aborted');
    if (step.do.startsWith('abort')) abort();
    if (step.do !== 'abort') release(held()[step.which % held().length]);
    if (step.do.endsWith('and abort')) abort();
  };

  for (const step of commands) {
    await apply(step);
    expect(isAllowed(held().map((one) => one.role))).toBe(true);
    expect(lock.waiting).toBeLessThanOrEqual(maxWaiters);
  }

  await wait(8);
  expect(inside()).toBe(held().length);
  expect(lock.waiting).toBe(pending().length);
  const [next] = pending();
  if (next !== undefined) expect(isAllowed([...held(), next].map((one) => one.role))).toBe(false);
  expect(granted).toEqual(granted.toSorted((a, b) => a - b));

  let closed: unknown = 'pending';
  lock.close().then(
    () => (closed = undefined),
    (error: unknown) => (closed = error),
  );
  const leaked = held().length;
  vi.advanceTimersByTime(30);
  await wait(12);
  if (leaked === 0) expect(closed).toBeUndefined();
  else expect(closed).toMatchObject({ code: 'DEX_DRAIN', leases: leaked });
  for (const one of held()) release(one);
  expect(inside()).toBe(0);
  expect(acquires.filter(({ outcome }) => !outcomes.some((known) => known === outcome))).toEqual([]);
  expect(acquires.map(({ listeners }) => listeners())).toEqual(acquires.map(() => 0));
  expect(vi.getTimerCount()).toBe(0);
}
