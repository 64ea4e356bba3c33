import type { CacheEntry } from './entry.ts';
import type { CopiedBody } from './copy.ts';

/** How a shared request ended for those who wait for it. */
export type Landing =
  /** What came, and may be used by others. */
  | { readonly entry: CacheEntry }
  /** The server answered with an error in place of which something stale was given, or not at all. */
  | { readonly failure: unknown; readonly status: number | undefined }
  /** What came is not for others: they must ask themselves. */
  | undefined;

/** Followers wait so long for a body, once its head is there, before they ask themselves. */
const maxBodyWaitMs = 5_000;

/**
 * One request to the server for all who want the same at the same time. It is aborted when all of them have gone, and not
 * before.
 */
export class Flight {
  readonly landing: Promise<Landing>;
  /** `undefined` where the first caller cannot leave. */
  readonly signal: AbortSignal | undefined;
  readonly #first: AbortSignal | undefined;
  readonly #controller: AbortController | undefined;
  readonly #onEnd: () => void;
  #land!: (landing: Landing) => void;
  #hasLanded = false;
  #waiting = 0;
  #copied: CopiedBody | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd Called once, when there is nothing to wait for any more. */
  constructor(first: AbortSignal | undefined, onEnd: () => void) {
    this.#first = first;
    this.#controller = first === undefined ? undefined : new AbortController();
    this.signal = this.#controller?.signal;
    this.#onEnd = onEnd;
    this.landing = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  land(landing: Landing): void {
    if (this.#hasLanded) return;
    this.#hasLanded = true;
    clearTimeout(this.#timer);
    this.#onEnd();
    this.#land(landing);
  }

  /** The head is there, and the body on its way to the first caller, who does not wait any more, or has left. */
  bodyComes(copied: CopiedBody): void {
    this.#copied = copied;
    const others = this.#first?.aborted === true ? this.#waiting : this.#waiting - 1;
    if (others > 0) this.#waitForBody(copied);
  }

  join(): void {
    this.#waiting += 1;
    if (this.#copied !== undefined) this.#waitForBody(this.#copied);
  }

  leave(reason: unknown): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    if (this.#copied !== undefined) return this.#copied.relax();
    if (this.#hasLanded) return;
    this.#controller?.abort(reason);
    this.land(undefined);
  }

  #waitForBody(copied: CopiedBody): void {
    if (this.#hasLanded) return;
    copied.hurry();
    this.#timer ??= setTimeout(() => this.land(undefined), maxBodyWaitMs);
  }
}
