/**
 * Where `run` takes the items. One sink serves one run.
 *
 * In a run with checkpoints, a sink that has `prepare` and `recover` gets every item exactly once; one that has not, at
 * least once: what it took after the last checkpoint comes again when the run is resumed. That does no harm where
 * writing an item twice is as good as once. There is one token at a time: `prepare` → saved → `commit`; after a crash
 * `recover` stands for the `commit` that may be missing.
 *
 * `write` and `close` are never called while an earlier one is still pending. When anything fails, or the run is
 * aborted, `abort` is called once instead of what was left to do, even while a `write` is pending; it must release
 * everything and undo what should not be seen. What a checkpoint may know of, since `prepare` or `recover` was called, it
 * leaves to the `recover` of the next run.
 */
export interface Sink<T, R = void> {
  /** Takes the next items, at least one. A promise holds the pipe back until it settles. */
  write(items: readonly T[]): void | Promise<void>;
  /** All items have been written; returns what the run resolves to. */
  close(): R | Promise<R>;
  abort?(reason: unknown): void | Promise<void>;
  /**
   * A checkpoint is to be taken, or the run to be begun: makes what was written so far last a crash, still revocable.
   *
   * @returns What tells later what it was: a length, the name of a transaction. Plain data, as the state of an operator.
   */
  prepare?(): unknown;
  /** The checkpoint has been saved: what was prepared now counts. */
  commit?(token: unknown): void | Promise<void>;
  /**
   * Called before anything else when a run is resumed: commits what was prepared, which may have been done before, and
   * undoes what was written after it.
   */
  recover?(token: unknown): void | Promise<void>;
}
