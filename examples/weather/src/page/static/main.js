/** @import { Insights, Reject, RunState } from '../../model.ts' */
import { readInsights, readRejects, watchRun } from './api.js';
import { drawCharts } from './charts.js';
import { offered, readChoice, writeChoice } from './choice.js';
import { showContracts } from './contracts.js';
import { check, find, say } from './dom.js';
import { show } from './record.js';
import { showRejects } from './rejects.js';
import { showRun } from './run.js';
import { showSummary } from './summary.js';

const refreshMs = 500;
const years = offered('year').filter((year) => year !== 'all');

let choice = readChoice();
let unfolded = false;
/** @type {RunState | null} */
let run = null;
let runAt = 0;
let lost = false;
/** @type {Map<string, Insights>} */
const insights = new Map();
/** @type {readonly Reject[]} */
let rejects = [];
/** What the data on the page was read at; where the run has gone on it is read again. */
let readAt = '';

const stage = () => JSON.stringify([choice.station, run?.status, run?.clean, run?.rejected]);

function showRecord() {
  const known = insights.get(choice.station) ?? { days: [], months: [], years: [] };
  const shown = show(known, choice.year, years);
  const name = find(`label[for="${choice.station}"]`).textContent;
  showSummary(shown, name, choice.year === 'all' ? `${years[0]}–${years.at(-1)}` : choice.year);
  drawCharts(known, shown);
}

function showState() {
  if (run === null && lost) say('#status', 'No answer from the server');
  if (run !== null) showRun(run, lost, performance.now() - runAt);
}

async function refresh() {
  const { station } = choice;
  const at = stage();
  if (lost || at === readAt) return;
  try {
    const [got, set] = await Promise.all([readInsights(station), readRejects()]);
    insights.set(station, got);
    rejects = set;
    readAt = at;
    say('#problem', '');
  } catch (error) {
    // A server that went away is told of by the run's state.
    if (!(error instanceof TypeError)) say('#problem', `The data could not be read. ${String(error)}`);
  }
  showRecord();
  showRejects(rejects, choice.reason, unfolded);
}

let refreshing = false;
async function refreshSoon() {
  if (refreshing) return;
  refreshing = true;
  await refresh();
  setTimeout(() => {
    refreshing = false;
    if (!lost && stage() !== readAt) void refreshSoon();
  }, refreshMs);
}

/** @param {Event} event */
function choose(event) {
  const { target } = event;
  if (!(target instanceof HTMLInputElement)) return;
  choice = { ...choice, [target.name]: target.value };
  writeChoice(choice);
  showRecord();
  showRejects(rejects, choice.reason, unfolded);
  void refresh();
}

check('station', choice.station);
check('year', choice.year);
showRecord();
showContracts([]);
showRejects(rejects, choice.reason, unfolded);
document.addEventListener('change', choose);
find('#unfold').addEventListener('click', () => {
  unfolded = true;
  showRejects(rejects, choice.reason, unfolded);
  find('#rejects').focus();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showRecord);
new ResizeObserver(showRecord).observe(find('#charts'));
setInterval(showState, 250);

watchRun(
  (state) => {
    run = state;
    runAt = performance.now();
    showContracts(run.verdicts);
    if (lost) readAt = '';
    lost = false;
    showState();
    void refreshSoon();
  },
  () => {
    lost = true;
    showState();
  },
);
