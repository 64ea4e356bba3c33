/** @import { RunState } from '../../model.ts' */
import { find, make, say } from './dom.js';
import { count, elapsed, plural } from './format.js';

/**
 * Says how far the run is.
 *
 * @param {RunState} run
 * @param {boolean} lost Whether the server can no longer be heard.
 * @param {number} sinceMs Since the state was got.
 */
export function showRun(run, lost, sinceMs) {
  const { done, total } = run.months;
  const rejected = Object.values(run.rejected).reduce((sum, number) => sum + number, 0);
  const percent = total === 0 ? 0 : Math.floor((done / total) * 100);
  const state = lost ? 'lost' : run.status;
  document.documentElement.dataset.run = state;
  say('#status', headline(run, lost, percent));
  say('#note', note(run, lost));
  say('#source', run.source === 'live' ? 'Open-Meteo, live' : 'NOAA observations, replayed');

  find('#progress').setAttribute('max', String(Math.max(1, total)));
  find('#progress').setAttribute('value', String(done));
  say('#progress-text', `${count(done)} of ${plural(total, 'station-month')}`);
  say('#elapsed', elapsed(run.elapsedMs + (state === 'running' ? sinceMs : 0)));
  say('#rows', count(run.rows));
  say('#clean', count(run.clean));
  say('#rejected', count(rejected));
  say('#retries', count(run.retries));
  say('#fetched', count(run.fetched));
  list('#rejected-by', Object.entries(run.rejected), 'None so far');
  list('#faults', Object.entries(run.faults), 'None met so far');

  // A quarter at a time: a voice that reads every change would never stop.
  const quarter = Math.floor(percent / 25) * 25;
  say(
    '#announcement',
    state === 'running' ? `The run is ${quarter}% through.` : `${headline(run, lost, percent)}. ${note(run, lost)}`,
  );
}

/** @param {RunState} run @param {boolean} lost @param {number} percent */
function headline(run, lost, percent) {
  if (lost) return 'Server stopped';
  if (run.status === 'running') return `Running, ${percent}%`;
  return run.status === 'done' ? 'Run complete' : 'Run failed';
}

/** @param {RunState} run @param {boolean} lost */
function note({ status, error }, lost) {
  if (lost && status === 'running') return 'The run had not ended when the server stopped. What it had read is shown.';
  if (status === 'failed') return error ?? 'It gave no reason.';
  return lost ? 'What it last said is shown.' : '';
}

/** @param {string} selector @param {readonly [string, number][]} entries @param {string} empty */
function list(selector, entries, empty) {
  const rows = entries
    .filter(([, number]) => number > 0)
    .map(([name, number]) => make('div', {}, [make('dt', {}, [name]), make('dd', {}, [count(number)])]));
  find(selector).replaceChildren(
    ...(rows.length === 0 ? [make('div', {}, [make('dt', { class: 'none' }, [empty])])] : rows),
  );
}
