import { instrument } from '@dataenginex/core';

const requests = instrument('@dataenginex/http').counter('dex.http.cache.requests', {
  unit: '{request}',
  description: 'Requests of a client with a cache, by what it had for them.',
});

const results = {
  /** Fresh. */
  hit: { 'dex.cache.result': 'hit' },
  /** Given although it was stale: a refresh is under way, the request allowed it, or the server fails. */
  stale: { 'dex.cache.result': 'stale' },
  /** The server said that what is stored still holds. */
  revalidated: { 'dex.cache.result': 'revalidated' },
  /** Came with the request of another caller. */
  collapsed: { 'dex.cache.result': 'collapsed' },
  miss: { 'dex.cache.result': 'miss' },
  /** Not for a cache. */
  bypass: { 'dex.cache.result': 'bypass' },
};

export function countRequest(result: keyof typeof results): void {
  requests.add(1, results[result]);
}
