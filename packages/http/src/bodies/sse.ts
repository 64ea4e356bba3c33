import { checkInteger } from '@dataenginex/core';
import { RefusedError } from '@dataenginex/resilience';
import { FormatError, fromSse, type ServerSentEvent } from '@dataenginex/streams';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkContentType, validate } from './body.ts';
import { contentChunks, type ContentOptions } from './content.ts';
import { BodyError, isRetryable, NetworkError } from '../errors.ts';
import type { RequestFacts } from '../facts.ts';
import { letGo, type Reply } from '../layers/message.ts';
import { pause } from '../layers/pause.ts';

export interface SseOptions {
  /**
   * How often in a row it connects again without a byte coming; `false` ends with the first connection. A request that
   * may not be repeated, such as a POST without an idempotency key, never connects again.
   *
   * @default 10
   */
  reconnect?: number | false | undefined;
}

/** A server-sent event whose data a schema has read. */
export interface SseEvent<T> extends Omit<ServerSentEvent, 'data'> {
  readonly data: T;
}

/** Where a stream of events comes from. */
export interface EventSource {
  readonly options: ContentOptions;
  /** Whether it may be opened more than once. */
  readonly isRepeatable: boolean;
  /** Aborts when the client closes. */
  readonly closing?: AbortSignal | undefined;
  /** @param lastEventId For the header, when there has been one. */
  open(lastEventId?: string): Promise<Reply>;
}

/** Neither from a cache nor into one. */
export const eventHeaders = { accept: 'text/event-stream', 'cache-control': 'no-store' };
const firstRetryMs = 3_000;
const maxWaitMs = 60_000;

/**
 * @param openSource Called by each loop over the events.
 * @throws {OptionError} At once, when an option is out of range.
 */
export function readEvents(
  openSource: () => EventSource,
  schema: StandardSchemaV1 | undefined,
  { reconnect = 10 }: SseOptions,
): AsyncIterable<unknown> {
  if (reconnect !== false) checkInteger('sse.reconnect', reconnect, { min: 0, max: Infinity });
  return {
    [Symbol.asyncIterator]() {
      const source = openSource();
      return new EventReader(source, schema, source.isRepeatable ? reconnect || 0 : 0).events();
    },
  };
}

class EventReader {
  readonly #source: EventSource;
  readonly #schema: StandardSchemaV1 | undefined;
  readonly #maxFruitless: number;
  #lastId = '';
  #retryMs = firstRetryMs;
  #count = 0;
  /** How often in a row it connected again, and nothing came. */
  #fruitless = 0;

  constructor(source: EventSource, schema: StandardSchemaV1 | undefined, maxFruitless: number) {
    this.#source = source;
    this.#schema = schema;
    this.#maxFruitless = maxFruitless;
  }

  async *events(): AsyncGenerator<unknown, void> {
    let reply = await this.#source.open();
    for (;;) {
      const { facts, status } = reply;
      if (status === 204) return; // the server says that there will be no more
      let failure: unknown;
      try {
        yield* this.#eventsOf(reply);
      } catch (error) {
        if (!this.#mayGoOn(error)) throw error;
        failure = error;
      }
      if (this.#maxFruitless === 0) return;
      reply = await this.#openAgain(facts, failure ?? new NetworkError(facts, new Error('the stream of events ended')));
    }
  }

  async #openAgain(facts: RequestFacts, failure: unknown): Promise<Reply> {
    const { options, closing } = this.#source;
    for (let last = failure; ;) {
      if (this.#fruitless >= this.#maxFruitless) throw last;
      await pause(this.#waitMs(last), [options.signal, closing]);
      this.#fruitless += 1;
      try {
        return await this.#source.open(this.#idToSend(facts));
      } catch (error) {
        if (!this.#mayGoOn(error)) throw error;
        last = error;
      }
    }
  }

  #mayGoOn(error: unknown): boolean {
    if (this.#maxFruitless === 0 || retryAfterMsOf(error) > maxWaitMs) return false;
    return error instanceof RefusedError || isRetryable(error);
  }

  /** What the server asked for, doubled with each time in vain, and up to half more: its clients lost it all at once. */
  #waitMs(failure: unknown): number {
    const backoffMs = this.#fruitless === 0 ? this.#retryMs : Math.max(100, this.#retryMs) * 2 ** this.#fruitless;
    return Math.max(Math.min(maxWaitMs, backoffMs * (1 + Math.random() / 2)), retryAfterMsOf(failure));
  }

  async *#eventsOf(reply: Reply): AsyncGenerator<unknown, void> {
    const { facts, fields } = reply;
    const { options } = this.#source;
    let ownId = false;
    try {
      checkContentType(fields, /^text\/event-stream$/, 'text/event-stream', new Uint8Array(), facts);
      for await (const { id, retry, ...event } of fromSse(this.#chunks(reply))) {
        options.signal?.throwIfAborted(); // a chunk may hold many events
        ownId ||= id !== '';
        if (ownId) this.#lastId = id;
        this.#retryMs = retry ?? this.#retryMs;
        const data = this.#schema === undefined ? event.data : await this.#read(event.data, this.#schema, facts);
        yield { event: event.event, data, id: this.#lastId, ...(retry !== undefined && { retry }) };
        this.#count += 1;
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new BodyError(facts, `sent broken events (${error.message})`, '', error);
    } finally {
      letGo(reply);
    }
  }

  async #read(data: string, schema: StandardSchemaV1, facts: RequestFacts): Promise<unknown> {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch (error) {
      throw new BodyError(facts, `sent event ${this.#count}, whose data is not JSON`, data.slice(0, 512), error);
    }
    return validate(schema, value, facts, this.#source.options.signal, `event ${this.#count}`);
  }

  /** @throws {BodyError} For an id that no header can hold. */
  #idToSend(facts: RequestFacts): string | undefined {
    if (this.#lastId === '') return undefined;
    const id = Buffer.from(this.#lastId).toString('latin1'); // headers go out as Latin-1, the id is to be in UTF-8
    if (/[^\t\x20-\x7e\x80-\xff]/.test(id)) throw new BodyError(facts, 'sent an event id that no header can hold', '');
    return id;
  }

  async *#chunks(reply: Reply): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of contentChunks(reply, this.#source.options)) {
      this.#fruitless = 0;
      yield chunk;
    }
  }
}

function retryAfterMsOf(error: unknown): number {
  return error instanceof Error && 'retryAfterMs' in error ? Number(error.retryAfterMs) || 0 : 0;
}
