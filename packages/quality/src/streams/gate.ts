import { checkFunction, checkInteger } from '@dataenginex/core';
import { type Operator, type Reject, RejectLimitError } from '@dataenginex/streams';
import { BadRowError } from '../errors.ts';
import { Report } from '../report/report.ts';
import type { BreakOptions, RepeatOptions } from '../split.ts';
import { count } from '../telemetry.ts';
import type { Surroundings } from '../surroundings.ts';
import type { MemoryOptions, StreamCheck } from './stream-check.ts';

/** A row that a gate did not let through. */
export interface GateReject extends Reject {
  /** The ids of the rules that it breaks, in the order of the contract. */
  readonly rules: readonly string[];
}

export interface GateOptions extends Surroundings, BreakOptions, RepeatOptions, MemoryOptions {
  /**
   * Told every bad row, in order; a promise it returns is waited for. Without it the first bad row throws.
   *
   * @default undefined
   */
  rejects?: ((reject: GateReject) => void | Promise<void>) | undefined;
  /**
   * How many rows may be bad; one more stops the pipe with a `RejectLimitError`.
   *
   * @default 1000
   */
  maxRejects?: number | undefined;
  /**
   * Told the report of all rows when the pipe ends. It is `partial` when the pipe fails, or is left before its end.
   *
   * @default undefined
   */
  report?: ((report: Report) => void | Promise<void>) | undefined;
}

/** @param open Makes a check that tells bad rows. */
export function createGate<T>(contract: string, options: GateOptions, open: () => StreamCheck): Operator<T, T> {
  const { rejects, maxRejects = 1000, report } = options;
  checkFunction('gate.rejects', rejects);
  checkFunction('gate.report', report);
  checkInteger('gate.maxRejects', maxRejects, { min: 0, max: Infinity });
  // What cannot be judged is said now, and not when the pipe runs.
  open();
  return {
    name: 'gate',
    carries: true,
    async *link(reader, { fail }) {
      const check = open();
      const began = performance.now();
      let refused = 0;
      const refuse = (reject: GateReject): void | Promise<void> => {
        refused++;
        if (rejects === undefined) throw new BadRowError(contract, reject);
        if (refused > maxRejects) throw new RejectLimitError(maxRejects, reject);
        return rejects(reject);
      };
      const tell = async (isOver: boolean): Promise<void> => {
        if (report === undefined && !isOver) return;
        const { rows, results } = await check.finish();
        const told = new Report(contract, rows, performance.now() - began, results, !isOver);
        if (isOver) count(told);
        await report?.(told);
      };
      let isOver = false;
      try {
        for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
          const { items, position } = chunk;
          const start = check.rows;
          const broken = check.push(items);
          await check.flush();
          if (broken.size === 0) {
            yield chunk;
            continue;
          }
          const good: T[] = [];
          const origins: number[] = [];
          let failure: { readonly error: unknown } | undefined;
          for (const [index, value] of items.entries()) {
            const rules = broken.get(start + index);
            if (rules === undefined) {
              good.push(value);
              origins.push(index);
              continue;
            }
            const issues = rules.map((id) => ({ message: `breaks ${id}` }));
            const reason = `breaks ${rules.join(', ')}`;
            try {
              await refuse({ operator: 'gate', position: position(index), reason, issues, value, rules });
            } catch (error) {
              const isOurs = error instanceof BadRowError || error instanceof RejectLimitError;
              failure = { error: isOurs ? error : fail(error, position(index)) };
              break;
            }
          }
          // A barrier tells that all before it has been done.
          if (failure === undefined) yield chunk.with(good, origins);
          else {
            if (good.length > 0) yield { ...chunk.with(good, origins), barrier: undefined };
            throw failure.error;
          }
        }
        isOver = true;
        await tell(true);
      } finally {
        try {
          if (!isOver) await tell(false).catch(() => {});
        } finally {
          await check.close();
        }
      }
    },
  };
}
