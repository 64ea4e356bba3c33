import type { StandardSchemaV1 } from '@standard-schema/spec';
import { decodeJson, decodeText, readBody, validate } from './body.ts';
import { BodyTooLargeError, BodyUsedError } from './errors.ts';
import { type Opened, type Received, toHeaders } from './exchange.ts';
import { isIdempotent, redact, type RequestFacts } from './facts.ts';
import { readNdjson } from './ndjson.ts';
import { type Answer, receive, receiveHead, type RequestPlan } from './send.ts';

/**
 * A request that is sent when its result is asked for, and once: a second reader throws `BodyUsedError`.
 */
export class PendingRequest {
  readonly #plan: RequestPlan;
  #used = false;

  constructor(plan: RequestPlan) {
    this.#plan = plan;
  }

  /**
   * The body as JSON, as the schema reads it.
   *
   * @throws {BodyError} When the content type is not JSON or the text is broken.
   * @throws {SchemaError} When the schema refuses it.
   * @throws {HttpError} When the request fails.
   */
  json<S extends StandardSchemaV1>(schema: S): Promise<StandardSchemaV1.InferOutput<S>>;
  json(): Promise<unknown>;
  async json(schema?: StandardSchemaV1): Promise<unknown> {
    const { response, facts } = await this.#receive('application/json');
    const value = decodeJson(response, facts);
    return schema === undefined ? value : validate(schema, value, facts);
  }

  /**
   * The rows of a body of newline-delimited JSON, as they come, each as the schema reads it. The request's timeouts end
   * when the headers are there; `signal` goes on. Nothing is sent again once rows have been handed out.
   *
   * @throws {BodyError} At a line that is not JSON, after the rows before it.
   * @throws {SchemaError} At a row that the schema refuses.
   */
  ndjson<S extends StandardSchemaV1>(schema: S): AsyncIterable<StandardSchemaV1.InferOutput<S>>;
  ndjson(): AsyncIterable<unknown>;
  async *ndjson(schema?: StandardSchemaV1): AsyncIterable<unknown> {
    const { response, facts } = await this.#receiveHead('application/x-ndjson');
    yield* readNdjson(response, schema, facts, this.#plan.signal);
  }

  /** The body as text. @throws {BodyError} When it is not UTF-8. */
  async text(): Promise<string> {
    const { response, facts } = await this.#receive();
    return decodeText(response, facts);
  }

  /** The body as it came. */
  async bytes(): Promise<Uint8Array> {
    const { response } = await this.#receive();
    return response.body;
  }

  /** Status and headers as soon as they are there, and the body to be read from it, or disposed. */
  async response(): Promise<HttpResponse> {
    return new HttpResponse(await this.#receiveHead(), this.#plan);
  }

  #receive(accept?: string): Promise<Answer<Received>> {
    return receive(this.#once(accept));
  }

  #receiveHead(accept?: string): Promise<Answer<Opened>> {
    return receiveHead(this.#once(accept));
  }

  #once(accept: string | undefined): RequestPlan {
    const { url, method, headers } = this.#plan;
    if (this.#used) throw new BodyUsedError({ url: redact(url), method, attempt: 1, idempotent: isIdempotent(method) });
    this.#used = true;
    return accept === undefined ? this.#plan : { ...this.#plan, headers: { accept, ...headers } };
  }
}

/** An answer with its body still to read, by one of the readers or as chunks. One that is not read must be closed. */
export class HttpResponse implements AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  /** Redacted. */
  readonly url: string;
  readonly #opened: Opened;
  readonly #facts: RequestFacts;
  readonly #plan: RequestPlan;
  #used = false;

  constructor({ response, facts }: Answer<Opened>, plan: RequestPlan) {
    this.status = response.status;
    this.headers = toHeaders(response.fields);
    this.url = facts.url;
    this.#opened = response;
    this.#facts = facts;
    this.#plan = plan;
  }

  /** The body's chunks as they come. */
  get body(): AsyncIterable<Uint8Array> {
    return readBody(this.#once(), this.#facts, this.#plan.signal);
  }

  json<S extends StandardSchemaV1>(schema: S): Promise<StandardSchemaV1.InferOutput<S>>;
  json(): Promise<unknown>;
  async json(schema?: StandardSchemaV1): Promise<unknown> {
    const value = decodeJson({ fields: this.#opened.fields, body: await this.bytes() }, this.#facts);
    return schema === undefined ? value : validate(schema, value, this.#facts);
  }

  ndjson<S extends StandardSchemaV1>(schema: S): AsyncIterable<StandardSchemaV1.InferOutput<S>>;
  ndjson(): AsyncIterable<unknown>;
  ndjson(schema?: StandardSchemaV1): AsyncIterable<unknown> {
    return readNdjson(this.#once(), schema, this.#facts, this.#plan.signal);
  }

  async text(): Promise<string> {
    return decodeText({ fields: this.#opened.fields, body: await this.bytes() }, this.#facts);
  }

  async bytes(): Promise<Uint8Array> {
    const { maxBodyBytes } = this.#plan;
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.body) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > maxBodyBytes) throw new BodyTooLargeError(this.#facts, maxBodyBytes);
    }
    return Buffer.concat(chunks, length);
  }

  /** Lets go of the connection, whether or not the body was read. */
  async close(): Promise<void> {
    this.#used = true;
    this.#opened.body.destroy();
  }

  #once(): Opened {
    if (this.#used) throw new BodyUsedError(this.#facts);
    this.#used = true;
    return this.#opened;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
