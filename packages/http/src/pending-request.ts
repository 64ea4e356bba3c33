import { BodyReaders } from './body-readers.ts';
import { BodyUsedError } from './errors.ts';
import { isIdempotent, redact } from './facts.ts';
import { HttpResponse } from './http-response.ts';
import { isReplayable, isStreamBody, type Outgoing, type Reply } from './message.ts';
import { perform, type RequestPlan } from './perform.ts';
import { eventHeaders, type EventSource } from './sse.ts';

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
    this.#checkUnread();
    return this.#send(whole, accept);
  }

  protected eventSource(): EventSource {
    const { request, repeatable, closing } = this.contentOptions;
    const { method, body } = request;
    let isFirst = true;
    return {
      options: this.contentOptions,
      isRepeatable: (repeatable || isIdempotent(method)) && isReplayable(body),
      closing,
      open: async (lastEventId) => {
        if (!isFirst) return this.#perform(this.#planAfter(lastEventId), false, eventHeaders);
        isFirst = false;
        this.#checkUnread();
        return (this.#reply ??= this.#perform(this.contentOptions, false, eventHeaders));
      },
    };
  }

  #send(whole: boolean, accept?: string): Promise<Reply> {
    return (this.#reply ??= this.#perform(this.contentOptions, whole, accept === undefined ? undefined : { accept }));
  }

  #perform(plan: RequestPlan, whole: boolean, headers?: Outgoing['headers']): Promise<Reply> {
    const sent = perform(plan, whole, headers);
    const { body } = plan.request;
    if (isStreamBody(body)) sent.catch(() => body.discard?.());
    return sent;
  }

  #planAfter(lastEventId: string | undefined): RequestPlan {
    const plan = this.contentOptions;
    if (lastEventId === undefined) return plan;
    const headers = { ...plan.request.headers, 'last-event-id': lastEventId };
    return { ...plan, request: { ...plan.request, headers } };
  }

  #checkUnread(): void {
    if (this.#claim()) return;
    const { url, method } = this.contentOptions.request;
    throw new BodyUsedError({ url: redact(url), method, attempt: 1, repeatable: isIdempotent(method) });
  }

  #claim(): boolean {
    const isFirst = !this.#isRead;
    this.#isRead = true;
    return isFirst;
  }
}
