import { FormatError, fromNdjson, parse, ParseError, pipe } from '@dataenginex/streams';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkContentType } from './body.ts';
import { type ContentOptions, contentChunks } from './content.ts';
import { BodyError, SchemaError } from '../errors.ts';
import { letGo, type Reply } from '../layers/message.ts';

/** Besides the format's own names: text, which is what a file server makes of an `.ndjson`. */
const contentTypes = /^(?:application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json)|text\/plain)$/;

/** The rows of a body, each as the schema reads it. */
export async function* readNdjson(
  reply: Reply,
  schema: StandardSchemaV1 | undefined,
  options: ContentOptions,
): AsyncGenerator<unknown, void> {
  const { fields, facts } = reply;
  try {
    checkContentType(fields, contentTypes, 'NDJSON', new Uint8Array(), facts);
    const rows = fromNdjson(contentChunks(reply, options));
    for await (const row of schema === undefined ? rows : pipe(rows, parse(schema))) {
      options.signal?.throwIfAborted(); // a chunk may hold many rows
      yield row;
    }
  } catch (error) {
    if (error instanceof FormatError) {
      const { line, byte } = error.position;
      throw new BodyError(facts, `sent broken NDJSON at line ${line}, byte ${byte}`, error.start, error);
    }
    if (error instanceof ParseError) throw new SchemaError(facts, error.issues, `row ${error.position.index}`);
    throw error;
  } finally {
    letGo(reply);
  }
}
