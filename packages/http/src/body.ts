import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BodyError, describeFailure, SchemaError } from './errors.ts';
import { BrokenOff, type Head, type Opened, type Received } from './exchange.ts';
import type { RequestFacts } from './facts.ts';

const maxStartCharacters = 512;

/** The start of a body as text, for an error to show. */
export function startOf(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, maxStartCharacters * 4)).slice(0, maxStartCharacters);
}

/** @throws {BodyError} When the bytes are not UTF-8, or compressed, which nobody asked for. */
export function decodeText({ fields, body }: Pick<Received, 'fields' | 'body'>, facts: RequestFacts): string {
  const encoding = fields['content-encoding']?.toString();
  if (encoding !== undefined && encoding !== 'identity') {
    throw new BodyError(facts, `sent a body encoded as "${encoding}", which was not asked for`, '');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new BodyError(facts, 'sent a body that is not UTF-8', startOf(body), error);
  }
}

/** @throws {BodyError} When the content type is not JSON, or the body is empty, truncated or broken. */
export function decodeJson({ fields, body }: Pick<Received, 'fields' | 'body'>, facts: RequestFacts): unknown {
  checkContentType(fields, /^application\/(?:[\w.+-]+\+)?json$/, 'JSON', body, facts);
  if (body.byteLength === 0) throw new BodyError(facts, 'sent an empty body where JSON was wanted', '');
  const text = decodeText({ fields, body }, facts);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BodyError(facts, `sent ${body.byteLength} bytes that are not JSON (${reason})`, startOf(body), error);
  }
}

/** @throws {BodyError} When there is a content type and it does not match. */
export function checkContentType(
  fields: Head['fields'],
  wanted: RegExp,
  name: string,
  body: Uint8Array,
  facts: RequestFacts,
): void {
  const got = fields['content-type']?.toString().split(';', 1)[0]?.trim().toLowerCase();
  if (got === undefined || got === '' || wanted.test(got)) return;
  throw new BodyError(facts, `sent "${got}" where ${name} was wanted`, startOf(body));
}

/** @throws {SchemaError} When the schema refuses the value. */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  facts: RequestFacts,
): Promise<StandardSchemaV1.InferOutput<S>> {
  const result = await schema['~standard'].validate(value);
  if (result.issues) throw new SchemaError(facts, result.issues);
  return result.value;
}

/** The chunks of a body that is read outside of a policy, with the failures of the connection as errors of ours. */
export async function* readBody(
  { status, body }: Pick<Opened, 'status' | 'body'>,
  facts: RequestFacts,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof Error ? describeFailure(new BrokenOff(status, error), facts) : error;
  } finally {
    body.destroy();
  }
}
