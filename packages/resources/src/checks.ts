import { OptionError } from '@dataenginex/core';

/** A longer timer would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

export function checkSignal(option: string, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new OptionError(option, 'an AbortSignal', signal);
}

/** As core's `checkFunction`, for what must be given. */
export function checkGiven(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new OptionError(option, 'a function', value);
}
