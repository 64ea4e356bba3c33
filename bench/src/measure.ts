import type { Benchmark, Prepared, Usage } from './benchmark.ts';

/** What one operation took, in nanoseconds. */
export interface Sample {
  readonly wallNs: number;
  /** User and system time of the process that does the work, on all its threads. */
  readonly cpuNs: number;
}

const checkedRuns = 2;
const nsPerMs = 1e6;
const nsPerUs = 1e3;

/**
 * Sets a subject up and checks what it returns.
 *
 * @throws {Error} When that is wrong, or when there is no such subject.
 */
export async function prepare(bench: Benchmark, name: string): Promise<Prepared<unknown>> {
  const subject = bench.subjects[name];
  if (subject === undefined) throw new Error('no such subject');
  const prepared = await subject();
  bench.check(await prepared.run(checkedRuns), checkedRuns);
  return prepared;
}

/** How many operations take at least `minMs`, twice in a row, since the first runs are slowed by the compiler. */
export async function calibrate(prepared: Prepared<unknown>, minMs: number): Promise<number> {
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

/**
 * No garbage collection is forced before: V8 throws compiled code away with it, which made some subjects 2.5 times
 * slower and others not at all.
 */
export async function measure(prepared: Prepared<unknown>, n: number): Promise<Sample> {
  const { cpuUs } = usageOf(prepared);
  const start = performance.now();
  await prepared.run(n);
  const wallNs = (performance.now() - start) * nsPerMs;
  return { wallNs: wallNs / n, cpuNs: ((usageOf(prepared).cpuUs - cpuUs) * nsPerUs) / n };
}

/** Of the process that does the work: this one, or what it says. */
export function usageOf(prepared: Prepared<unknown>): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return prepared.usage?.() ?? { cpuUs: userCPUTime + systemCPUTime, peakRssBytes: maxRSS * 1024 };
}
