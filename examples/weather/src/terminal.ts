import { relative } from 'node:path';
import { styleText } from 'node:util';
import type { RunState, View } from './model.ts';

const barWidth = 28;
const redrawMs = 100;

/**
 * Shows how far the run is until disposed: a bar that redraws itself in a terminal, a line each quarter of the way
 * elsewhere.
 */
export function showProgress(view: View, out: NodeJS.WriteStream): Disposable {
  return out.isTTY ? drawBar(view, out) : printQuarters(view, out);
}

function drawBar(view: View, out: NodeJS.WriteStream): Disposable {
  const draw = (): void => {
    const { months, rows, retries } = view.run();
    if (months.total === 0) return;
    const filled = Math.round((barWidth * months.done) / months.total);
    const bar = styleText('cyan', '█'.repeat(filled)) + styleText('dim', '░'.repeat(barWidth - filled));
    const counts = `${months.done}/${months.total} months  ${format(rows)} rows  ${counted(retries, 'retry', 'retries')}`;
    out.write(`\r\u001B[K  ${bar}  ${counts}`);
  };
  draw();
  const timer = setInterval(draw, redrawMs).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      draw();
      out.write('\n');
    },
  };
}

function printQuarters(view: View, out: NodeJS.WriteStream): Disposable {
  let printed = 0;
  return view.subscribe(() => {
    const { months, rows } = view.run();
    const quarter = months.total === 0 ? 0 : Math.floor((4 * months.done) / months.total);
    if (quarter === printed) return;
    printed = quarter;
    out.write(`  ${months.done} of ${months.total} months, ${format(rows)} rows\n`);
  });
}

/** What a finished run comes to, for a person. */
export function summarize(view: View, dataFolder: string): string {
  const run = view.run();
  const rejected = Object.values(run.rejected).reduce((sum, count) => sum + count, 0);
  const kept = run.months.total - run.fetched;
  const lines: [string, string][] = [
    ['months', `${run.fetched} fetched, ${kept} already on disk`],
    ['rows in', format(run.rows)],
    ['clean', styleText('green', format(run.clean))],
    ['set aside', `${styleText(rejected > 0 ? 'yellow' : 'green', format(rejected))}${listed(run.rejected)}`],
    ['contracts', run.verdicts.map(({ layer, rules }) => `${layer} ${rules.kept} of ${rules.total}`).join(', ')],
    ['retries', `${format(run.retries)}${listed(run.faults)}`],
    ['time', `${(run.elapsedMs / 1_000).toFixed(1)} s`],
    ['data', pathForPerson(dataFolder)],
  ];
  return `\n${lines.map(([name, value]) => `  ${styleText('dim', name.padEnd(10))} ${value}`).join('\n')}\n`;
}

/** Relative to where `npm start` was typed, unless that would lead out of there. */
function pathForPerson(path: string): string {
  const shown = relative(process.env['INIT_CWD'] ?? process.cwd(), path);
  return shown.startsWith('..') ? path : shown;
}

function listed(counts: RunState['faults']): string {
  const some = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
  return some.length === 0 ? '' : `  (${some.map(([name, count]) => `${count} × ${name}`).join(', ')})`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}
