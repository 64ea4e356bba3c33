// Uses scopes, tasks, a pool and locks in loops, with successes, failures, timeouts and aborts mixed, and prints what is
// left of them: `node --expose-gc million-uses.ts USES`.
import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import {
  all,
  type AcquireOptions,
  createPool,
  type Lease,
  Mutex,
  openScope,
  race,
  ReadWriteLock,
  resource,
  type Scope,
  Semaphore,
  withScope,
  withTimeout,
} from '../src/index.ts';

const uses = Number(process.argv[2]);
const atOnce = 100;

let made = 0;
const pool = createPool({
  create: async () => {
    made += 1;
    if (made % 10 === 0) throw new Error('refused');
    return { id: made, usedBy: 0 };
  },
  validate: ({ id, usedBy }) => (id % 7 === 0 ? Promise.resolve(usedBy < 50) : usedBy < 100),
  destroy: async () => {},
});
const [semaphore, mutex, lock] = [new Semaphore(8), new Mutex(), new ReadWriteLock()];
const service = new AbortController(); // its signal lives as long as the process

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const managed = resource(async function* managed() {
  yield turn();
});
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

async function borrow(options: AcquireOptions, kind: number): Promise<void> {
  const lease = await pool.acquire(options);
  lease.value.usedBy += 1;
  if (kind % 3 === 0) await turn();
  if (kind % 41 === 0) lease.discard();
  else lease.release();
}

async function hold(acquired: Promise<Lease>): Promise<void> {
  const lease = await acquired;
  await turn();
  lease.release();
}

async function fill(scope: Scope, kind: number): Promise<void> {
  scope.defer(async () => turn());
  scope.onExit(() => kind % 5 === 0);
  await scope.use(managed());
  scope.spawn(async ({ signal }) => (kind % 2 === 0 ? aborted(signal) : turn()));
  scope.shield(turn);
  if (kind % 7 === 0) throw new Error('failed');
  if (kind % 2 === 0) await scope.close();
}

const kinds: readonly ((options: { signal: AbortSignal }, kind: number) => Promise<unknown>)[] = [
  borrow,
  async ({ signal }, kind) => borrow({ signal, timeoutMs: kind % 4 === 0 ? 1 : 60_000 }, kind),
  async (options) => hold(semaphore.acquire(options)),
  async ({ signal }, kind) => hold(mutex.acquire({ signal, timeoutMs: kind % 4 === 0 ? 1 : 60_000 })),
  async (options, kind) => hold(kind % 8 === 0 ? lock.acquireWrite(options) : lock.acquireRead(options)),
  async (options, kind) => withScope(options, (scope) => fill(scope, kind)),
  async (options, kind) => {
    await using scope = openScope(options);
    await fill(scope, kind);
  },
  async (options, kind) =>
    kind % 20 === 0 ? withTimeout(2, ({ signal }) => aborted(signal), options) : withTimeout(60_000, turn, options),
  async (options, kind) => all([turn, async () => kind, () => kind], { ...options, concurrency: 2 }),
  async (options) => race([turn, ({ signal }) => aborted(signal)], options),
];

const outcomes: Record<string, number> = {};
async function useAll(count: number): Promise<void> {
  let begun = 0;
  const user = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const kind = Math.floor(begun / kinds.length);
      const own = kind % 53 === 0 ? new AbortController() : undefined;
      const used = kinds[begun % kinds.length]!({ signal: own?.signal ?? service.signal }, kind);
      if (own) queueMicrotask(() => own.abort());
      const outcome = await used.then(
        () => 'success',
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, user));
}

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    await turn();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

await useAll(uses / 10); // warm: code is compiled, the pool is full
const before = await heapUsed();
const promises = new Set<number>();
const hook = createHook({
  init: (id, type) => void (type === 'PROMISE' && promises.add(id)),
  destroy: (id) => void promises.delete(id),
});
await useAll((uses * 9) / 10);
const after = await heapUsed();

// Once more with every promise followed, which takes several times as long, so of fewer uses.
hook.enable();
await useAll(Math.min(uses / 10, 20_000));
for (let round = 0; round < 20 && promises.size > 20; round += 1) await heapUsed(); // told of a while after the collection
hook.disable();

const { borrowed, waiting, creating, validating, destroying } = pool.stats();
await pool.close();
console.log(
  JSON.stringify({
    outcomes,
    heapGrowth: after - before,
    promises: promises.size,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate'),
    listeners: getEventListeners(service.signal, 'abort').length,
    pool: { borrowed, waiting, creating, validating, destroying },
    locks: { free: semaphore.available, locked: mutex.locked, readers: lock.readers, writing: lock.writing },
    waiting: semaphore.waiting + mutex.waiting + lock.waiting,
  }),
);
