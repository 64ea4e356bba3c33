import { describe, expect, it } from 'vitest';
import { formatMarkdown, formatScenarioText, formatText, versionOf } from './report.ts';
import type { BenchmarkReport } from './run-benchmark.ts';
import type { ScenarioReport } from './scenario.ts';

const one = { median: 1, p10: 1, p90: 1 };
const base = { wallNs: 100, cpuNs: 100, n: 10, peakRssBytes: 50 * 2 ** 20 };
const report: BenchmarkReport = {
  title: 'Retry',
  about: 'One operation is a call.',
  baseline: 'plain call',
  rounds: 20,
  subjects: [
    { ...base, name: 'plain call', wallRatio: one, cpuRatio: one },
    {
      ...base,
      name: 'p-retry by hand',
      wallRatio: { median: 12.345, p10: 9.994, p90: 123.4 },
      cpuRatio: { median: 0.5, p10: 0.04567, p90: Number.NaN },
    },
  ],
};
const scenario: ScenarioReport = {
  title: 'Outage',
  about: 'Two seconds.',
  rows: [
    ['subject', 'served'],
    ['got, breaker', '9%'],
  ],
};
const machine = { node: '24.21.0', cpu: 'Abacus', cores: 2, memoryBytes: 2 ** 33, platform: 'linux x64' };
const versions = { 'p-retry': '9.0.0', got: '16.1.0' };

describe('formatText', () => {
  it('lines up ratios of three digits, and no lone time', () => {
    expect(formatText(report)).toBe(
      [
        'Retry',
        '  subject                    wall time           CPU time  peak RSS',
        '  plain call                         1                  1    50 MiB',
        '  p-retry by hand  12.3× (9.99 to 123)  0.50× (0.05 to ?)    50 MiB',
        '  × plain call, median of 20 rounds (p10 to p90)',
      ].join('\n'),
    );
  });
});

describe('formatScenarioText', () => {
  it('lines up the cells', () => {
    expect(formatScenarioText(scenario)).toBe('Outage\n  subject       served\n  got, breaker      9%');
  });
});

describe('formatMarkdown', () => {
  it('names the machine and what was compared', () => {
    expect(formatMarkdown({ package: 'resilience', benchmarks: [report], scenarios: [scenario] }, machine, versions))
      .toBe(`## resilience

Measured on Node 24.21.0, Abacus, 2 cores, 8 GiB, linux x64: p-retry 9.0.0, got 16.1.0.

### Retry

One operation is a call. Ratios to plain call, 20 rounds.

| subject | wall time | CPU time | peak RSS |
| --- | --: | --: | --: |
| plain call | 1 | 1 | 50 MiB |
| p-retry by hand | 12.3× (9.99 to 123) | 0.50× (0.05 to ?) | 50 MiB |

### Outage

Two seconds.

| subject | served |
| --- | --: |
| got, breaker | 9% |`);
  });
});

describe('versionOf', () => {
  it('reads the dependency from the first word of a name', () => {
    expect(versionOf('p-retry by hand', versions)).toBe('p-retry 9.0.0');
    expect(versionOf('got', versions)).toBe('got 16.1.0');
    expect(versionOf('plain call', versions)).toBeUndefined();
    expect(versionOf('toString', versions)).toBeUndefined();
  });
});
