import fc from 'fast-check';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { lockSchedule, runLockSchedule } from '../../test/lock-schedule.ts';

const numRuns = Math.ceil(10_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('semaphores and locks', () => {
  it(`keep every promise in ${numRuns} random schedules`, { timeout: 120_000 + 20 * numRuns }, async () => {
    await fc.assert(fc.asyncProperty(lockSchedule, runLockSchedule), { numRuns });
  });
});
