import { checkFunction, checkInteger } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { RejectLimitError } from '../errors.ts';
import type { Position } from './position.ts';

/** An item that was refused and left out. */
export interface Reject {
  /** Who refused it: `parse`, `map`, `mapAsync`, `fromCsv`, `fromNdjson`, `fromJsonArray`. */
  readonly operator: string;
  readonly position: Position;
  /** The issues in one line, each with its path. */
  readonly reason: string;
  /** What was found, each issue with its path; from a codec one issue without a path. */
  readonly issues: readonly StandardSchemaV1.Issue[];
  /** The item as it came; from a codec the text of the row. */
  readonly value: unknown;
  /** What the function of a `map` or `mapAsync` threw. */
  readonly cause?: unknown;
}

/** Where refused items go. */
export interface RejectOptions {
  /**
   * Told every refused item, in order; a promise it returns is waited for. Without it the first refused item throws.
   * A run that goes on from a checkpoint tells those behind it again, and counts from 0.
   *
   * @default undefined
   */
  rejects?: ((reject: Reject) => void | Promise<void>) | undefined;
  /**
   * How many items may be refused; one more stops the pipe with a `RejectLimitError`.
   *
   * @default 1000
   */
  maxRejects?: number | undefined;
}

/** The reason and the issues of what a function threw. */
export function issuesOf(thrown: unknown): Pick<Reject, 'reason' | 'issues'> {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { reason, issues: [{ message: reason }] };
}

/** Passes a refused item on; the returned promise, if any, must be awaited before the next one. */
export type Refuse = (reject: Reject) => void | Promise<void>;

/** @returns A maker of one `Refuse` per run, since the limit is a run's; `undefined` without `rejects`. */
export function checkRejects(operator: string, options: RejectOptions): (() => Refuse) | undefined {
  const { rejects, maxRejects = 1000 } = options;
  checkFunction(`${operator}.rejects`, rejects);
  checkInteger(`${operator}.maxRejects`, maxRejects, { min: 0, max: Infinity });
  if (rejects === undefined) return undefined;
  return () => {
    let count = 0;
    return (reject) => {
      count += 1;
      if (count > maxRejects) throw new RejectLimitError(maxRejects, reject);
      return rejects(reject);
    };
  };
}
