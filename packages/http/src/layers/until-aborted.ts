/**
 * What the user's code promised, or the reason of the first signal to abort: a promise may never be kept. The signals
 * keep nothing of it.
 */
export function untilAborted<T>(promise: PromiseLike<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      const aborted = signals.find((signal) => signal?.aborted === true);
      if (aborted === undefined) return;
      release();
      reject(aborted.reason);
    };
    const release = (): void => {
      for (const signal of signals) signal?.removeEventListener('abort', abort);
    };
    for (const signal of signals) signal?.addEventListener('abort', abort, { once: true });
    promise.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
    abort();
  });
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
