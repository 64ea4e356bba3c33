import { setTimeout as sleep } from 'node:timers/promises';

/** How one call went, on the clock of `performance.now()`. */
export interface Outcome {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly served: boolean;
}

/** Makes calls at a steady rate, whether earlier ones have been answered or not, and waits for them all. */
export async function drive(
  call: () => Promise<unknown>,
  { calls, perSecond }: { calls: number; perSecond: number },
): Promise<Outcome[]> {
  const outcomes: Promise<Outcome>[] = [];
  const startMs = performance.now();
  for (let made = 0; made < calls; made++) {
    const waitMs = startMs + (made * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const beganMs = performance.now();
    const end = (served: boolean): Outcome => ({ beganMs, endedMs: performance.now(), served });
    outcomes.push(
      call().then(
        () => end(true),
        () => end(false),
      ),
    );
  }
  return Promise.all(outcomes);
}

/** The smallest value that at least the share `q` of them do not exceed. */
export function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * q) - 1)] ?? Number.NaN;
}
