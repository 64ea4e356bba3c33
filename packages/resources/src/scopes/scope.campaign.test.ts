import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openScopeProperty } from '../../test/open-scope-property.ts';
import { syncScopeProperty } from '../../test/sync-scope-property.ts';
import { withScopeProperty } from '../../test/with-scope-property.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const numRuns = Math.ceil(10_000 * scale);
const limit = 120_000 + numRuns * 20;

const countTimers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe(`${numRuns} random schedules`, () => {
  it('of openScope hold its promises', { timeout: limit }, () => fc.assert(openScopeProperty, { numRuns }));

  it('of withScope hold its promises, and leave no timer', { timeout: limit }, async () => {
    const before = countTimers(); // one of the runner may end meanwhile
    await fc.assert(withScopeProperty, { numRuns });
    expect(countTimers()).toBeLessThanOrEqual(before);
  });

  it('of openSyncScope hold its promises', { timeout: limit }, () => fc.assert(syncScopeProperty, { numRuns }));
});
