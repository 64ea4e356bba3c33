import fc from 'fast-check';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { runSchedule, schedule } from '../../test/pool-schedule.ts';

const numRuns = Math.ceil(10_000 * Number(process.env['DEX_CAMPAIGN'] ?? 0.02));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a pool', () => {
  it(`keeps every promise in ${numRuns} random schedules`, { timeout: 120_000 + 20 * numRuns }, async () => {
    await fc.assert(fc.asyncProperty(schedule, runSchedule), { numRuns });
  });
});
