/**
 * Where `run` takes the items. One sink serves one run.
 *
 * `write` and `close` are never called while an earlier one is still pending. When anything fails, or the run is
 * aborted, `abort` is called once instead of what was left to do, even while a `write` is pending; it must release
 * everything and undo what should not be seen.
 */
export interface Sink<T, R = void> {
  /** Takes the next items, at least one. A promise holds the pipe back until it settles. */
  write(items: readonly T[]): void | Promise<void>;
  /** All items have been written; returns what the run resolves to. */
  close(): R | Promise<R>;
  abort?(reason: unknown): void | Promise<void>;
}
