import { describe, expect, it } from 'vitest';
import { type Fault, seededFaults } from './faults.ts';

const keys = Array.from({ length: 98 }, (_, index) => `/v1/archive?month=${index}`);

/** What a run meets that asks for each key until it is answered. */
function run(seed: number): Map<string, Fault[]> {
  const decide = seededFaults(seed);
  const faults = new Map<string, Fault[]>();
  for (const key of keys) {
    const met: Fault[] = [];
    for (let fault = decide(key); fault !== undefined; fault = decide(key)) met.push(fault);
    faults.set(key, met);
  }
  return faults;
}

describe('seededFaults', () => {
  it('is the same for the same seed, in whatever order the requests come', () => {
    const [wanted, decide] = [run(7), seededFaults(7)];
    const got = new Map(keys.map((key) => [key, [] as Fault[]]));
    let left = keys.toReversed();
    while (left.length > 0)
      left = left.filter((key) => {
        const fault = decide(key);
        if (fault !== undefined) got.get(key)?.push(fault);
        return fault !== undefined;
      });
    expect(got).toEqual(wanted);
  });

  it('differs from seed to seed', () => {
    expect(run(7)).not.toEqual(run(8));
  });

  it('fails about 26 % of requests, in every way, with few of those that cost a wait', () => {
    const met = Array.from({ length: 100 }, (_, seed) => [...run(seed).values()]);
    const faults = met.flat(2);
    const requests = faults.length + 100 * keys.length;
    const share = (kind: Fault) => faults.filter((fault) => fault === kind).length / requests;
    expect(faults.length / requests).toBeGreaterThan(0.24);
    expect(faults.length / requests).toBeLessThan(0.28);
    for (const kind of ['503', '429', 'reset', 'cut body', 'cut chunks'] as const)
      expect(share(kind)).toBeGreaterThan(0.01);
    expect(share('429')).toBeLessThan(0.03);
    expect(share('hang')).toBeGreaterThan(0.001);
    expect(share('hang')).toBeLessThan(0.01);
  });

  it('never fails one request more than three times in a row', () => {
    const longest = Array.from({ length: 100 }, (_, seed) =>
      Math.max(...[...run(seed).values()].map((met) => met.length)),
    );
    expect(Math.max(...longest)).toBe(3);
  });
});
