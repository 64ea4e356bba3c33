import { BodyReaders } from './bodies/body-readers.ts';
import type { ContentOptions } from './bodies/content.ts';
import { BodyUsedError } from './errors.ts';
import type { EventSource } from './bodies/sse.ts';
import { isSuccess, letGo, type Reply, toHeaders } from './layers/message.ts';

/** An answer with its body still to read, by one of the readers. One that is not read must be closed. */
export class HttpResponse extends BodyReaders implements AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from in the end, redacted. */
  readonly url: string;
  /** Whether redirects led to it. */
  readonly redirected: boolean;
  readonly #reply: Reply;
  readonly #options: ContentOptions;
  readonly #claim: () => boolean;

  /** @param claim Whether the body is still to be read; asked by whoever is about to do so. */
  constructor(reply: Reply, options: ContentOptions, claim: () => boolean) {
    super();
    this.status = reply.status;
    this.headers = toHeaders(reply.fields);
    this.url = reply.facts.url;
    this.redirected = reply.redirectedTo !== undefined;
    this.#options = options;
    this.#reply = reply;
    this.#claim = claim;
  }

  /** Whether the status is one of success, 200 to 299. */
  get ok(): boolean {
    return isSuccess(this.status);
  }

  protected get contentOptions(): ContentOptions {
    return this.#options;
  }

  protected async take(): Promise<Reply> {
    if (!this.#claim()) throw new BodyUsedError(this.#reply.facts);
    return this.#reply;
  }

  protected eventSource(): EventSource {
    return { options: this.contentOptions, isRepeatable: false, open: () => this.take() };
  }

  /** Lets go of the connection, whether or not the body was read. */
  async close(): Promise<void> {
    this.#claim();
    letGo(this.#reply);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
