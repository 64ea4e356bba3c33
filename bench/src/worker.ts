import type { Benchmark } from './benchmark.ts';
import { type Effort, measureAll, type Timing } from './measure.ts';

/** Times all subjects of a benchmark, or tells what one of them needs at most in a process of its own. */
export type Job = { file: string } & ({ effort: Effort } | { subject: string; n: number });

export type Answer =
  | { kind: 'round'; round: number }
  | { kind: 'timings'; bench: Benchmark; timings: Record<string, Timing> }
  | { kind: 'memory'; peakRssBytes: number }
  | { kind: 'failed'; message: string };

const job: Job = JSON.parse(process.argv[2] ?? '');
const send = (answer: Answer): Promise<void> =>
  new Promise((resolve) => void process.send?.(answer, undefined, undefined, () => resolve()));

async function work(): Promise<Answer> {
  const { bench }: { bench: Benchmark } = await import(job.file);
  if ('effort' in job) {
    const timings = await measureAll(bench, job.effort, (round) => void send({ kind: 'round', round }));
    return { kind: 'timings', bench, timings };
  }
  const prepared = await bench.subjects[job.subject]?.();
  await prepared?.run(job.n);
  await prepared?.teardown?.();
  return { kind: 'memory', peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}

const failed = (error: unknown): Answer => ({
  kind: 'failed',
  message: error instanceof Error ? error.message : String(error),
});

void work()
  .catch(failed)
  .then(send)
  .then(() => process.exit()); // whatever a subject left open
