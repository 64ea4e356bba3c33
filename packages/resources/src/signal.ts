import { OptionError } from '@dataenginex/core';

export function checkSignal(option: string, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new OptionError(option, 'an AbortSignal', signal);
}
