import { fromChunks } from '../src/index.ts';

/** Every way items may arrive: `chunks` are handed over as they are, or item by item. */
export const sources = {
  array: <T>(chunks: readonly (readonly T[])[]): Iterable<T> => chunks.flat(),
  'sync generator': function* <T>(chunks: readonly (readonly T[])[]) {
    for (const chunk of chunks) yield* chunk;
  },
  'async generator': async function* <T>(chunks: readonly (readonly T[])[]) {
    for (const chunk of chunks) yield* chunk;
  },
  chunks: <T>(chunks: readonly (readonly T[])[]): AsyncIterable<T> => fromChunks(() => chunks),
};

/** Cuts a list at the given places, which may repeat or lie outside. */
export function cut<T>(items: readonly T[], places: readonly number[]): T[][] {
  const borders = [0, ...places.map((place) => Math.min(place, items.length)).toSorted((a, b) => a - b), items.length];
  return borders.slice(1).map((end, index) => items.slice(borders[index], end));
}

export const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A source that notes what it was asked for and whether it was closed; it hangs at its end when told to. */
export function watched(count: number, { hangs = false } = {}) {
  const seen = { pulled: 0, closed: 0 };
  async function* items() {
    try {
      for (let n = 0; n < count; n += 1) {
        seen.pulled += 1;
        yield n;
      }
      if (hangs) await new Promise(() => {});
    } finally {
      await delay(5);
      seen.closed += 1;
    }
  }
  return { seen, items };
}

/** Whether no timer is left within ten seconds: those of the test runner come and go. */
export async function timersEnd(): Promise<boolean> {
  const begun = performance.now();
  while (process.getActiveResourcesInfo().includes('Timeout')) {
    if (performance.now() - begun > 10_000) return false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
}
