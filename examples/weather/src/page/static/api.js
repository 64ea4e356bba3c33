/** @import { Insights, Reject, RunState } from '../../model.ts' */

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
async function read(path) {
  const response = await fetch(path);
  if (response.ok) return response.json();
  const { detail } = await response.json();
  throw new Error(detail);
}

/** @param {string} station @returns {Promise<Insights>} */
export const readInsights = (station) => read(`/api/insights?station=${encodeURIComponent(station)}`);

/** @returns {Promise<readonly Reject[]>} */
export const readRejects = () => read('/api/rejects');

/**
 * Follows the run. The browser asks again by itself when the server went away.
 *
 * @param {(run: RunState) => void} onRun
 * @param {() => void} onLost
 */
export function watchRun(onRun, onLost) {
  const events = new EventSource('/api/events');
  events.addEventListener('run', (event) => onRun(JSON.parse(event.data)));
  events.addEventListener('error', onLost);
}
