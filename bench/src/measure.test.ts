import { describe, expect, it } from 'vitest';
import { sum } from '../test/sum.ts';
import { calibrate, measure, nextCount, prepare } from './measure.ts';

describe('prepare', () => {
  it('hands out a subject whose result is right', async () => {
    const prepared = await prepare(sum(1), 'other');
    expect(await prepared.run(5)).toBe(5);
  });

  it('refuses a wrong result, and a name that there is not', async () => {
    await expect(prepare(sum(2), 'other')).rejects.toThrow('Expected values to be strictly equal');
    await expect(prepare(sum(1), 'another')).rejects.toThrow('no such subject');
  });
});

describe('measure', () => {
  it('divides by the operations, and counts CPU time apart from waiting', async () => {
    const wait = { run: (n: number) => new Promise<void>((resolve) => void setTimeout(resolve, 20 * n)) };
    const { wallNs, cpuNs } = await measure(wait, 2);
    expect(wallNs).toBeGreaterThan(19e6);
    expect(cpuNs).toBeLessThan(wallNs);
  });
});

describe('calibrate', () => {
  it('finds how many operations take the least time', async () => {
    const wait = { run: (n: number) => new Promise<void>((resolve) => void setTimeout(resolve, 2 * n)) };
    expect(await calibrate(wait, 10)).toBeGreaterThanOrEqual(2);
    expect(await calibrate(wait, 0)).toBe(1);
  });
});

describe('nextCount', () => {
  it('keeps a count that took long enough', () => {
    expect(nextCount(100, 50, 50)).toBe(100);
  });

  it('aims a little past the least time, ten times further at most', () => {
    expect(nextCount(100, 25, 50)).toBe(240);
    expect(nextCount(100, 0.001, 50)).toBe(1_000);
    expect(nextCount(1, 0, 50)).toBe(10);
  });

  it('always grows when the time was too short', () => {
    expect(nextCount(1, 49.9, 50)).toBe(2);
  });
});
