import { checkInteger } from '@dataenginex/core';
import { ServiceCloseError, ServiceStoppedError } from '../errors.ts';
import { Scope } from '../scopes/scope.ts';
import { checkGiven, checkSignal, longestTimerMs } from '../checks.ts';
import { withScope } from '../scopes/with-scope.ts';

/** What a service's body is called with. */
export interface Service {
  /** Holds what the service is made of. */
  scope: Scope;
  /** The scope's signal. Aborts on SIGINT, when the drain has taken too long, and when the body or a task fails. */
  signal: AbortSignal;
  /**
   * Aborts on SIGTERM and SIGINT: start nothing of your own any more, such as the next message of a queue; answer what
   * others send. A server that was given it says `Connection: close` from then on.
   */
  draining: AbortSignal;
  /**
   * Turns readiness on. The promise resolves when the service is to accept no more and to finish what is under way: on
   * SIGTERM, `removalMs` after `draining` aborted. It rejects with the signal's reason when the service is to end
   * without. A promise nobody waits for does no harm.
   */
  ready: () => Promise<void>;
  /** What a readiness probe answers: true from `ready()` until the service drains or closes. */
  isReady: () => boolean;
}

/** Options of `runService`. With the defaults all steps take at most 25.5 s of the 30 s that Kubernetes grants a pod. */
export interface RunServiceOptions {
  /**
   * How long a service that was ready goes on serving after SIGTERM: until the load balancers have noticed. One that
   * was never ready, such as a job, does not wait. @default 5_000
   */
  removalMs?: number | undefined;
  /** How long the drain may take after that, before the service is cancelled. @default 15_000 */
  drainMs?: number | undefined;
  /** How long the body, the tasks and the disposers may take to end once the scope is cancelled. @default 5_000 */
  closeMs?: number | undefined;
  /** How long afterwards whatever is left may keep the process alive, before `process.exit`. @default 500 */
  exitMs?: number | undefined;
  /** Aborting it stops the service as SIGINT does, rejects with its reason, and leaves the process alone. */
  signal?: AbortSignal | undefined;
}

type StopSignal = ServiceStoppedError['stoppedBy'];

const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/** npm, pnpm and other launchers pass on the Ctrl-C that the terminal has already sent to the whole group. */
const echoMs = 200;

/**
 * Runs a program's main function in a scope, and ends the process well.
 *
 * - SIGTERM: readiness goes off and `draining` aborts, while the service goes on serving for `removalMs`. Then `ready()`
 *   resolves: the body finishes what is under way and returns; tasks left then are cancelled. After another `drainMs`
 *   everything is cancelled. In the end all is disposed of, in reverse order.
 * - SIGINT: everything is cancelled and disposed of at once.
 * - A second signal, more than 200 ms after the first: the process exits at once.
 *
 * A body that returns unasked was a job: its tasks are waited for. While body or tasks run, the process stays alive.
 *
 * The exit code is 0 (or what the body set) when the body was let finish, 143 or 130 when a signal cut it short, 1 when
 * something failed. `process.exit` is called only on a second signal, and for what keeps the process alive `exitMs`
 * after the end.
 *
 * ```ts no-run
 * import { createServer } from 'node:http';
 * import { runService, serveHttp } from '@dataenginex/resources';
 *
 * await runService(async ({ scope, ready, draining, signal }) => {
 *   const server = createServer((_request, response) => response.end('12.8'));
 *   const http = await scope.use(serveHttp(server, { port: 3000, draining, signal }));
 *   await ready(); // serves until SIGTERM, and the load balancers know
 *   await http.close(); // accepts no more, answers what is under way
 * });
 * ```
 *
 * @throws {ServiceCloseError} When `closeMs` was not enough.
 * @throws {OptionError} When `body` is not a function, or an option is out of range.
 * @throws Whatever the body, a task or a disposer throws, as `withScope` does. Let it reach the top level: node prints
 * it and exits with 1.
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow
 */
export async function runService(
  body: (service: Service) => void | PromiseLike<void>,
  options: RunServiceOptions = {},
): Promise<void> {
  checkGiven('runService.body', body);
  const { removalMs = 5_000, drainMs = 15_000, closeMs = 5_000, exitMs = 500 } = options;
  const range = { min: 0, max: longestTimerMs };
  checkInteger('runService.removalMs', removalMs, range);
  checkInteger('runService.drainMs', drainMs, range);
  checkInteger('runService.closeMs', closeMs, range);
  checkInteger('runService.exitMs', exitMs, range);
  const outer = checkSignal('runService.signal', options.signal);
  outer?.throwIfAborted();

  const draining = new AbortController();
  const halting = new AbortController();
  const drain = Promise.withResolvers<void>();
  const overdue = Promise.withResolvers<never>();
  drain.promise.catch(() => {});
  let isReady = false;
  let isBodyDone = false;
  let stopped: { by: StopSignal; at: number } | undefined;
  let removalTimer: NodeJS.Timeout | undefined;
  let drainTimer: NodeJS.Timeout | undefined;
  let closeTimer: NodeJS.Timeout | undefined;

  const halt = (reason: unknown): void => {
    halting.abort(reason);
    draining.abort(reason);
  };
  const onSignal = (by: StopSignal): void => {
    const at = performance.now();
    if (stopped !== undefined) {
      if (by === stopped.by && at - stopped.at < echoMs) return;
      process.exit(exitCodes[by]);
    }
    stopped = { by, at };
    const reason = new ServiceStoppedError(by);
    if (by === 'SIGINT') {
      isReady = false;
      return halt(reason);
    }
    const startDrain = (): void => {
      drainTimer = setTimeout(halt, drainMs, reason);
      drain.resolve();
    };
    if (isReady) removalTimer = setTimeout(startDrain, removalMs);
    else startDrain();
    isReady = false;
    draining.abort(reason);
  };
  const onClosing = (scope: Scope): void => {
    isReady = false;
    drain.reject(scope.signal.reason);
    const giveUp = (): void => {
      overdue.reject(new ServiceCloseError(closeMs, [...(isBodyDone ? [] : ['body']), ...Scope.underWay(scope)]));
    };
    closeTimer = setTimeout(giveUp, closeMs);
  };
  const onOuterAbort = (): void => halt(outer?.reason);

  const alive = setInterval(() => {}, range.max); // a listener for signals does not keep the process alive
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    const running = withScope({ signal: halting.signal }, async (scope) => {
      const { signal } = scope;
      signal.addEventListener('abort', () => onClosing(scope), { once: true });
      const context: Service = {
        scope,
        signal,
        draining: draining.signal,
        ready: () => {
          isReady = !draining.signal.aborted && !signal.aborted;
          return drain.promise;
        },
        isReady: () => isReady,
      };
      try {
        await body(context);
      } finally {
        isBodyDone = true;
      }
      if (draining.signal.aborted) await scope.close();
    });
    await Promise.race([running, overdue.promise]);
  } catch (error) {
    if (error instanceof ServiceStoppedError && error === halting.signal.reason) {
      process.exitCode = exitCodes[error.stoppedBy];
      return;
    }
    if (outer?.aborted !== true) process.exitCode = 1;
    throw error;
  } finally {
    clearInterval(alive);
    clearTimeout(removalTimer);
    clearTimeout(drainTimer);
    clearTimeout(closeTimer);
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    outer?.removeEventListener('abort', onOuterAbort);
    if (outer?.aborted !== true) setTimeout(() => process.exit(), exitMs).unref();
  }
}
