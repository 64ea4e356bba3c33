import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arguments, parseArguments } from './arguments.ts';
import { build, findStale, run } from './build.ts';
import { replaceSections } from './document.ts';
import { describeMachine, readVersions } from './machine.ts';
import { createProgress } from './progress.ts';
import { describe, formatMarkdown, formatScenarioText, formatText, type PackageReport } from './report.ts';
import { type BenchmarkReport, runBenchmark } from './run-benchmark.ts';
import { runScenario } from './run-scenario.ts';
import type { ScenarioReport } from './scenario.ts';

const bench = new URL('../', import.meta.url);
const suites = fileURLToPath(new URL('suites/', bench));
const document = new URL('../docs/benchmarks.md', bench);
const efforts = { full: { rounds: 20, minMs: 100 }, smoke: { rounds: 2, minMs: 1 } };

const files = ['bench', 'scenario'].flatMap((kind) => globSync(`*/*.${kind}.ts`, { cwd: suites }).toSorted());
const packages = [...new Set(files.map((file) => dirname(file)))];

async function main(args: Arguments): Promise<void> {
  const chosen = packages.filter((name) => args.package === undefined || name === args.package);
  const progress = createProgress(process.stderr);
  const print = (text: string): void => {
    if (!args.json) console.log(text);
  };

  const stale = findStale(args.smoke ? packages : chosen); // the types of all are checked
  if (stale.length > 0) {
    progress.show(`Building ${stale.join(', ')}`);
    await build(stale);
  }
  if (args.smoke) {
    progress.show('Checking the types of the benchmarks');
    await run('tsc', [], fileURLToPath(bench));
  }
  progress.clear();

  const machine = describeMachine();
  const versions = await readVersions(bench);
  print(`${describe(machine)}\nOur packages as published: their built dist.`);
  if (args.smoke) print('A smoke run: results are checked, ratios mean nothing.');

  const reports: PackageReport[] = [];
  let failures = 0;
  for (const name of chosen) {
    const benchmarks: BenchmarkReport[] = [];
    const scenarios: ScenarioReport[] = [];
    for (const file of files.filter((candidate) => dirname(candidate) === name)) {
      const [own = '', kind] = basename(file).split('.');
      if (args.name !== undefined && args.name !== own) continue;
      const topic = `${name}/${own}`;
      const onProgress = (step: string): void => progress.show(topic, step);
      progress.show(topic);
      try {
        let text: string;
        if (kind === 'scenario') {
          const report = await runScenario(`${suites}${file}`, args.smoke, onProgress);
          scenarios.push(report);
          text = formatScenarioText(report);
        } else {
          const effort = args.smoke ? efforts.smoke : efforts.full;
          const report = await runBenchmark(`${suites}${file}`, effort, onProgress);
          benchmarks.push(report);
          text = formatText(report);
        }
        progress.clear();
        print(`\n${text}`);
      } catch (error) {
        failures += 1;
        progress.clear();
        console.error(`\n${topic} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    reports.push({ package: name, benchmarks, scenarios });
  }
  if (
    args.name !== undefined &&
    reports.every(({ benchmarks, scenarios }) => benchmarks.length + scenarios.length === 0)
  ) {
    if (failures === 0) throw new Error(`No benchmark "${args.package}/${args.name}".`);
  }

  if (args.json) console.log(JSON.stringify({ smoke: args.smoke, machine, versions, packages: reports }, undefined, 2));
  if (failures > 0) process.exitCode = 1;
  else if (!args.smoke && args.name === undefined) {
    const sections = reports.map((report) => [report.package, formatMarkdown(report, machine, versions)]);
    const before = existsSync(document) ? readFileSync(document, 'utf8') : '';
    writeFileSync(document, replaceSections(before, Object.fromEntries(sections)));
    print('\nWritten to docs/benchmarks.md.');
  }
}

try {
  await main(parseArguments(process.argv.slice(2), packages));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
