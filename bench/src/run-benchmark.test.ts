import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runBenchmark } from './run-benchmark.ts';

const file = (name: string): string => fileURLToPath(new URL(`../test/${name}.bench.ts`, import.meta.url));
const effort = { rounds: 2, minMs: 0 };

describe('runBenchmark', () => {
  it('reports ratios to the baseline and the memory of each subject', async () => {
    const steps: string[] = [];
    const report = await runBenchmark(file('right'), effort, (step) => steps.push(step));
    expect(report).toMatchObject({ title: 'Sum', baseline: 'loop', rounds: 2 });
    expect(report.subjects.map(({ name }) => name)).toEqual(['loop', 'other']);
    expect(report.subjects[0]?.wallRatio).toEqual({ median: 1, p10: 1, p90: 1 });
    for (const { peakRssBytes } of report.subjects) expect(peakRssBytes).toBeGreaterThan(10 * 2 ** 20);
    expect(steps).toEqual(['checking results', 'warming up', 'round 1 of 2', 'round 2 of 2']);
  });

  it('rejects when a result is wrong', async () => {
    await expect(runBenchmark(file('wrong'), effort)).rejects.toThrow('other: Expected values to be strictly equal');
  });

  it('rejects when a subject never settles', async () => {
    await expect(runBenchmark(file('stuck'), effort)).rejects.toThrow(
      'stuck: its process ended before it had a result',
    );
  });
});
