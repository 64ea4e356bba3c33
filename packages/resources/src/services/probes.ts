import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkFunction, checkInteger, checkOneOf, OptionError } from '@dataenginex/core';
import { checkGiven, checkSignal, longestTimerMs } from '../checks.ts';

/** What Kubernetes asks: has it started, is it alive, may it get requests. */
export type Probe = 'startup' | 'live' | 'ready';

/** A check passes unless it throws, rejects, takes too long or gives `false`. */
export type HealthCheck = (context: { signal: AbortSignal }) => unknown;

/** The checks of each probe, by names that the answer shows. A probe without checks passes. */
export type HealthChecks = { readonly [P in Probe]?: Readonly<Record<string, HealthCheck>> | undefined };

/** A check that failed. */
export interface HealthFailure {
  readonly probe: Probe;
  readonly check: string;
  /** What it threw: a `TimeoutError` when it took too long, `undefined` when it gave `false`. */
  readonly error: unknown;
}

/** Options of `createProbes`. */
export interface ProbesOptions {
  /** How long each check may take; then its signal aborts. @default 800, as Kubernetes waits a second for an answer */
  timeoutMs?: number | undefined;
  /** Told of each run of a check that failed. What it throws is an uncaught exception. */
  onFailure?: ((failure: HealthFailure) => void) | undefined;
}

/** How a check went. */
export interface CheckReport {
  readonly status: 'pass' | 'fail';
  readonly durationMs: number;
}

/** How a probe went: it passes when all of its checks do. */
export interface ProbeReport {
  readonly status: 'pass' | 'fail';
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** Health checks, and their answers to a platform that asks over HTTP. */
export interface Probes {
  /**
   * Runs the checks of a probe, all at once; a check that runs already is joined, not run again. The startup probe runs
   * its checks until they have passed once, and from then on gives that report.
   *
   * @throws The signal's reason. It lets go of the caller only: others may have joined the checks.
   */
  check(probe: Probe, options?: { signal?: AbortSignal | undefined }): Promise<ProbeReport>;
  /**
   * Answers `/livez`, `/readyz` and `/startupz`: 200 or 503 with the report as JSON. What a check threw is not told.
   *
   * @returns False when the request is for something else; the response is untouched then.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

const paths = new Map<string, Probe>([
  ['/startupz', 'startup'],
  ['/livez', 'live'],
  ['/readyz', 'ready'],
]);

/**
 * Makes the probes of a service.
 *
 * What the service depends on belongs into `ready`, not into `live`: a service that is restarted because its database is
 * down is down as well, and so are all its siblings.
 *
 * ```ts
 * import { createServer } from 'node:http';
 * import { createProbes, openScope, serveHttp } from '@dataenginex/resources';
 *
 * const db = { ping: async ({ signal }: { signal: AbortSignal }) => signal.throwIfAborted() };
 * const probes = createProbes({ ready: { db: (context) => db.ping(context) } }, { timeoutMs: 500 });
 * const server = createServer((request, response) => {
 *   if (!probes.handle(request, response)) response.end('12.8');
 * });
 *
 * await using scope = openScope();
 * const { url } = await scope.use(serveHttp(server, { host: '127.0.0.1' }));
 * (await fetch(`${url}/readyz`)).status; // => 200
 * (await probes.check('ready')).status; // => 'pass'
 * ```
 *
 * @throws {OptionError} When a check is not a function, or an option is out of range.
 * @see https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export function createProbes(checks: HealthChecks, options: ProbesOptions = {}): Probes {
  const { timeoutMs = 800, onFailure } = options;
  checkInteger('createProbes.timeoutMs', timeoutMs, { min: 1, max: longestTimerMs });
  checkFunction('createProbes.onFailure', onFailure);
  const runs = new Map(
    Object.entries(checks).map(([name, functions]) => {
      const probe = checkOneOf('createProbes.checks', name, [...paths.values()]);
      const fail = (check: string, error: unknown): void => {
        if (onFailure) queueMicrotask(() => onFailure({ probe, check, error }));
      };
      return [probe, probeOf(functions ?? {}, timeoutMs, fail, `createProbes.checks.${probe}`)];
    }),
  );
  let started: ProbeReport | undefined;

  const check: Probes['check'] = async (probe, { signal: given } = {}) => {
    checkOneOf('check.probe', probe, [...paths.values()]);
    const signal = checkSignal('check.signal', given);
    signal?.throwIfAborted();
    if (probe === 'startup' && started !== undefined) return started;
    const run = runs.get(probe);
    const report: ProbeReport = run ? await unlessAborted(run(), signal) : { status: 'pass', checks: {} };
    if (probe === 'startup' && report.status === 'pass') started = report;
    return report;
  };

  return {
    check,
    handle({ url = '', method }, response) {
      const probe = paths.get(url.split('?', 1)[0] ?? '');
      if (probe === undefined) return false;
      if (method === 'GET' || method === 'HEAD') void check(probe).then((report) => send(response, report));
      else response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return true;
    },
  };
}

type Run<T> = () => Promise<T>;

function probeOf(
  functions: Readonly<Record<string, HealthCheck>>,
  timeoutMs: number,
  fail: (check: string, error: unknown) => void,
  option: string,
): Run<ProbeReport> {
  if (typeof functions !== 'object') throw new OptionError(option, 'an object of named functions', functions);
  const runs = Object.entries(functions).map(([name, check]): [string, Run<CheckReport>] => {
    checkGiven(`${option}.${name}`, check);
    return [name, joined(name, check, timeoutMs, (error) => fail(name, error))];
  });
  return async () => {
    const reports = await Promise.all(runs.map(async ([name, run]) => [name, await run()] as const));
    const status = reports.every(([, report]) => report.status === 'pass') ? 'pass' : 'fail';
    return { status, checks: Object.fromEntries(reports) };
  };
}

/** One run at a time: a check that ignores its signal is reported as failed until it ends, and does not pile up. */
function joined(name: string, check: HealthCheck, timeoutMs: number, fail: (error: unknown) => void): Run<CheckReport> {
  let running: Promise<CheckReport> | undefined;
  const run = async (): Promise<CheckReport> => {
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const from = performance.now();
    const timer = setTimeout(() => {
      const error = new DOMException(`The check "${name}" took longer than ${timeoutMs} ms.`, 'TimeoutError');
      controller.abort(error);
      late.reject(error);
    }, timeoutMs);
    const report = (status: CheckReport['status']): CheckReport => ({
      status,
      durationMs: Math.round(performance.now() - from),
    });
    const result = (async () => check({ signal: controller.signal }))();
    void result.then(clear, clear);
    try {
      if ((await Promise.race([result, late.promise])) !== false) return report('pass');
      fail(undefined);
    } catch (error) {
      fail(error);
    } finally {
      clearTimeout(timer);
    }
    return report('fail');
  };
  const clear = (): void => {
    running = undefined;
  };
  return () => (running ??= run());
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function send(response: ServerResponse, report: ProbeReport): void {
  const body = JSON.stringify(report);
  response.writeHead(report.status === 'pass' ? 200 : 503, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
