import fc from 'fast-check';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { lockSchedule, runLockSchedule } from '../../test/lock-schedule.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('semaphores and locks under any interleaving', () => {
  it('let in only who may, in order, settle every acquire, and leave nothing', async () => {
    await fc.assert(fc.asyncProperty(lockSchedule, runLockSchedule), { numRuns: 300 });
  });
});
