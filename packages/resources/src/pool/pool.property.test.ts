import fc from 'fast-check';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { runSchedule, schedule } from '../../test/pool-schedule.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a pool under any interleaving', () => {
  it('never exceeds max, loses no place, settles every acquire, and leaves nothing', async () => {
    await fc.assert(fc.asyncProperty(schedule, runSchedule), { numRuns: 200 });
  });
});
