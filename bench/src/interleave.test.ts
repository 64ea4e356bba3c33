import { describe, expect, it } from 'vitest';
import { interleave } from './interleave.ts';

describe('interleave', () => {
  it('gives each one a turn in every round, and begins with another one each time', async () => {
    const log: string[] = [];
    const entrants = ['a', 'b', 'c'].map((name) => async () => {
      log.push(name);
      return `${name}${log.length}`;
    });
    const results = await interleave(entrants, 4, (round) => void log.push(`${round}:`));
    expect(log.join(' ')).toBe('1: a b c 2: b c a 3: c a b 4: a b c');
    expect(results[0]).toEqual(['a2', 'a8', 'a11', 'a14']);
  });

  it('never runs two at once', async () => {
    let running = 0;
    const entrant = async (): Promise<void> => {
      expect(++running).toBe(1);
      await new Promise((resolve) => void setTimeout(resolve, 1));
      running -= 1;
    };
    await interleave([entrant, entrant], 2);
    expect(running).toBe(0);
  });
});
