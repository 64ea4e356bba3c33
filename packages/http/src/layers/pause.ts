/** Waits, or rejects with the reason of the first signal to abort. */
export function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      release();
      reject(signals.find((signal) => signal?.aborted === true)?.reason);
    };
    const timer = setTimeout(() => {
      release();
      resolve();
    }, ms);
    for (const signal of signals) signal?.addEventListener('abort', abort, { once: true });
    if (signals.some((signal) => signal?.aborted === true)) abort();
  });
}
