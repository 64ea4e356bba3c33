import type { Machine } from './machine.ts';
import type { BenchmarkReport, SubjectReport } from './run-benchmark.ts';
import type { ScenarioReport } from './scenario.ts';
import type { Spread } from './statistics.ts';
import { formatTable } from './table.ts';

/** All benchmarks and scenarios of one package. */
export interface PackageReport {
  readonly package: string;
  readonly benchmarks: readonly BenchmarkReport[];
  readonly scenarios: readonly ScenarioReport[];
}

const columns = ['subject', 'wall time', 'CPU time', 'peak RSS'];

/** A benchmark for the terminal. */
export function formatText({ title, subjects, baseline, rounds }: BenchmarkReport): string {
  const lines = formatTable([columns, ...subjects.map(cells)]);
  return [title, ...lines.map((line) => `  ${line}`), `  × ${baseline}, median of ${rounds} rounds (p10 to p90)`].join(
    '\n',
  );
}

/** A scenario for the terminal. */
export function formatScenarioText({ title, rows }: ScenarioReport): string {
  return [title, ...formatTable(rows).map((line) => `  ${line}`)].join('\n');
}

/** A package's part of `docs/benchmarks.md`. */
export function formatMarkdown(report: PackageReport, machine: Machine, versions: Record<string, string>): string {
  const names = [
    ...report.benchmarks.flatMap(({ subjects }) => subjects.map(({ name }) => name)),
    ...report.scenarios.flatMap(({ rows }) => rows.slice(1).map(([name = '']) => name)),
  ].map((name) => versionOf(name, versions));
  const compared = [...new Set(names.filter((name) => name !== undefined))].join(', ');
  return [
    `## ${report.package}`,
    `Measured on ${describe(machine)}: ${compared}.`,
    ...report.benchmarks.flatMap(({ title, about, baseline, rounds, subjects }) => [
      `### ${title}`,
      `${about} Ratios to ${baseline}, ${rounds} rounds.`,
      markdownTable([columns, ...subjects.map(cells)]),
    ]),
    ...report.scenarios.flatMap(({ title, about, rows }) => [`### ${title}`, about, markdownTable(rows)]),
  ].join('\n\n');
}

function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  const alignment = header.map((_, column) => (column === 0 ? '---' : '--:'));
  return [header, alignment, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** What `name` names, if its first word is one of the dependencies. */
export function versionOf(name: string, versions: Record<string, string>): string | undefined {
  const [dependency = ''] = name.split(/,? /);
  return Object.hasOwn(versions, dependency) ? `${dependency} ${versions[dependency]}` : undefined;
}

export function describe({ node, cpu, cores, memoryBytes, platform }: Machine): string {
  return `Node ${node}, ${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${platform}`;
}

function cells({ name, wallRatio, cpuRatio, peakRssBytes }: SubjectReport): string[] {
  return [name, formatSpread(wallRatio), formatSpread(cpuRatio), `${Math.round(peakRssBytes / 2 ** 20)} MiB`];
}

function formatSpread({ median, p10, p90 }: Spread): string {
  const own = median === 1 && p10 === 1 && p90 === 1;
  return own ? '1' : `${formatRatio(median)}× (${formatRatio(p10)} to ${formatRatio(p90)})`;
}

/** Three digits, as the rest is noise. */
function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return '?';
  return ratio.toFixed(Math.max(0, Math.min(2, 2 - Math.floor(Math.log10(ratio)))));
}
