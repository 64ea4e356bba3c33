import { join } from 'node:path';
import { anomalies, describeOutcome, fileHistory, Report, toHtml, toRun } from '@dataenginex/quality';
import { RawLayer } from './contracts/raw-layer.ts';
import type { DataFolder } from './data-folder.ts';
import type { Layer, Station } from './model.ts';
import type { Progress } from './progress.ts';

const folderName = 'quality';
const runsShown = 30;

/**
 * Keeps what became of a layer's contract, under `quality/`: a line in the history of all runs, and a page. The contract
 * of a layer that was kept may still warn: of far more rows, or far fewer, than the runs before had.
 *
 * @throws {QualityError} When a critical rule is broken: nothing is to be made of such a layer.
 */
export async function judge(
  layer: Layer,
  checked: Report,
  { folder, progress, signal }: { folder: DataFolder; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const history = fileHistory(join(await folder.make(folderName), 'history.ndjson'));
  const run = toRun(checked);
  const unusual = await anomalies(
    history,
    run,
    [{ metric: 'rows', method: 'relativeChange', threshold: 0.01, severity: 'warning' }],
    { signal },
  );
  const report = checked.with(unusual.results);
  const before = await history.runs({ contract: run.contract, latest: runsShown }, { signal });
  await history.append(toRun(report, { at: run.at }), { signal });

  const page = toHtml(report, { history: [...before, run] });
  await folder.write(`${folderName}/${layer}.html`, page, signal);
  const { evaluated: total, successful: kept } = report.statistics;
  progress.judged(
    {
      layer,
      success: report.success,
      rows: report.rows,
      rules: { kept, total },
      broken: report.failures.map((failure) => ({
        rule: failure.rule.id,
        critical: failure.rule.severity === 'critical',
        found: describeOutcome(failure),
      })),
      history: before.map(({ at, success, rows }) => ({ at: at.toISOString(), success, rows })),
    },
    page,
  );
  report.assert();
}

/** The report on one station's rows: its rules say so, beside those of other stations. */
export function nameAfter({ name }: Station, { contract, rows, durationMs, results }: Report): Report {
  const named = results.map((result) => ({ ...result, rule: { ...result.rule, id: `${name}: ${result.rule.id}` } }));
  return new Report(contract, rows, durationMs, named);
}

/** One report of several on the same contract. */
export function joinReports(reports: readonly Report[]): Report {
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
  return new Report(
    RawLayer.name,
    sum(({ rows }) => rows),
    sum(({ durationMs }) => durationMs),
    reports.flatMap(({ results }) => results),
  );
}
