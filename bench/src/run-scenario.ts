import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ScenarioMessage } from './scenario-worker.ts';
import type { ScenarioReport } from './scenario.ts';

const worker = fileURLToPath(new URL('scenario-worker.ts', import.meta.url));

/**
 * Runs a scenario in a process of its own, which the sockets and timers that its contenders leave end with.
 *
 * @throws {Error} When it fails.
 */
export async function runScenario(
  file: string,
  smoke: boolean,
  onProgress: (step: string) => void,
): Promise<ScenarioReport> {
  const child = fork(worker, [file, ...(smoke ? ['smoke'] : [])], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let end: ScenarioMessage | undefined;
  child.on('message', (message: ScenarioMessage) => {
    if ('step' in message) onProgress(message.step);
    else end = message;
  });
  await once(child, 'exit');
  if (end !== undefined && 'report' in end) return end.report;
  throw new Error(end !== undefined && 'failure' in end ? end.failure : 'its process ended before it had a result');
}
