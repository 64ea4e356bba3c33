import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { runService, type RunServiceOptions } from '../index.ts';

/** Runs a body of `test/service.ts` in a process of its own. */
function start(body: string, options: RunServiceOptions = {}) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@dataenginex/source', 'test/service.ts', body, JSON.stringify(options)],
    { cwd: new URL('../..', import.meta.url), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (data: string) => lines.push(...data.trim().split('\n')));
  const stderr = text(child.stderr);
  const closed = once(child, 'close');
  return {
    lines,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Waits for a line, and returns what follows `prefix` in it. */
    async line(prefix: string): Promise<string> {
      for (;;) {
        const line = lines.find((candidate) => candidate.startsWith(prefix));
        if (line !== undefined) return line.slice(prefix.length);
        if (child.exitCode !== null) throw new Error(`No line "${prefix}": ${await stderr}`);
        await setTimeout(5);
      }
    },
    async end() {
      const [code, signal] = await closed;
      return { code, signal, stderr: await stderr };
    },
  };
}

async function ask(port: string, path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ port, path }, resolve).on('error', reject);
  const response = await promise;
  await text(response);
  return response;
}

describe('runService on SIGINT', () => {
  it('skips the drain on SIGINT, and ends in well under a second', async () => {
    const service = start('serve', { exitMs: 60_000 });
    const port = await service.line('port ');
    const answer = ask(port, '/150');
    await service.line('request');
    const from = performance.now();
    service.kill('SIGINT');
    expect(await service.end()).toMatchObject({ code: 130, stderr: '' });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await answer).toMatchObject({ statusCode: 200 });
    expect(service.lines.slice(2)).toEqual([
      'draining',
      'poll cancelled',
      'server released',
      'first resource released',
      'over, listeners: 0',
    ]);
  });
});

describe.concurrent('runService', () => {
  it('drains on SIGTERM: not ready but serving, then answers what is under way, then releases in reverse', async () => {
    const service = start('serve', { removalMs: 600, exitMs: 60_000 });
    const port = await service.line('port ');
    expect(await ask(port, '/readyz')).toMatchObject({ statusCode: 200 });
    service.kill('SIGTERM');
    await service.line('draining');
    expect(await ask(port, '/readyz')).toMatchObject({ statusCode: 503, headers: { connection: 'close' } });
    const answer = ask(port, '/1200');
    await service.line('accepts no more');
    await setTimeout(20);
    await expect(ask(port, '/readyz')).rejects.toThrow('ECONNREFUSED');
    expect(await answer).toMatchObject({ statusCode: 200 });
    expect(await service.end()).toEqual({ code: 0, signal: null, stderr: '' });
    expect(service.lines.slice(1)).toEqual([
      'draining',
      'request',
      'accepts no more',
      'server released',
      'drained',
      'poll cancelled',
      'first resource released',
      'over, listeners: 0',
    ]);
  });

  it('grants the drain its time after the removal, then cancels', async () => {
    const service = start('deaf', { removalMs: 300, drainMs: 200 });
    await service.line('working');
    const from = performance.now();
    service.kill('SIGTERM');
    await service.line('told');
    expect(performance.now() - from).toBeGreaterThan(295);
    expect(await service.end()).toMatchObject({ code: 143, stderr: '' });
    expect(performance.now() - from).toBeGreaterThan(495);
  });

  it('exits at once on a second signal while it waits for its removal', async () => {
    const service = start('serve');
    await service.line('port ');
    service.kill('SIGTERM');
    await service.line('draining');
    service.kill('SIGINT');
    expect(await service.end()).toMatchObject({ code: 130 });
    expect(service.lines.slice(1)).toEqual(['draining']);
  });

  it('does not wait for its removal once the body has returned', async () => {
    const service = start('leaving', { removalMs: 60_000, exitMs: 60_000 });
    await service.line('working');
    service.kill('SIGTERM');
    expect(await service.end()).toMatchObject({ code: 0, stderr: '' });
  });

  it('cancels what drains for longer than drainMs', async () => {
    const service = start('interrupted', { drainMs: 30 });
    await service.line('working');
    service.kill('SIGTERM');
    expect(await service.end()).toMatchObject({ code: 143, stderr: '' });
    expect(service.lines).toEqual(['working', 'released', 'over, listeners: 0']);
  });

  it('lets a job finish at its next boundary, without waiting for load balancers that know nothing of it', async () => {
    const service = start('draining');
    await service.line('working');
    await setTimeout(100); // nothing but the service keeps the process alive
    const from = performance.now();
    service.kill('SIGTERM');
    expect(await service.end()).toMatchObject({ code: 0 });
    expect(performance.now() - from).toBeLessThan(3_000);
    expect(service.lines).toEqual([
      'working',
      'drains: DEX_SERVICE_STOPPED SIGTERM',
      'ready: false',
      'over, listeners: 0',
    ]);
  });

  it('exits at once on a second signal', async () => {
    const service = start('interrupted');
    await service.line('working');
    service.kill('SIGTERM');
    await setTimeout(50);
    service.kill('SIGINT');
    expect(await service.end()).toMatchObject({ code: 130 });
    expect(service.lines).toEqual(['working']);
  });

  it('exits at once on the same signal again, but not on a launcher’s echo of it', async () => {
    const echoed = start('interrupted');
    await echoed.line('working');
    echoed.kill('SIGINT');
    await setTimeout(20);
    echoed.kill('SIGINT');
    expect(await echoed.end()).toMatchObject({ code: 130 });
    expect(echoed.lines).toContain('released');

    const repeated = start('interrupted');
    await repeated.line('working');
    repeated.kill('SIGTERM');
    await setTimeout(400);
    repeated.kill('SIGTERM');
    expect(await repeated.end()).toMatchObject({ code: 143 });
    expect(repeated.lines).not.toContain('released');
  });

  it('ends a job that returns, when its tasks are done', async () => {
    const job = start('job', { exitMs: 60_000 });
    expect(await job.end()).toEqual({ code: 0, signal: null, stderr: '' });
    expect(job.lines).toEqual(['body done', 'task done', 'released', 'over, listeners: 0']);
  });

  it('keeps an exit code that the body has set', async () => {
    expect(await start('partial').end()).toMatchObject({ code: 3 });
  });

  it('lets node print the error of a body that fails, and exits with 1', async () => {
    const job = start('failing');
    const { code, stderr } = await job.end();
    expect(code).toBe(1);
    expect(stderr).toContain('Error: No such station.');
    expect(job.lines).toEqual(['released']);
  });

  it.each([
    ['stubborn', 'body, task "poll"'],
    ['stuck', 'flushRows'],
  ])('gives up on what does not end within closeMs, and names it (%s)', async (body, underWay) => {
    const service = start(body, { closeMs: 50 });
    await service.line('working');
    service.kill('SIGINT');
    const { code, stderr } = await service.end();
    expect(code).toBe(1);
    expect(stderr).toContain(`The service did not close within 50 ms. Still under way: ${underWay}.`);
  });

  it('exits although something keeps the process alive', async () => {
    const job = start('leaking', { exitMs: 50 });
    expect(await job.end()).toEqual({ code: 0, signal: null, stderr: '' });
    expect(job.lines).toEqual(['leaked', 'over, listeners: 0']);
  });

  it('finishes closing when a first signal comes meanwhile', async () => {
    const job = start('signalledWhileClosing');
    await job.line('closing');
    job.kill('SIGTERM');
    expect(await job.end()).toMatchObject({ code: 0 });
    expect(job.lines).toEqual(['closing', 'released', 'over, listeners: 0']);
  });
});

