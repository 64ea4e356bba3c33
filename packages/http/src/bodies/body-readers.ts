import type { ServerSentEvent } from '@dataenginex/streams';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkSchema, decodeJson, decodeText, validate } from './body.ts';
import { contentChunks, type ContentOptions, readContent } from './content.ts';
import type { Reply } from '../layers/message.ts';
import { readNdjson } from './ndjson.ts';
import { type EventSource, readEvents, type SseEvent, type SseOptions } from './sse.ts';

/** The ways to read a body, which is read once: a second reader throws `BodyUsedError`. */
export abstract class BodyReaders {
  protected abstract readonly contentOptions: ContentOptions;

  /** Hands out the reply for its body to be read: once. */
  protected abstract take(whole: boolean, accept?: string): Promise<Reply>;

  protected abstract eventSource(): EventSource;

  /**
   * The body as JSON, as the schema reads it.
   *
   * @throws {BodyError} When the content type is not JSON or the text is broken.
   * @throws {SchemaError} When the schema refuses it.
   * @throws {HttpError} When the request fails.
   * @throws {OptionError} Before anything is sent, when `schema` is not a Standard Schema.
   */
  json<S extends StandardSchemaV1>(schema: S): Promise<StandardSchemaV1.InferOutput<S>>;
  json(): Promise<unknown>;
  async json(schema?: StandardSchemaV1): Promise<unknown> {
    checkSchema('json.schema', schema);
    const reply = await this.take(true, 'application/json');
    const value = decodeJson(await readContent(reply, this.contentOptions), reply.fields, reply.facts);
    return schema === undefined ? value : validate(schema, value, reply.facts, this.contentOptions.signal);
  }

  /**
   * The rows of a body of newline-delimited JSON, as they come, each as the schema reads it. The request's timeouts end
   * when the headers are there; `signal` goes on. Nothing is sent again once rows have been handed out.
   *
   * @throws {BodyError} At a line that is not JSON, after the rows before it.
   * @throws {SchemaError} At a row that the schema refuses.
   * @throws {OptionError} At once, when `schema` is not a Standard Schema.
   */
  ndjson<S extends StandardSchemaV1>(schema: S): AsyncIterable<StandardSchemaV1.InferOutput<S>>;
  ndjson(): AsyncIterable<unknown>;
  ndjson(schema?: StandardSchemaV1): AsyncIterable<unknown> {
    checkSchema('ndjson.schema', schema);
    return { [Symbol.asyncIterator]: () => this.#rows(schema) };
  }

  async *#rows(schema: StandardSchemaV1 | undefined): AsyncGenerator<unknown, void> {
    yield* readNdjson(await this.take(false, 'application/x-ndjson'), schema, this.contentOptions);
  }

  /**
   * The events of a `text/event-stream`, as they come; with a schema, their data is read as JSON. When the connection
   * ends it connects again as a browser's `EventSource` does, from behind the last event, if the request may be repeated:
   * after the server's `retry` time (3 s until it has said one, 60 s at most) or later, longer each time that nothing
   * comes. A 204 ends the events, and so does `signal`.
   *
   * @throws {HttpError} When the first connection fails, as for any request; later, when no more is tried.
   * @throws {BodyError} At data that is not JSON; when it is no event stream, or an event has more than 1 MiB.
   * @throws {SchemaError} At an event that the schema refuses.
   * @throws {OptionError} At once, when an option is out of range.
   * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
   */
  sse<S extends StandardSchemaV1>(
    schema: S,
    options?: SseOptions,
  ): AsyncIterable<SseEvent<StandardSchemaV1.InferOutput<S>>>;
  sse(options?: SseOptions): AsyncIterable<ServerSentEvent>;
  sse(first: StandardSchemaV1 | SseOptions = {}, second: SseOptions = {}): AsyncIterable<unknown> {
    const source = (): EventSource => this.eventSource();
    return '~standard' in first ? readEvents(source, first, second) : readEvents(source, undefined, first);
  }

  /** The body as text. @throws {BodyError} When it is not UTF-8. */
  async text(): Promise<string> {
    const reply = await this.take(true);
    return decodeText(await readContent(reply, this.contentOptions), reply.facts);
  }

  /** The body's bytes. */
  async bytes(): Promise<Uint8Array> {
    return readContent(await this.take(true), this.contentOptions);
  }

  /** The body's bytes as they come. The request's timeouts end when the headers are there; `signal` goes on. */
  stream(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#chunks() }; // a generator would end at once the second time, as if empty
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    yield* contentChunks(await this.take(false), this.contentOptions);
  }
}
