import type { Call } from './call.ts';

/** A longer timer would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Never returns early, as a Node timer does: it drops the fraction of its delay, and counts in whole milliseconds.
 * Rejects with the reason when the call is aborted.
 */
export function sleep(ms: number, call: Call<unknown>): Promise<void> {
  const end = performance.now() + ms;
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      const leftMs = end - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(wake, leftMs);
        return;
      }
      call.unlink(waiting);
      resolve();
    };
    const waiting = {
      abort(reason: unknown): void {
        clearTimeout(timer);
        reject(reason);
      },
    };
    let timer = setTimeout(wake, ms);
    call.link(waiting);
  });
}
