import { OptionError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BodyError, SchemaError } from '../errors.ts';
import type { RequestFacts } from '../facts.ts';
import { fieldOf, type Fields, type Reply } from '../layers/message.ts';
import { isPromise, untilAborted } from '../layers/until-aborted.ts';

const maxStartCharacters = 512;
export const maxStartBytes = maxStartCharacters * 4;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The start of a body that is there, as text, for an error to show. */
export function startOf(body: Reply['body']): string {
  if (!(body instanceof Uint8Array)) return '';
  return new TextDecoder().decode(body.subarray(0, maxStartBytes)).slice(0, maxStartCharacters);
}

/** @throws {BodyError} When the bytes are not UTF-8. */
export function decodeText(content: Uint8Array, facts: RequestFacts): string {
  try {
    return utf8.decode(content);
  } catch (error) {
    throw new BodyError(facts, 'sent a body that is not UTF-8', startOf(content), error);
  }
}

/** @throws {BodyError} When the content type is not JSON, or the body is empty, truncated or broken. */
export function decodeJson(content: Uint8Array, fields: Fields, facts: RequestFacts): unknown {
  checkContentType(fields, /^application\/(?:[\w.+-]+\+)?json$/, 'JSON', content, facts);
  if (content.byteLength === 0) throw new BodyError(facts, 'sent an empty body where JSON was wanted', '');
  const text = decodeText(content, facts);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BodyError(
      facts,
      `sent ${content.byteLength} bytes that are not JSON (${reason})`,
      startOf(content),
      error,
    );
  }
}

/** @throws {BodyError} When there is a content type and it does not match. */
export function checkContentType(
  fields: Fields,
  wanted: RegExp,
  name: string,
  body: Uint8Array,
  facts: RequestFacts,
): void {
  const got = fieldOf(fields, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (got === undefined || got === '' || wanted.test(got)) return;
  throw new BodyError(facts, `sent "${got}" where ${name} was wanted`, startOf(body));
}

/** @throws {OptionError} When it is none. */
export function checkSchema(option: string, schema: Partial<StandardSchemaV1> | undefined): void {
  if (schema === undefined || typeof schema['~standard']?.validate === 'function') return;
  throw new OptionError(option, 'a Standard Schema, such as one of zod', schema);
}

/** @throws {SchemaError} When the schema refuses the value. An asynchronous one is not waited for after an abort. */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  facts: RequestFacts,
  signal: AbortSignal | undefined,
  part?: string,
): Promise<StandardSchemaV1.InferOutput<S>> {
  const validated = schema['~standard'].validate(value);
  const result = isPromise(validated) ? await untilAborted(validated, [signal]) : validated;
  if (result.issues) throw new SchemaError(facts, result.issues, part);
  return result.value;
}
