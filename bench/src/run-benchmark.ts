import type { Benchmark } from './benchmark.ts';
import { interleave } from './interleave.ts';
import type { Sample } from './measure.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import { SubjectProcess } from './subject-process.ts';

export interface Effort {
  readonly rounds: number;
  /** The least time that a subject runs in each round. */
  readonly minMs: number;
}

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
  /** Of the subject's process, up to its last round. */
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
 * Runs one benchmark file, each subject in a process of its own: checks them all, then measures them in turns.
 *
 * @throws {Error} When a result is wrong or a subject fails, naming it.
 */
export async function runBenchmark(
  file: string,
  { rounds, minMs }: Effort,
  onProgress: (step: string) => void = () => {},
): Promise<BenchmarkReport> {
  const { bench }: { bench: Benchmark } = await import(file);
  const { title, about, baseline } = bench;
  const names = Object.keys(bench.subjects);
  const processes = names.map((name) => new SubjectProcess(file, name));
  try {
    onProgress('checking results');
    for (const subject of processes) await subject.ask({ kind: 'prepare' });
    onProgress('warming up');
    const counts: number[] = [];
    for (const subject of processes) counts.push(await subject.ask({ kind: 'calibrate', minMs }));
    const turns = processes.map((subject) => () => subject.ask({ kind: 'measure' }));
    const samples = await interleave(turns, rounds, (round) => onProgress(`round ${round} of ${rounds}`));

    const base = samples[names.indexOf(baseline)] ?? [];
    const subjects: SubjectReport[] = [];
    for (const [index, subject] of processes.entries()) {
      const own = samples[index] ?? [];
      subjects.push({
        name: subject.name,
        wallRatio: spread(ratios(own.map(wallNs), base.map(wallNs))),
        cpuRatio: spread(ratios(own.map(cpuNs), base.map(cpuNs))),
        wallNs: spread(own.map(wallNs)).median,
        cpuNs: spread(own.map(cpuNs)).median,
        n: counts[index] ?? 0,
        peakRssBytes: await subject.ask({ kind: 'end' }),
      });
    }
    return { title, about, baseline, rounds, subjects };
  } finally {
    await Promise.all(processes.map((subject) => subject[Symbol.asyncDispose]()));
  }
}

const wallNs = (sample: Sample): number => sample.wallNs;
const cpuNs = (sample: Sample): number => sample.cpuNs;
