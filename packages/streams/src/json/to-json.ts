import type { OperatorError } from '../errors.ts';

/** @throws What `fail` makes of it, for what JSON cannot hold. */
export function toJson(value: unknown, fail: (error: unknown) => OperatorError): string {
  try {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) throw new TypeError(`JSON has no ${typeof value}`);
    return json;
  } catch (error) {
    throw fail(error);
  }
}
