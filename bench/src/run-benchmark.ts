import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Effort } from './measure.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import type { Answer, Job } from './worker.ts';

export interface SubjectReport {
  readonly name: string;
  /** Against the baseline, round by round; the baseline's own are 1. */
  readonly wallRatio: Spread;
  readonly cpuRatio: Spread;
  /** Medians of one operation. */
  readonly wallNs: number;
  readonly cpuNs: number;
  /** Operations in each round. */
  readonly n: number;
  /** Of a fresh process that runs this subject alone, as many operations as the baseline does in a round. */
  readonly peakRssBytes: number;
}

export interface BenchmarkReport {
  readonly title: string;
  readonly about: string;
  readonly baseline: string;
  readonly rounds: number;
  readonly subjects: readonly SubjectReport[];
}

/**
 * Runs one benchmark file in processes of its own.
 *
 * @throws {Error} When a result is wrong or a subject fails, naming it.
 */
export async function runBenchmark(
  file: string,
  effort: Effort,
  onProgress: (step: string) => void = () => {},
): Promise<BenchmarkReport> {
  const done = await runWorker({ file, effort }, (round) => onProgress(`round ${round} of ${effort.rounds}`));
  if (done.kind !== 'timings') throw new Error(`unexpected answer "${done.kind}"`);
  const { bench, timings } = done;
  const baseline = timings[bench.baseline];
  if (baseline === undefined) throw new Error(`baseline "${bench.baseline}" is not a subject`);

  const subjects: SubjectReport[] = [];
  for (const [name, { n, samples }] of Object.entries(timings)) {
    onProgress(`memory of ${name}`);
    const memory = await runWorker({ file, subject: name, n: baseline.n });
    const wall = samples.map(({ wallNs }) => wallNs);
    const cpu = samples.map(({ cpuNs }) => cpuNs);
    subjects.push({
      name,
      wallRatio: spread(
        ratios(
          wall,
          baseline.samples.map(({ wallNs }) => wallNs),
        ),
      ),
      cpuRatio: spread(
        ratios(
          cpu,
          baseline.samples.map(({ cpuNs }) => cpuNs),
        ),
      ),
      wallNs: spread(wall).median,
      cpuNs: spread(cpu).median,
      n,
      peakRssBytes: memory.kind === 'memory' ? memory.peakRssBytes : Number.NaN,
    });
  }
  const { title, about } = bench;
  return { title, about, baseline: bench.baseline, rounds: effort.rounds, subjects };
}

function runWorker(job: Job, onRound: (round: number) => void = () => {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let last: Answer | undefined;
    worker.on('message', (answer: Answer) => {
      if (answer.kind === 'round') onRound(answer.round);
      else last = answer;
    });
    worker.on('error', reject);
    worker.on('close', (code, signal) => {
      if (last === undefined) reject(new Error(`ended with ${signal ?? code} before it had a result`));
      else if (last.kind === 'failed') reject(new Error(last.message));
      else resolve(last);
    });
  });
}
