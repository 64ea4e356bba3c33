import { FormatError, fromNdjson, parse, ParseError, pipe } from '@dataenginex/streams';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkContentType, readBody } from './body.ts';
import { BodyError, SchemaError } from './errors.ts';
import type { Opened } from './exchange.ts';
import type { RequestFacts } from './facts.ts';

/** Besides the format's own names: text, which is what a file server makes of an `.ndjson`. */
const contentTypes = /^(?:application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json)|text\/plain)$/;

/** The rows of a body, each as the schema reads it. */
export async function* readNdjson(
  opened: Opened,
  schema: StandardSchemaV1 | undefined,
  facts: RequestFacts,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, void> {
  try {
    checkContentType(opened.fields, contentTypes, 'NDJSON', new Uint8Array(), facts);
    const rows = fromNdjson(readBody(opened, facts, signal));
    for await (const row of schema === undefined ? rows : pipe(rows, parse(schema))) {
      signal?.throwIfAborted(); // a chunk may hold many rows
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
    opened.body.destroy();
  }
}
