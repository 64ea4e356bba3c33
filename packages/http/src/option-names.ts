import { OptionError } from '@dataenginex/core';

/**
 * The compiler finds a misspelt option only where it is written down on the spot.
 *
 * @param known By name, as a record, so that the compiler misses none.
 * @throws {OptionError} At an option that there is not.
 */
export function checkOptionNames<T extends object>(
  owner: string,
  options: T,
  known: Readonly<Record<keyof T, true>>,
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name) || options[name] === undefined) continue;
    throw new OptionError(
      `${owner}.${name}`,
      `left out, as there are only ${Object.keys(known).join(', ')}`,
      typeof options[name],
    );
  }
}
