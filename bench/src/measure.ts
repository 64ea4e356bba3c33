import type { Benchmark, Prepared } from './benchmark.ts';

/** What one operation took, in nanoseconds. */
export interface Sample {
  readonly wallNs: number;
  /** User and system time of this process, on all its threads. */
  readonly cpuNs: number;
}

export interface Effort {
  readonly rounds: number;
  /** The least time that a subject runs in each round. */
  readonly minMs: number;
}

export interface Timing {
  /** Operations in each round. */
  readonly n: number;
  readonly samples: readonly Sample[];
}

const checkedRuns = 2;
const nsPerMs = 1e6;
const nsPerUs = 1e3;

/**
 * Checks every subject, then measures them side by side: in each round every subject has its turn, and each round
 * begins with another one.
 */
export async function measureAll(
  bench: Benchmark,
  { rounds, minMs }: Effort,
  onRound: (round: number) => void = () => {},
): Promise<Record<string, Timing>> {
  const entrants: { name: string; prepared: Prepared<unknown>; n: number; samples: Sample[] }[] = [];
  try {
    for (const [name, subject] of Object.entries(bench.subjects)) {
      const prepared = await named(name, async () => {
        const ready = await subject();
        bench.check(await ready.run(checkedRuns), checkedRuns);
        return ready;
      });
      entrants.push({ name, prepared, n: 1, samples: [] });
    }
    for (const entrant of entrants) entrant.n = await named(entrant.name, () => calibrate(entrant.prepared, minMs));
    for (let round = 0; round < rounds; round++) {
      onRound(round + 1);
      for (const { name, prepared, n, samples } of rotate(entrants, round)) {
        samples.push(await named(name, () => measure(prepared, n)));
      }
    }
  } finally {
    for (const { prepared } of entrants) await prepared.teardown?.();
  }
  return Object.fromEntries(entrants.map(({ name, n, samples }) => [name, { n, samples }]));
}

/** How many operations take at least `minMs`, twice in a row, since the first runs are slowed by the compiler. */
async function calibrate(prepared: Prepared<unknown>, minMs: number): Promise<number> {
  let n = 1;
  for (let enough = 0; enough < 2;) {
    const { wallNs } = await measure(prepared, n);
    const grown = nextCount(n, (wallNs * n) / nsPerMs, minMs);
    enough = grown === n ? enough + 1 : 0;
    n = grown;
  }
  return n;
}

/** `n` when `tookMs` was enough, else a larger one: ten times at most, as the first runs tell little. */
export function nextCount(n: number, tookMs: number, minMs: number): number {
  return tookMs >= minMs ? n : Math.ceil(n * Math.min(10, (1.2 * minMs) / tookMs));
}

export function rotate<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function measure(prepared: Prepared<unknown>, n: number): Promise<Sample> {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await prepared.run(n);
  const wallNs = (performance.now() - start) * nsPerMs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallNs: wallNs / n, cpuNs: ((user + system) * nsPerUs) / n };
}

async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
