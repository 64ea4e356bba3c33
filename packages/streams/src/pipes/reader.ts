import { setImmediate } from 'node:timers/promises';
import { OperatorError } from '../errors.ts';
import { type PlacedOperator, Steps } from './fuse.ts';
import type { Barrier, Chunk, Clocks, Input } from './input.ts';
import type { Position } from './position.ts';
import { CLEANUP_MS, REACT_MS, settlesWithin } from './settle.ts';

/** What a reader is told about the pipe it is part of. */
export interface ReaderContext {
  /** Whether the positions and clocks of the items are wanted, and not only those of errors. */
  readonly track?: boolean | undefined;
  /** Whether the items of the input have event times. */
  readonly timed?: boolean;
  /** The state that the operator at a place goes on from. */
  readonly restore?: ((place: number) => unknown) | undefined;
}

type Result = IteratorResult<unknown, unknown>;
type Receive<T> = (items: readonly T[]) => void | Promise<void>;

/** What a reader hands to an operator that waits: no items only where a watermark or a barrier goes on without any. */
export interface LocatedChunk<T> extends Chunk<T> {
  readonly position: (index: number) => Position;
  /**
   * What has been made of this chunk, to be passed on in its place.
   *
   * @param origins For each result, in ascending order, the index of the item it was made from.
   */
  with<O>(results: readonly O[], origins: readonly number[]): Chunk<O>;
}

