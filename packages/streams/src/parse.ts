import { OptionError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ParseError, RejectLimitError } from './errors.ts';
import type { Chunk } from './input.ts';
import type { LinkContext, Operator } from './operator.ts';
import type { Reader } from './reader.ts';
import { checkRejects, type Refuse, type Reject, type RejectOptions } from './rejects.ts';

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
    link: (reader, context) => parseAll(reader, context, schema, createRefuse?.()),
  };
}

async function* parseAll<Output>(
  reader: Reader<unknown>,
  { place, fail }: LinkContext,
  { '~standard': { validate } }: StandardSchemaV1<unknown, Output>,
  refuse: Refuse | undefined,
): AsyncGenerator<Chunk<Output>, void, undefined> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    const { items, position } = chunk;
    const good: Output[] = [];
    const origins: number[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (let index = 0; index < items.length; index += 1) {
      try {
        let result = validate(items[index]);
        if (result instanceof Promise) result = await result;
        if (result.issues === undefined) {
          good.push(result.value);
          origins.push(index);
        } else {
          const { issues } = result;
          const reject: Reject = {
            operator: 'parse',
            position: position(index),
            reason: issues.map(describeIssue).join('; '),
            issues,
            value: items[index],
          };
          if (refuse === undefined) throw new ParseError(place, reject);
          const wait = refuse(reject);
          if (wait !== undefined) await wait;
        }
      } catch (error) {
        const ours = error instanceof ParseError || error instanceof RejectLimitError;
        failure = { error: ours ? error : fail(error, position(index)) };
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
}

function describeIssue({ message, path = [] }: StandardSchemaV1.Issue): string {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return keys.length === 0 ? message : `${keys.map(String).join('.')}: ${message}`;
}
