import { describe, expect, it } from 'vitest';
import { sum } from '../test/sum.ts';
import type { Benchmark } from './benchmark.ts';
import { measureAll, nextCount, rotate } from './measure.ts';

const effort = { rounds: 4, minMs: 0 };

describe('measureAll', () => {
  it('measures every subject once a round', async () => {
    const timings = await measureAll(sum(1), effort);
    expect(Object.keys(timings)).toEqual(['loop', 'other']);
    for (const { samples } of Object.values(timings)) expect(samples).toHaveLength(4);
  });

  it('refuses a wrong result, naming its subject', async () => {
    await expect(measureAll(sum(2), effort)).rejects.toThrow('other: Expected values to be strictly equal');
  });

  it('checks all results before the first round, then begins each round with another subject', async () => {
    const log: string[] = [];
    const subject = (name: string) => () => ({
      run: () => void log.push(name),
      teardown: () => void log.push(`-${name}`),
    });
    const bench: Benchmark = {
      title: '',
      about: '',
      baseline: 'a',
      subjects: { a: subject('a'), b: subject('b'), c: subject('c') },
      check: () => void log.push('checked'),
    };
    await measureAll(bench, effort, (round) => void log.push(`round ${round}`));
    const text = log.join(' ');
    expect(text).toMatch(/^a checked b checked c checked a a b b c c round 1/);
    expect(text).toContain('round 1 a b c round 2 b c a round 3 c a b round 4 a b c');
    expect(text).toMatch(/-a -b -c$/);
  });

  it('tears down what it had set up when a later subject fails', async () => {
    const log: string[] = [];
    const bench: Benchmark = {
      title: '',
      about: '',
      baseline: 'a',
      subjects: {
        a: () => ({ run: () => 1, teardown: () => void log.push('closed') }),
        b: () => Promise.reject(new Error('no server')),
      },
      check: () => {},
    };
    await expect(measureAll(bench, effort)).rejects.toThrow('b: no server');
    expect(log).toEqual(['closed']);
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

describe('rotate', () => {
  it('moves the first ones to the end, round and round', () => {
    expect([0, 1, 2, 3].map((by) => rotate(['a', 'b', 'c'], by).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
