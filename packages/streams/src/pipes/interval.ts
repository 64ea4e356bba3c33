import { checkInteger } from '@dataenginex/core';
import { fromChunks } from './from-chunks.ts';
import type { Pipe } from './pipe.ts';

/** Longer ones overflow Node's timers and fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Counts from 0, a number every `ms` milliseconds, the first after `ms`; for polling, say. Beats that fall due while the
 * pipe is busy are left out, and their numbers with them: nothing piles up, and nothing drifts.
 *
 * ```ts
 * import { interval, mapAsync, pipe, take } from '@dataenginex/streams';
 *
 * const temperature = async () => 12.8; // or a request
 * await Array.fromAsync(pipe(interval(10), take(2), mapAsync(temperature))); // => [12.8, 12.8]
 * ```
 *
 * @throws {OptionError} At once, when `ms` is not from 1 to 2,147,483,647.
 */
export function interval(ms: number): Pipe<number> {
  checkInteger('interval.ms', ms, { min: 1, max: MAX_TIMER_MS });
  return fromChunks(async function* ({ signal }) {
    const started = performance.now();
    for (let beat = 0; ; beat += 1) {
      const now = performance.now() - started;
      beat = Math.max(beat, Math.ceil(now / ms) - 1);
      await wait((beat + 1) * ms - now, signal);
      signal.throwIfAborted();
      yield [beat];
    }
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, ms);
    signal.addEventListener('abort', stop);
  });
}
