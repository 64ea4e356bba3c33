import { OptionError } from './errors.ts';

/** The numbers an option accepts, both ends inclusive. */
export interface Range {
  /** @default -Infinity */
  min?: number | undefined;
  /** `Infinity` is refused unless it is the `max`. @default Number.MAX_VALUE */
  max?: number | undefined;
}

/**
 * Returns `value` when it is a number within the range; `NaN` never is.
 *
 * ```ts
 * import { checkNumber } from '@dataenginex/core';
 *
 * checkNumber('timeout.ms', 250, { min: 0 }); // => 250
 * checkNumber('timeout.ms', NaN, { min: 0 }); // throws Option "timeout.ms" must be a number from 0, got NaN.
 * ```
 *
 * @throws {OptionError} When it is not.
 */
export function checkNumber(option: string, value: unknown, range: Range = {}): number {
  const { min = -Infinity, max = Number.MAX_VALUE } = range;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new OptionError(option, `a number${describe(range)}`, value);
}

/**
 * Returns `value` when it is a safe integer within the range, or `Infinity` where that is the `max`.
 *
 * @throws {OptionError} When it is not.
 */
export function checkInteger(option: string, value: unknown, range: Range = {}): number {
  const { min = -Infinity, max = Number.MAX_SAFE_INTEGER } = range;
  const whole = Number.isSafeInteger(value) || value === Infinity;
  if (typeof value === 'number' && whole && value >= min && value <= max) return value;
  throw new OptionError(option, `an integer${describe(range)}`, value);
}

/**
 * Returns `value` when it is a function or left out.
 *
 * @throws {OptionError} When it is anything else.
 */
export function checkFunction<F>(option: string, value: F): F {
  if (value === undefined || typeof value === 'function') return value;
  throw new OptionError(option, 'a function', value);
}

/**
 * Returns `value` when it is one of `allowed`.
 *
 * @throws {OptionError} When it is not; the message lists them.
 */
export function checkOneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new OptionError(option, `one of ${allowed.map((name) => JSON.stringify(name)).join(', ')}`, value);
}

function describe({ min, max }: Range): string {
  const bounds = [min === undefined ? '' : ` from ${min}`, max === undefined ? '' : ` to ${max}`];
  return bounds.join('');
}
