import { BodyReaders } from './body-readers.ts';
import { BodyUsedError } from './errors.ts';
import { isIdempotent, redact } from './facts.ts';
import { HttpResponse } from './http-response.ts';
import { isStreamBody, type Reply } from './message.ts';
import { perform, type RequestPlan } from './perform.ts';

/** A request that is sent when its result is first asked for, and once. */
export class PendingRequest extends BodyReaders {
  protected readonly contentOptions: RequestPlan;
  #reply: Promise<Reply> | undefined;
  #isRead = false;

  constructor(plan: RequestPlan) {
    super();
    this.contentOptions = plan;
  }

  /**
   * Status and headers as soon as they are there, and the body to be read from it, or disposed. Asked after a reader, it
   * has the status and headers of the answer that was read.
   *
   * @throws {HttpError} When the request fails.
   */
  async response(): Promise<HttpResponse> {
    return new HttpResponse(await this.#send(false), this.contentOptions, () => this.#claim());
  }

  protected async take(whole: boolean, accept?: string): Promise<Reply> {
    if (!this.#claim()) {
      const { url, method } = this.contentOptions.request;
      throw new BodyUsedError({ url: redact(url), method, attempt: 1, repeatable: isIdempotent(method) });
    }
    return this.#send(whole, accept);
  }

  #send(whole: boolean, accept?: string): Promise<Reply> {
    this.#reply ??= this.#perform(whole, accept);
    return this.#reply;
  }

  #perform(whole: boolean, accept?: string): Promise<Reply> {
    const sent = perform(this.contentOptions, whole, accept);
    const { body } = this.contentOptions.request;
    if (isStreamBody(body)) sent.catch(() => body.discard?.());
    return sent;
  }

  #claim(): boolean {
    const isFirst = !this.#isRead;
    this.#isRead = true;
    return isFirst;
  }
}
