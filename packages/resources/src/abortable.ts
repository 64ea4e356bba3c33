/**
 * Yields what `source` yields, until the signal aborts: then it throws the reason at once, also while it waits for the
 * source, and tells the source to return without waiting for that.
 */
export async function* abortable<T>(
  source: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  signal.throwIfAborted(); // it tells no listener of an abort that was before
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  // One listener for all steps: a race per step would pile up reactions on one long-lived promise.
  let step: PromiseWithResolvers<IteratorResult<T, unknown>>;
  const abort = (): void => step.reject(signal.reason);
  const next = (): Promise<IteratorResult<T, unknown>> => {
    step = Promise.withResolvers();
    Promise.resolve(iterator.next()).then(step.resolve, step.reject);
    return step.promise;
  };
  let suspended = false;
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (let result = await next(); result.done !== true; result = await next()) {
      suspended = true;
      yield result.value;
      suspended = false;
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', abort);
    if (signal.aborted) void (async () => iterator.return?.())().catch(() => {});
    else if (suspended) await iterator.return?.();
  }
}
