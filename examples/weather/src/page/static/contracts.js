/** @import { Verdict } from '../../model.ts' */
import { find, make } from './dom.js';
import { count, fullDate, plural } from './format.js';

const layers = {
  raw: 'As the upstream sends it',
  clean: 'Days that were let through',
  insights: 'Months made of them',
};

/**
 * Shows what became of each layer's contract, and of the runs before.
 *
 * @param {readonly Verdict[]} verdicts
 */
export function showContracts(verdicts) {
  find('#layers').replaceChildren(
    ...Object.entries(layers).map(([layer, what]) => card(layer, what, verdictOf(verdicts, layer))),
  );
}

/** @param {readonly Verdict[]} verdicts @param {string} layer */
const verdictOf = (verdicts, layer) => verdicts.find((verdict) => verdict.layer === layer);

/** @param {string} layer @param {string} what @param {Verdict | undefined} verdict */
function card(layer, what, verdict) {
  const state = verdict === undefined ? 'open' : verdict.success ? 'kept' : 'broken';
  return make('li', { class: state }, [
    make('h3', {}, [layer]),
    make('p', { class: 'hint' }, [what]),
    ...(verdict === undefined ? [make('p', { class: 'verdict' }, ['Not judged yet'])] : judged(verdict)),
  ]);
}

/** @param {Verdict} verdict */
function judged({ layer, success, rules, rows, broken, history }) {
  const words = broken.length === 0 ? `All ${rules.total} rules kept` : `${rules.kept} of ${rules.total} rules kept`;
  const label = `The report on the ${layer} layer`;
  return [
    make('p', { class: 'verdict' }, [make('a', { href: `/quality/${layer}`, 'aria-label': label }, [words])]),
    make('ul', { class: 'broken-rules' }, broken.map(brokenRule)),
    make('p', { class: 'past' }, [
      ...history.map((run) => mark(run, '')),
      mark({ at: new Date().toISOString(), success, rows }, ' now'),
      make('small', {}, [history.length === 0 ? 'the first run' : `${plural(history.length, 'run')} before this one`]),
    ]),
  ];
}

/** @param {Verdict['broken'][number]} rule */
function brokenRule({ rule, critical, found }) {
  return make('li', { class: critical ? 'critical' : 'warning' }, [make('b', {}, [rule]), ' ', found]);
}

/** @param {Verdict['history'][number]} run @param {string} now */
function mark({ at, success, rows }, now) {
  const title = `${fullDate(at)}: ${success ? 'kept' : 'broken'}, ${count(rows)} rows`;
  return make('span', {
    class: `${success ? 'mark kept' : 'mark broken'}${now}`,
    role: 'img',
    title,
    'aria-label': title,
  });
}