/** Shared, so that a source of single items costs one array for each and not two. */
const NONE: never[] = [];

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
  readonly #steps: Steps;
  readonly #track: boolean;
  /** Whether what goes out has event times. */
  readonly #timed: boolean;
  #items: T[] = NONE;
  /** For each item, the index in its chunk of the item it was made from. */
  #origins: number[] = [];
  /** For each item, its clock, if it has one. */
  #times: number[] = [];
  #watermarks: number[] = [];
  /** The watermark that was last passed on. */
  #passed = -Infinity;
  #barrier: Barrier | undefined;
  /** Where the items of the current chunk came from, if its maker knows. */
  #position: Chunk<unknown>['position'];
  /** Items read before the current chunk, and the current index in it; single items are one chunk that never ends. */
  #before = 0;
  #at = -1;
  /** Whether the input has yet to answer, and who is told when it does: a flag, since keeping each promise costs. */
  #asking = false;
  #answered: (() => void) | undefined;
  #open = true;
  /** Whether the input has neither ended nor failed, and so is to be closed. */
  #live = true;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #look = 0;
  #rested = performance.now();

  constructor(
    input: Input<unknown>,
    operators: readonly PlacedOperator[],
    { track = false, timed = false, restore }: ReaderContext = {},
  ) {
    this.#input = input;
    this.#track = track;
    this.#timed = timed || operators.some(({ operator }) => operator.timed);
    const out = {
      push: track
        ? (item: T): void => {
            this.#add(item);
            this.#note();
          }
        : (item: T): void => this.#add(item),
    };
    const position = (): Position => locate(this.#position, this.#before, this.#at);
    const fail = ({ operator, place }: PlacedOperator, error: unknown): OperatorError =>
      new OperatorError(operator.name, place, this.#before + this.#at < 0 ? undefined : position(), error);
    const context = { fail, position, restore };
    try {
      this.#steps = new Steps(operators, out, context);
    } catch (error) {
      // Thrown when asked for the first item, once the input is closed.
      this.#open = false;
      this.#failure = { error };
      this.#steps = new Steps([], out, context);
    }
  }

  /** @returns What comes next; `undefined` at the end. */
  async read(): Promise<LocatedChunk<T> | undefined> {
    while (this.#open) {
      try {
        this.#asking = true;
        this.#take(await this.#input.next());
      } catch (error) {
        await this.#abandon(error);
      }
      if (this.#isBusy()) await this.#rest();
      if (this.#items.length > 0 || this.#hasNews()) return this.#flush();
    }
    await this.#finish();
    return undefined;
  }

  /** Passes everything on, at 0.9 of the pace of a bare `for await` over single items (Node 22, 24, 26). */
  async each(receive: Receive<T>, pass?: (barrier: Barrier) => Promise<void>): Promise<void> {
    while (this.#open) {
      await this.#passOn(receive);
      if (this.#barrier !== undefined) {
        const barrier = this.#barrier;
        this.#barrier = undefined;
        await pass?.(barrier);
      }
      if (this.#isBusy()) await this.#rest();
    }
    await this.#finish();
  }

  /**
   * Until there is something else to do, or to wait for. By callbacks, and around `Promise.resolve`: each costs a
   * twentieth of what a single item does.
   */
  #passOn(receive: Receive<T>): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => resolve(this.#abandon(error));
      const take = (result: Result): void => {
        this.#take(result);
        try {
          const wait = this.#items === NONE ? undefined : receive(this.#takeOut());
          const goesOn = wait === undefined && this.#barrier === undefined && this.#open && !this.#isBusy();
          if (goesOn) ask();
          else resolve(wait);
        } catch (error) {
          reject(error);
        }
      };
      const ask = (): void => {
        try {
          this.#asking = true;
          const next = this.#input.next();
          (next instanceof Promise ? next : Promise.resolve(next)).then(take, fail);
        } catch (error) {
          fail(error);
        }
      };
      ask();
    });
  }

  #takeOut(): readonly T[] {
    const items = this.#items;
    this.#items = NONE;
    return items;
  }

  /**
   * Stops early, with what is read from now on rejecting with `reason`, and releases the input.
   *
   * @throws What the input throws while it closes.
   */
  close(reason: unknown): Promise<void> {
    this.#failure ??= { error: reason };
    return this.#release(reason);
  }

  #release(reason: unknown): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: unknown): Promise<void> {
    this.#open = false;
    if (!this.#live) return;
    this.#live = false;
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    const closed = this.#input.close(reason);
    const reacted = !this.#asking || (await settlesWithin(REACT_MS, Promise.race([answered, closed])));
    if (reacted && (await settlesWithin(CLEANUP_MS, closed))) await closed;
    else closed.catch(() => {});
  }

  #add(item: T): void {
    if (this.#items === NONE) this.#items = [item];
    else this.#items.push(item);
  }

  #note(): void {
    this.#origins.push(this.#at);
    if (!this.#timed) return;
    const { time, watermark } = this.#steps.out;
    this.#times.push(time);
    this.#watermarks.push(watermark);
  }

  #take(result: Result): void {
    this.#asking = false;
    if (!this.#open) {
      this.#answered?.();
      return;
    }
    try {
      if (result.done === true) this.#end();
      else if (!isChunk(this.#input, result.value)) {
        this.#at += 1;
        this.#steps.push(result.value);
        this.#steps.advance();
      } else this.#pushChunk(result.value);
    } catch (error) {
      this.#stopBy(error);
    }
  }

  #pushChunk({ items, position, clocks, barrier }: Chunk<unknown>): void {
    const { push } = this.#steps;
    this.#beginChunk(position);
    if (clocks === undefined) {
      for (let index = 0; index < items.length; index += 1) {
        this.#at = index;
        push(items[index]);
      }
    } else this.#pushTimed(items, clocks);
    this.#steps.advance();
    if (barrier === undefined) return;
    this.#steps.save(barrier);
    this.#barrier = barrier;
  }

  #pushTimed(items: readonly unknown[], { times, watermarks, after }: Clocks): void {
    const { push, clock } = this.#steps;
    for (let index = 0; index < items.length; index += 1) {
      this.#at = index;
      clock.time = times[index] ?? NaN;
      clock.watermark = watermarks[index] ?? -Infinity;
      push(items[index]);
    }
    clock.watermark = after;
  }

  #end(): void {
    this.#open = false;
    this.#live = false;
    this.#beginChunk(undefined);
    this.#steps.end();
  }

  /** A step has failed, or wants nothing more: then the input is closed at once, not when the last items are through. */
  #stopBy(error: unknown): void {
    this.#open = false;
    try {
      this.#steps.stopBy(error);
      this.#release(new DOMException('Nothing more is wanted of the source.', 'AbortError')).catch(() => {});
    } catch (failure) {
      this.#failure = { error: failure };
    }
  }

  #beginChunk(position: Chunk<unknown>['position']): void {
    this.#before += this.#at + 1;
    this.#at = -1;
    this.#position = position;
  }

  /** The input has failed by itself: there is nothing to close but what stands behind it. */
  async #abandon(error: unknown): Promise<never> {
    this.#asking = false;
    this.#answered?.();
    if (!this.#live) throw this.#failure?.error ?? error;
    this.#open = false;
    this.#live = false;
    if (this.#input.fail !== undefined) await settlesWithin(CLEANUP_MS, this.#input.fail(error));
    throw error;
  }

  async #finish(): Promise<void> {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      await this.close(error).catch(() => {});
      throw error;
    }
    await this.#closing;
  }

  /** Whether an operator that waits is to hear of a barrier or of the watermark, though there are no items. */
  #hasNews(): boolean {
    return this.#track && (this.#barrier !== undefined || this.#passed < this.#steps.out.watermark);
  }

  #flush(): LocatedChunk<T> {
    const after = this.#steps.out.watermark;
    const clocks = this.#timed ? { times: this.#times, watermarks: this.#watermarks, after } : undefined;
    const chunk = new Located(this.#items, this.#origins, this.#position, this.#before, clocks, this.#barrier);
    this.#items = NONE;
    if (this.#track) {
      this.#origins = [];
      this.#times = [];
      this.#watermarks = [];
    }
    this.#passed = after;
    this.#barrier = undefined;
    return chunk;
  }

  /** Stays true until there has been a rest. */
  #isBusy(): boolean {
    if (this.#before + this.#at < this.#look) return false;
    if (performance.now() - this.#rested > MAX_BUSY_MS) return true;
    this.#look = this.#before + this.#at + ITEMS_PER_LOOK;
    return false;
  }

  async #rest(): Promise<void> {
    await setImmediate();
    this.#rested = performance.now();
    this.#look = this.#before + this.#at + ITEMS_PER_LOOK;
  }
}

