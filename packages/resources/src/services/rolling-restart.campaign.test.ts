import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openScope, type RunServiceOptions } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);
const requests = Math.ceil(100_000 * scale);
const clients = Math.ceil(64 * Math.max(scale, 0.25));
const replicas = 3;

const clientIdleMs = 200;
const service: RunServiceOptions = { removalMs: 800, drainMs: 2_000 };

interface Replica {
  readonly child: ChildProcess;
  readonly port: number;
  isReady: boolean;
}

async function startReplica(mode: Mode): Promise<Replica> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@dataenginex/source', 'test/rolling-server.ts', mode, JSON.stringify(service)],
    { cwd: new URL('../..', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [port] = await once(child.stdout, 'data');
  return { child, port: Number(port), isReady: true };
}

async function ask(options: { port: number; path: string; agent: Agent | false }) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ host: '127.0.0.1', ...options }, resolve).on('error', reject);
  const response = await promise;
  return { status: response.statusCode, body: await text(response) };
}

type Mode = 'drained' | 'plain';

/**
 * Restarts replicas one after the other, until so many requests were sent. As behind Kubernetes' proxies, a new
 * connection goes to a ready replica, and then stays with it.
 */
async function restartUnderLoad(mode: Mode) {
  await using scope = openScope();
  const list: Replica[] = [];
  const codes: (number | null)[] = [];
  const failures: string[] = [];
  let sent = 0;
  let restarted = 0;

  const add = async (): Promise<void> => {
    const replica = await startReplica(mode);
    scope.defer(() => replica.child.kill('SIGKILL'));
    list.push(replica);
  };
  for (let replica = 0; replica < replicas; replica += 1) await add();

  const agent = new Agent({ keepAlive: true, timeout: clientIdleMs });
  scope.defer(() => agent.destroy());
  agent.createConnection = () => {
    const ready = list.filter(({ isReady }) => isReady);
    return connect(ready[Math.floor(Math.random() * ready.length)]?.port ?? 0, '127.0.0.1');
  };

  const isDone = (): boolean => sent >= requests && restarted >= replicas;
  const poll = scope.spawn(async () => {
    while (!isDone()) {
      const probe = async (replica: Replica) => {
        const answer = await ask({ port: replica.port, path: '/readyz', agent: false }).catch(() => undefined);
        replica.isReady = answer?.status === 200;
      };
      await Promise.all(list.map(probe));
      await sleep(50);
    }
  });
  const loads = Array.from({ length: clients }, async () => {
    while (!isDone()) {
      sent += 1;
      try {
        const { status, body } = await ask({ port: 80, path: '/', agent });
        if (status !== 200 || body.length !== 4_096) failures.push(`${status}, ${body.length} bytes`);
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(Math.random() * 10);
    }
  });

  while (!isDone()) {
    await add();
    const [oldest] = list;
    if (oldest === undefined) break;
    oldest.child.kill('SIGTERM');
    const [code] = await once(oldest.child, 'close');
    codes.push(code);
    list.shift();
    restarted += 1;
  }
  await Promise.all([...loads, poll.result]);
  return { sent, restarted, codes: [...new Set(codes)], failures };
}

describe('a rolling restart under keep-alive load, of clients that retry nothing', () => {
  it(`fails none of ${requests} requests`, { timeout: 120_000 + requests * 2 }, async () => {
    const { sent, restarted, codes, failures } = await restartUnderLoad('drained');
    console.log(`${failures.length} of ${sent} requests failed in ${restarted} restarts`);
    expect(failures).toEqual([]);
    expect(codes).toEqual([0]);
    expect(sent).toBeGreaterThanOrEqual(requests);
  });

  it.runIf(scale >= 1)('fails some with server.close() alone', { timeout: 120_000 + requests * 2 }, async () => {
    const { sent, restarted, failures } = await restartUnderLoad('plain');
    console.log(`server.close() alone: ${failures.length} of ${sent} requests failed in ${restarted} restarts`);
    expect(failures.length).toBeGreaterThan(0);
  });
});
