import { describe, expect, it } from 'vitest';
import { ratios, spread } from './statistics.ts';

describe('ratios', () => {
  it('divides round by round, so a slow round cancels out', () => {
    expect(ratios([2, 20, 2], [1, 10, 1])).toEqual([2, 2, 2]);
  });
});

describe('spread', () => {
  it('does not depend on the order', () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, p10: 1.4, p90: 4.6 });
  });

  it('takes the middle of two', () => {
    expect(spread([1, 2])).toEqual({ median: 1.5, p10: 1.1, p90: 1.9 });
  });

  it('of one value is that value', () => {
    expect(spread([7])).toEqual({ median: 7, p10: 7, p90: 7 });
  });

  it('compares numbers, not their text', () => {
    expect(spread([10, 9, 100]).median).toBe(10);
  });
});
