import fc from 'fast-check';
import { describe, it } from 'vitest';
import { openScopeProperty } from '../../test/open-scope-property.ts';
import { syncScopeProperty } from '../../test/sync-scope-property.ts';
import { withScopeProperty } from '../../test/with-scope-property.ts';

const runs = { numRuns: 300 };

describe('under any sequence of calls', () => {
  it('openScope ends its tasks, disposes of all it holds once, in order, and reports every error', () =>
    fc.assert(openScopeProperty, runs));

  it('withScope does so too, tells its exits what is in flight, and leaves nothing behind', () =>
    fc.assert(withScopeProperty, runs));

  it('openSyncScope disposes of all it is handed once, in time or late', () => fc.assert(syncScopeProperty, runs));
});
