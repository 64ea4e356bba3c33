import { instrument } from '@dataenginex/core';
import type { Call, Next } from './call.ts';

export const telemetry = instrument('@dataenginex/resilience');

const duration = telemetry.histogram('dex.policy.duration', {
  unit: 's',
  description: 'How long a run of a named policy took, with its waits, by outcome.',
});

type Attributes = Record<string, string | number>;
type Counter = ReturnType<typeof telemetry.counter>;

/** Counts one, under the name of the policy that runs the call. */
export function count(counter: Counter, call: Call<unknown> | undefined, attributes?: Attributes): void {
  const name = call?.run.name;
  counter.add(1, name === undefined ? attributes : { ...attributes, 'dex.policy.name': name });
}

/** A span and a duration for a run of a named policy. */
export async function observeRun<R>(next: Next, call: Call<R>, name: string): Promise<R> {
  const begin = performance.now();
  let outcome = 'failure';
  try {
    const result = await telemetry.withSpan(name, {}, () => untilAborted(next, call));
    outcome = 'success';
    return result;
  } finally {
    duration.record((performance.now() - begin) / 1000, { 'dex.policy.name': name, 'dex.outcome': outcome });
  }
}

/** A span for one of several attempts, where the policy is named. */
export function observeAttempt<R>(next: Next, call: Call<R>): Promise<R> {
  const { name } = call.run;
  if (name === undefined) return next(call);
  return telemetry.withSpan(`${name} attempt`, { attributes: { 'dex.attempt': call.attempt } }, () =>
    untilAborted(next, call),
  );
}

/** A span must end where the function ignores its signal as well: one that does not is never seen. */
function untilAborted<R>(next: Next, call: Call<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const waiting = { abort: reject };
    call.link(waiting);
    next(call)
      .finally(() => call.unlink(waiting))
      .then(resolve, reject);
  });
}
