/**
 * The base of every error that a DEX package throws: one class per decision a caller makes.
 *
 * Tell errors apart by `code`, which survives two copies of a package in one process; `instanceof` does not.
 * What failed and what was got stand in the message, the same facts as fields on the subclass.
 *
 * ```ts
 * import { DexError } from '@dataenginex/core';
 *
 * class StationError extends DexError {
 *   override readonly name = 'StationError';
 *   readonly code = 'DEX_STATION';
 *   readonly station: string;
 *   constructor(station: string, options?: ErrorOptions) {
 *     super(`Unknown station "${station}".`, options);
 *     this.station = station;
 *   }
 * }
 *
 * const error = new StationError('Sea', { cause: 'not in the list' });
 * error.code; // => 'DEX_STATION'
 * String(error); // => 'StationError: Unknown station "Sea".'
 * error instanceof DexError; // => true
 * ```
 */
export abstract class DexError extends Error {
  abstract override readonly name: string;
  /** Stable across versions: `DEX_` and what went wrong. */
  abstract readonly code: `DEX_${string}`;
}

/** An option that cannot work, found when the thing it configures was made. */
export class OptionError extends DexError {
  override readonly name = 'OptionError';
  readonly code = 'DEX_OPTION';
  /** The option as the caller writes it, such as `retry.attempts`. */
  readonly option: string;
  /** What would have been accepted, in words. */
  readonly wanted: string;
  readonly got: unknown;

  constructor(option: string, wanted: string, got: unknown) {
    super(`Option "${option}" must be ${wanted}, got ${show(got)}.`);
    this.option = option;
    this.wanted = wanted;
    this.got = got;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return String(value);
}
