import { OptionError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ParseError } from '../errors.ts';
import type { Operator } from '../pipes/operator.ts';
import { checkRejects, type RejectOptions } from '../pipes/rejects.ts';
import { screen } from '../pipes/screen.ts';

/**
 * Reads every item with a schema and hands on what the schema makes of it. Any Standard Schema does: zod, valibot,
 * arktype; it may be async.
 *
 * ```ts
 * import { parse, pipe, type Reject } from '@dataenginex/streams';
 * import { z } from 'zod';
 *
 * const Observation = z.object({ station: z.string(), tempMax: z.number() });
 * const refused: Reject[] = [];
 * const rows = [{ station: 'Seattle', tempMax: 12.8 }, { station: 'Seattle', tempMax: 'mild' }];
 *
 * const good = pipe(rows, parse(Observation, { rejects: (reject) => void refused.push(reject) }));
 * await Array.fromAsync(good); // => [{ station: 'Seattle', tempMax: 12.8 }]
 * refused[0]?.reason; // => 'tempMax: Invalid input: expected number, received string'
 * refused[0]?.position; // => { index: 1 }
 * ```
 *
 * @throws {OptionError} At once, when `schema` is not a Standard Schema or an option is out of range.
 * @throws {ParseError} From the pipe, when an item is refused and there is no `rejects`.
 * @throws {RejectLimitError} From the pipe, when more than `maxRejects` items are refused.
 * @throws {OperatorError} From the pipe, when the schema or `rejects` throws.
 * @see https://standardschema.dev
 */
export function parse<S extends StandardSchemaV1>(
  schema: S,
  options: RejectOptions = {},
): Operator<unknown, StandardSchemaV1.InferOutput<S>> {
  // A schema may be a function: arktype's are.
  const props = (schema as S | undefined)?.['~standard'];
  if (typeof props?.validate !== 'function') throw new OptionError('parse.schema', 'a Standard Schema', schema);
  const createRefuse = checkRejects('parse', options);
  return {
    name: 'parse',
    carries: true,
    link: (reader, context) =>
      screen(reader, context, {
        operator: 'parse',
        judge: props.validate,
        refuse:
          createRefuse?.() ??
          ((reject) => {
            throw new ParseError(context.place, reject);
          }),
      }),
  };
}
