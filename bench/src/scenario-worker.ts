import type { Scenario, ScenarioReport } from './scenario.ts';

// The process of one scenario, `node scenario-worker.ts <file> [smoke]`.

export type ScenarioMessage = { step: string } | { report: ScenarioReport } | { failure: string };

const [, , file = '', smoke] = process.argv;

async function report(): Promise<ScenarioMessage> {
  const { scenario }: { scenario: Scenario } = await import(file);
  const rows = await scenario.run(smoke === 'smoke', (step) => process.send?.({ step } satisfies ScenarioMessage));
  return { report: { title: scenario.title, about: scenario.about, rows } };
}

const message = await report().catch((error: unknown): ScenarioMessage => ({
  failure: error instanceof Error ? error.message : String(error),
}));
process.send?.(message, () => process.exit());
