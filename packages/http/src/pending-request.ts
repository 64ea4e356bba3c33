import { BodyReaders } from './bodies/body-readers.ts';
import { type Download, download, type DownloadOptions } from './bodies/download.ts';
import { BodyUsedError } from './errors.ts';
import { isIdempotent, redact } from './facts.ts';
import { HttpResponse } from './http-response.ts';
import { isReplayable, isStreamBody, type Outgoing, type Reply } from './layers/message.ts';
import { perform, type RequestPlan } from './perform.ts';
import { eventHeaders, type EventSource } from './bodies/sse.ts';

/** A request that is sent when its result is first asked for, and once. */
export class PendingRequest extends BodyReaders {
  /** Private, as it holds headers and a body that must not stand in what is logged of a request. */
  readonly #plan: RequestPlan;
  #reply: Promise<Reply> | undefined;
  #isRead = false;

  constructor(plan: RequestPlan) {
    super();
    this.#plan = plan;
  }

  protected get contentOptions(): RequestPlan {
    return this.#plan;
  }

  /**
   * Status and headers as soon as they are there, and the body to be read from it, or disposed. Asked after a reader, it
   * has the status and headers of the answer that was read.
   *
   * @throws {HttpError} When the request fails.
   */
  async response(): Promise<HttpResponse> {
    if (this.#reply === undefined && this.#isRead) this.#checkUnread(); // it was downloaded
    return new HttpResponse(await this.#send(false), this.contentOptions, () => this.#claim());
  }

  /**
   * The body into a file, which is there once all of it is: until then it is `path.part`, with `path.part.json` beside
   * it that says of what. A connection that breaks is gone on from, and so is what a call before has left, provided that
   * the server names it by a strong `ETag` or a `Last-Modified`; else it begins anew. It is asked for as it is on the
   * server, not compressed, and no cache keeps it. The timeouts of the request end when the headers are there; `signal`
   * goes on.
   *
   * @throws {ChecksumError} When it is not what `sha256` says. A file that was there before stays.
   * @throws {BodyTooLargeError} When it has more than `maxBytes`.
   * @throws {HttpError} When the request fails, or the last connection that was allowed breaks.
   * @throws {WriteError} From `@dataenginex/resources`, when it cannot be written.
   * @throws {LockError} From `@dataenginex/resources`, while another download of this path is under way.
   * @throws {OptionError} When an option cannot work, or the request is no GET.
   * @see https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
   */
  async download(path: string, options: DownloadOptions = {}): Promise<Download> {
    this.#checkUnread();
    return download(this.contentOptions, path, options);
  }

  protected take(whole: boolean, accept?: string): Promise<Reply> {
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