class Located<T> implements LocatedChunk<T> {
  readonly items: readonly T[];
  readonly clocks: Clocks | undefined;
  readonly barrier: Barrier | undefined;
  readonly #origins: readonly number[];
  readonly #position: Chunk<unknown>['position'];
  readonly #before: number;

  constructor(
    items: readonly T[],
    origins: readonly number[],
    position: Chunk<unknown>['position'],
    before: number,
    clocks: Clocks | undefined,
    barrier: Barrier | undefined,
  ) {
    this.items = items;
    this.#origins = origins;
    this.#position = position;
    this.#before = before;
    this.clocks = clocks;
    this.barrier = barrier;
  }

  /** Made when asked for: one made with each chunk would keep its rows and their text until a full collection. */
  get position(): (index: number) => Position {
    return (index) => locate(this.#position, this.#before, this.#origins[index] ?? 0);
  }

  with<O>(results: readonly O[], origins: readonly number[]): Chunk<O> {
    return {
      items: results,
      position: (index) => this.position(origins[index] ?? 0),
      clocks: this.clocks && {
        times: origins.map((origin) => this.clocks?.times[origin] ?? NaN),
        watermarks: origins.map((origin) => this.clocks?.watermarks[origin] ?? -Infinity),
        after: this.clocks.after,
      },
      barrier: this.barrier,
    };
  }
}

function isChunk(input: Input<unknown>, _value: unknown): _value is Chunk<unknown> {
  return input.chunked;
}

function locate(position: Chunk<unknown>['position'], before: number, index: number): Position {
  return position?.(index) ?? { index: before + index };
}
