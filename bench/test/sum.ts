import { strictEqual } from 'node:assert/strict';
import { benchmark, type Subject } from '../src/benchmark.ts';

const counting =
  (step: number): Subject<number> =>
  () => ({ run: async (n) => n * step });

/** Subjects that should return `n`, and do when `step` is 1. */
export const sum = (step: number) =>
  benchmark({
    title: 'Sum',
    about: 'One operation adds 1.',
    baseline: 'loop',
    subjects: { loop: counting(1), other: counting(step) },
    check: strictEqual,
  });
