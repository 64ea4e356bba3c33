import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { runService, serveHttp, type Service } from '../src/index.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Answers `/300` after 300 ms and so on, another path at once; drains when told. */
async function serve({ scope, ready, isReady, draining, signal }: Service): Promise<void> {
  scope.defer(() => say('first resource released'));
  const server = createServer((request, response) => {
    const delayMs = Number(request.url?.slice(1));
    if (Number.isNaN(delayMs)) return response.writeHead(isReady() ? 200 : 503).end();
    say('request');
    return void setTimeout(delayMs).then(() => response.end('answer'));
  });
  server.once('close', () => say('server released'));
  const http = await scope.use(serveHttp(server, { host: '127.0.0.1', draining, signal }));
  scope.spawn(async (task) => {
    await setTimeout(60_000, null, task).catch(() => say('poll cancelled'));
  });
  draining.addEventListener('abort', () => say('draining'));
  const drained = ready();
  say(`port ${http.port}`);
  await drained;
  say('accepts no more');
  await http.close();
  say('drained');
}

const bodies: Record<string, (service: Service) => Promise<void>> = {
  serve,
  async job({ scope }) {
    scope.defer(() => say('released'));
    scope.spawn(async () => setTimeout(20).then(() => say('task done')));
    say('body done');
  },
  async failing({ scope }) {
    scope.defer(() => say('released'));
    throw new Error('No such station.');
  },
  async partial() {
    process.exitCode = 3;
  },
  /** A job that is not told to drain, and whose clean-up takes 100 ms. */
  async interrupted({ scope, signal }) {
    scope.defer(async () => setTimeout(100).then(() => say('released')));
    say('working');
    await setTimeout(60_000, null, { signal });
  },
  async draining({ draining, ready, isReady }) {
    say('working');
    await once(draining, 'abort');
    say(`drains: ${draining.reason.code} ${draining.reason.stoppedBy}`);
    await ready();
    say(`ready: ${isReady()}`);
  },
  /** Turns ready, and returns as soon as it is to drain. */
  async leaving({ draining, ready }) {
    void ready();
    say('working');
    await once(draining, 'abort');
  },
  /** Turns ready, and does not heed that it is to drain. */
  async deaf({ ready, signal }) {
    void ready().then(() => say('told'));
    say('working');
    await setTimeout(60_000, null, { signal });
  },
  async stubborn({ scope }) {
    scope.spawn(async function poll() {
      await setTimeout(60_000);
    });
    say('working');
    await setTimeout(60_000);
  },
  /** What it holds takes for ever to release. */
  async stuck({ scope, signal }) {
    scope.defer(async function flushRows() {
      await setTimeout(60_000);
    });
    say('working');
    await setTimeout(60_000, null, { signal });
  },
  async leaking() {
    setInterval(() => {}, 60_000);
    say('leaked');
  },
  async signalledWhileClosing({ scope }) {
    scope.defer(async () => {
      say('closing');
      await setTimeout(300);
      say('released');
    });
  },
};

const [name = '', options = '{}'] = process.argv.slice(2);
await runService(bodies[name]!, JSON.parse(options));
say(`over, listeners: ${process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')}`);
