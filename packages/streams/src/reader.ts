import { setImmediate } from 'node:timers/promises';
import { OperatorError } from './errors.ts';
import type { Chunk, Input } from './input.ts';
import type { FusedOperator } from './operator.ts';
import type { Position } from './position.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from './settle.ts';

/** A fused operator and its place in the pipe, from 1. */
export interface PlacedOperator {
  readonly operator: FusedOperator<never, unknown>;
  readonly place: number;
}

type Result = IteratorResult<unknown, unknown>;

/** A step whose types `pipe` has checked; a method, so that steps of any type fit. */
interface AnyStep {
  push(this: void, item: unknown): void;
}

/** What a reader hands to an operator that waits. */
export interface LocatedChunk<T> extends Chunk<T> {
  readonly position: (index: number) => Position;
}

/** A source that never waits would keep timers, and so aborts, from firing: rest after so long, looked at so often. */
const MAX_BUSY_MS = 15;
const ITEMS_PER_LOOK = 512;

/**
 * Reads an input through the fused operators behind it. For one consumer, which asks for one thing at a time.
 *
 * An error comes only after the items made before it, and once the input is closed.
 */
export class Reader<T> {
  readonly #input: Input<unknown>;
  readonly #first: AnyStep;
  readonly #ends: (() => void)[] = [];
  #out: T[] = [];
  /** For each item of `#out`, the index in its chunk of the item it was made from. */
  #origins: number[] = [];
  /** Where the items of the current chunk came from, if its maker knows. */
  #position: Chunk<unknown>['position'];
  /** Items read before the current chunk, items in it, and the current index in it. */
  #before = 0;
  #size = 0;
  #at = -1;
  #asked: PromiseLike<Result> | Result | undefined;
  #open = true;
  /** Whether the input has neither ended nor failed, and so is to be closed. */
  #live = true;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #unlooked = 0;
  #rested = performance.now();

  /** @param track Whether the positions of the items are wanted, and not only those of errors. */
  constructor(input: Input<unknown>, operators: readonly PlacedOperator[], track: boolean) {
    this.#input = input;
    const last = (item: T): void => {
      this.#out.push(item);
      if (track) this.#origins.push(this.#at);
    };
    let first: AnyStep = { push: last };
    for (const { operator, place } of operators.toReversed()) {
      const { push } = first;
      const step = operator.fuse(
        push,
        (error) => new OperatorError(operator.name, place, locate(this.#position, this.#before, this.#at), error),
      );
      if (step.end !== undefined) this.#ends.unshift(step.end);
      first = step;
    }
    this.#first = first;
  }

  /** @returns The next items, at least one; `undefined` at the end. */
  async read(): Promise<LocatedChunk<T> | undefined> {
    while (this.#open) {
      try {
        this.#asked = this.#input.next();
        this.#take(await this.#asked);
      } catch (error) {
        await this.#abandon(error);
      }
      if (this.#isBusy()) await this.#rest();
      if (this.#out.length > 0) return this.#flush();
    }
    await this.#finish();
    return undefined;
  }

  /** Passes everything on, in the one loop that keeps up with a bare `for await`. */
  async each(receive: (items: readonly T[]) => void | Promise<void>): Promise<void> {
    while (this.#open) {
      try {
        this.#asked = this.#input.next();
        this.#take(await this.#asked);
      } catch (error) {
        await this.#abandon(error);
      }
      if (this.#out.length > 0) {
        const items = this.#out;
        this.#out = [];
        const wait = receive(items);
        if (wait !== undefined) await wait;
      }
      if (this.#isBusy()) await this.#rest();
    }
    await this.#finish();
  }

  /**
   * Stops early, with what is read from now on rejecting with `reason`, and releases the input.
   *
   * @throws What the input throws while it closes.
   */
  close(reason: unknown): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: unknown): Promise<void> {
    this.#open = false;
    this.#failure ??= { error: reason };
    if (!this.#live) return;
    this.#live = false;
    const asked = this.#asked;
    const closed = this.#input.close(reason);
    const reacted = asked === undefined || (await settlesWithin(REACT_MS, Promise.race([asked, closed])));
    if (reacted && (await settlesWithin(CLEANUP_MS, closed))) await closed;
    else closed.catch(() => {});
  }

  #take(result: Result): void {
    this.#asked = undefined;
    if (!this.#open) return;
    this.#before += this.#size;
    try {
      if (result.done === true) this.#end();
      else if (isChunk(this.#input, result.value)) this.#pushChunk(result.value);
      else {
        this.#size = 1;
        this.#at = 0;
        this.#first.push(result.value);
      }
    } catch (error) {
      this.#open = false;
      this.#failure = { error };
    }
  }

  #pushChunk({ items, position }: Chunk<unknown>): void {
    const { push } = this.#first;
    this.#size = items.length;
    this.#position = position;
    for (let index = 0; index < items.length; index += 1) {
      this.#at = index;
      push(items[index]);
    }
  }

  #end(): void {
    this.#open = false;
    this.#live = false;
    this.#size = 0;
    this.#at = -1;
    this.#position = undefined;
    for (const end of this.#ends) end();
  }

  /** The input has failed by itself: there is nothing to close but what stands behind it. */
  async #abandon(error: unknown): Promise<never> {
    this.#asked = undefined;
    if (!this.#live) throw this.#failure?.error ?? error;
    this.#open = false;
    this.#live = false;
    if (this.#input.fail !== undefined) await settlesWithin(CLEANUP_MS, this.#input.fail(error));
    throw error;
  }

  async #finish(): Promise<void> {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    await this.close(error).catch(() => {});
    throw error;
  }

  #flush(): LocatedChunk<T> {
    const items = this.#out;
    const origins = this.#origins;
    const position = this.#position;
    const before = this.#before;
    this.#out = [];
    this.#origins = [];
    return { items, position: (index) => locate(position, before, origins[index] ?? 0) };
  }

  #isBusy(): boolean {
    this.#unlooked += this.#size;
    if (this.#unlooked < ITEMS_PER_LOOK) return false;
    this.#unlooked = 0;
    return performance.now() - this.#rested > MAX_BUSY_MS;
  }

  async #rest(): Promise<void> {
    await setImmediate();
    this.#rested = performance.now();
  }
}

function isChunk(input: Input<unknown>, _value: unknown): _value is Chunk<unknown> {
  return input.chunked;
}

function locate(position: Chunk<unknown>['position'], before: number, index: number): Position {
  return position?.(index) ?? { index: before + index };
}
