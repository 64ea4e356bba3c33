import type { Benchmark, Prepared } from './benchmark.ts';
import { calibrate, measure, prepare, type Sample, usageOf } from './measure.ts';

// The process of one subject, `node worker.ts <file> <subject>`: it answers each request, one at a time.

export type Request =
  | { kind: 'prepare' }
  | { kind: 'calibrate'; minMs: number }
  | { kind: 'measure' }
  | { kind: 'end' };

export interface Answers {
  prepare: null;
  /** Operations that take at least `minMs`; `measure` does as many. */
  calibrate: number;
  measure: Sample;
  /** The peak RSS in bytes. */
  end: number;
}

export type Reply<Kind extends Request['kind'] = Request['kind']> = { answer: Answers[Kind] } | { failure: string };

const [, , file = '', name = ''] = process.argv;
let prepared: Prepared<unknown>;
let n = 1;

async function answer(request: Request): Promise<Answers[Request['kind']]> {
  switch (request.kind) {
    case 'prepare': {
      const { bench }: { bench: Benchmark } = await import(file);
      prepared = await prepare(bench, name);
      return null;
    }
    case 'calibrate':
      n = await calibrate(prepared, request.minMs);
      return n;
    case 'measure':
      return measure(prepared, n);
    case 'end':
      await prepared.teardown?.();
  }
  return usageOf(prepared).peakRssBytes;
}

process.on('message', (request: Request) => {
  process.channel?.unref(); // so that a subject that never settles ends the process
  void answer(request)
    .then(
      (given): Reply => ({ answer: given }),
      (error: unknown): Reply => ({ failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => {
      process.channel?.ref();
      process.send?.(reply);
    });
});
process.once('disconnect', () => process.exit()); // whatever the subject left open
