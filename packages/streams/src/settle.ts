/**
 * How long a closing pipe waits for what was told to stop and shows no sign of it: a `next()` that hangs, a call that
 * ignores its signal, a sink in the middle of a write.
 */
export const REACT_MS = 500;

/** How long it waits for cleaning up that has begun: a `return()`, a `finally`, a sink's `abort`. */
export const CLEANUP_MS = 5_000;

/** @returns Whether `work` settled, either way, within `ms`. It never rejects, and leaves no timer behind. */
export function settlesWithin(ms: number, work: PromiseLike<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}
