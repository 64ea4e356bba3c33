import { describe, expect, it } from 'vitest';
import { Crash, memory, runUntilDone } from '../../test/checkpoints.ts';
import { map, mapAsync, type Operator, pipe, type Reject } from '../index.ts';

const even = (n: number): string => {
  if (n % 2 === 1) throw new RangeError('No odd numbers.');
  return `${n}`;
};

describe.each<[string, (rejects: (reject: Reject) => void) => Operator<number, string>]>([
  ['map', (rejects) => map(even, { rejects, maxRejects: Infinity })],
  ['mapAsync', (rejects) => mapAsync(async (n: number) => even(n), { rejects, maxRejects: Infinity })],
])('rejects of %s', (_name, make) => {
  it('take part in checkpoints: nothing is lost, and only what lies behind the last is told again', async () => {
    const { kept, store, exactSink } = memory();
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    const told: number[] = [];
    let crashesAt = 1500;
    const crash = (n: number): number => {
      if (n !== crashesAt) return n;
      crashesAt = -1;
      throw new Crash();
    };
    const job = () =>
      pipe(
        numbers,
        map(crash),
        make(({ value }) => void told.push(Number(value))),
      );
    expect(await runUntilDone(job, exactSink, store)).toBe(2);
    expect(kept.items).toEqual(numbers.filter((n) => n % 2 === 0).map(String));
    expect(new Set(told).size).toBe(1000);
    expect(told.length).toBeLessThan(1750); // from the beginning again it would be 1750
  });
});
