/** @import { Reject } from '../../model.ts' */
import { check, find, make, say } from './dom.js';
import { count, plural } from './format.js';

const fewRows = 10;
const stationNames = { seattle: 'Seattle', 'new-york': 'New York' };

/**
 * Lists what was set aside. All of it came from outside: it becomes text only.
 *
 * @param {readonly Reject[]} rejects
 * @param {string} reason One of the reasons, or `all`.
 * @param {boolean} unfolded Whether to list all of them, not the first few.
 */
export function showRejects(rejects, reason, unfolded) {
  const shown = reason === 'all' ? rejects : rejects.filter((reject) => reject.reason === reason);
  for (const element of document.querySelectorAll('#reasons [data-count]')) {
    const wanted = element.getAttribute('data-count');
    element.textContent = count(rejects.filter((reject) => wanted === 'all' || reject.reason === wanted).length);
  }
  check('reason', reason);
  say(
    '#rejects-shown',
    shown.length === 0 ? nothing(rejects.length) : `${plural(shown.length, 'observation')} set aside.`,
  );
  find('#rejects').classList.toggle('empty', shown.length === 0);
  find('#rejects tbody').replaceChildren(
    ...shown.slice(0, unfolded ? undefined : fewRows).map((reject) => row(reject)),
  );
  find('#unfold').hidden = unfolded || shown.length <= fewRows;
  say('#unfold', `Show all ${count(shown.length)}`);
}

/** @param {number} all */
const nothing = (all) => (all === 0 ? 'Nothing has been set aside.' : 'Nothing was set aside for this reason.');

/** @param {Reject} reject */
function row({ reason, station, file, row: index, message, raw }) {
  return make('tr', { role: 'row' }, [
    cell('Reason', 'reason', [reason]),
    cell('Station', '', [stationNames[station]]),
    cell('Where', 'where', [make('code', {}, [file]), ' ', make('small', {}, [`row ${index}`])]),
    cell('What was wrong', 'wrong', [message]),
    cell('As read', 'raw', [make('code', {}, [received(raw)])]),
  ]);
}

/** @param {string} label @param {string} name @param {readonly (Node | string)[]} children */
const cell = (label, name, children) => make('td', { role: 'cell', class: name, 'data-label': label }, children);

/** @param {Record<string, unknown>} raw */
const received = (raw) =>
  Object.entries(raw)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