describe('runService with a signal of the program', () => {
  it('stops at once, rejects with the reason, and leaves the process alone', async () => {
    const { controller, listeners } = countedController();
    const log: string[] = [];
    const { exitCode } = process;
    const running = runService(
      async ({ scope, ready, isReady }) => {
        scope.defer(() => log.push(`released, ready: ${isReady()}`));
        const stopped = ready();
        log.push(`ready: ${isReady()}`);
        await stopped;
      },
      { signal: controller.signal },
    );
    expect(process.listenerCount('SIGTERM')).toBeGreaterThan(0);
    const reason = new Error('test over');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(log).toEqual(['ready: true', 'released, ready: false']);
    expect(listeners()).toBe(0);
    expect(process.exitCode).toBe(exitCode);
    await expect(runService(async () => {}, { signal: controller.signal })).rejects.toBe(reason);
  });

  it('leaves the process alone also when a disposer fails meanwhile', async () => {
    const controller = new AbortController();
    const { exitCode } = process;
    const running = runService(
      async ({ scope, ready }) => {
        scope.defer(() => Promise.reject(new Error('disk')));
        await ready();
      },
      { signal: controller.signal },
    );
    controller.abort(new Error('test over'));
    await expect(running).rejects.toMatchObject({ code: 'DEX_SCOPE', origins: ['signal', 'dispose'] });
    const after = process.exitCode;
    process.exitCode = exitCode;
    expect(after).toBe(exitCode);
  });

  it.each([
    ['removalMs', 0.5],
    ['drainMs', -1],
    ['closeMs', NaN],
    ['exitMs', 2 ** 31],
  ])('refuses %s: %s', async (option, value) => {
    await expect(runService(async () => {}, { [option]: value })).rejects.toThrow(
      `Option "runService.${option}" must be`,
    );
  });

  it('refuses what is no body', async () => {
    // @ts-expect-error not a function
    await expect(runService()).rejects.toThrow('Option "runService.body" must be a function, got undefined.');
  });
});
