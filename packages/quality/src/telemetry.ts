import { instrument } from '@dataenginex/core';
import type { Report } from './report/report.ts';

const telemetry = instrument('@dataenginex/quality');

const rows = telemetry.counter('dex.quality.rows', {
  unit: '{row}',
  description: 'Rows that a contract was asked of.',
});
const rules = telemetry.counter('dex.quality.rules', {
  unit: '{rule}',
  description: 'Rules that were judged, by whether they held.',
});
const duration = telemetry.histogram('dex.quality.check.duration', {
  unit: 's',
  description: 'How long it took to ask a contract of all rows.',
});

/** Runs a check in a span of its own, and counts what its report says. */
export function observed(contract: string, check: () => Promise<Report>): Promise<Report> {
  const attributes = { 'dex.quality.contract': contract };
  return telemetry.withSpan(`check ${contract}`, { attributes }, async (span) => {
    const report = await check();
    span.setAttribute('dex.quality.success', report.success);
    span.setAttribute('dex.quality.rows', report.rows);
    count(report);
    return report;
  });
}

/** Counts what a report says. */
export function count({ contract, rows: read, durationMs, statistics }: Report): void {
  const attributes = { 'dex.quality.contract': contract };
  rows.add(read, attributes);
  duration.record(durationMs / 1_000, attributes);
  if (statistics.successful > 0) rules.add(statistics.successful, { ...attributes, 'dex.quality.outcome': 'success' });
  for (const [severity, failed] of Object.entries(statistics.failed)) {
    const outcome = { 'dex.quality.outcome': 'failure', 'dex.quality.severity': severity };
    if (failed > 0) rules.add(failed, { ...attributes, ...outcome });
  }
}
