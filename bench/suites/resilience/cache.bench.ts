import { strictEqual } from 'node:assert/strict';
import { cache, coalesce } from '@dataenginex/resilience';
import { LRUCache } from 'lru-cache';
import { benchmark } from '../../src/benchmark.ts';

const cities = Array.from({ length: 100 }, (_, index) => `city ${index}`);
const readLength = async (city: string): Promise<number> => city.length;

/** One subject: the same reads, by whatever keeps or shares them. */
const reading = (read: (city: string) => Promise<number>) => ({
  run: async (n: number) => {
    let sum = 0;
    for (let done = 0; done < n; done++) sum += await read(cities[done % cities.length] ?? '');
    return sum;
  },
});

export const bench = benchmark({
  title: 'A hit of the cache',
  about:
    'One operation is an awaited read of one of 100 keys, all of them kept. By hand: a Map of results and their ends, ' +
    'without a bound. coalesce keeps nothing, and finds no call to join here.',
  baseline: 'a Map by hand',
  subjects: {
    'a Map by hand': () => {
      const kept = new Map<string, { result: number; freshUntil: number }>();
      return reading(async (city) => {
        const entry = kept.get(city);
        if (entry && performance.now() < entry.freshUntil) return entry.result;
        const result = await readLength(city);
        kept.set(city, { result, freshUntil: performance.now() + 3_600_000 });
        return result;
      });
    },
    '@dataenginex/resilience wrapping': () => reading(cache({ ttlMs: 3_600_000 })(readLength)),
    '@dataenginex/resilience run()': () => {
      const kept = cache({ ttlMs: 3_600_000 });
      return reading((city) => kept.run(() => readLength(city), { key: city }));
    },
    'lru-cache fetch': () => {
      const kept = new LRUCache<string, number>({ max: 1_000, ttl: 3_600_000, fetchMethod: readLength });
      return reading((city) => kept.forceFetch(city));
    },
    '@dataenginex/resilience coalesce': () => reading(coalesce()(readLength)),
  },
  check: (sum, n) => {
    const lengths = cities.map(({ length }) => length);
    let expected = 0;
    for (let done = 0; done < n; done++) expected += lengths[done % lengths.length] ?? 0;
    strictEqual(sum, expected);
  },
});
