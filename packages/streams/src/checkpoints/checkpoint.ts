import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { decodeState, type Encoded, encodeState } from './checkpoint-state.ts';
import { CheckpointError } from '../errors.ts';
import type { Barrier, Chunk, Input } from '../pipes/input.ts';
import { describePipe, openReader, openSource, type PipeSource } from '../pipes/pipe.ts';
import type { Position } from '../pipes/position.ts';
import type { Reader } from '../pipes/reader.ts';
import { Alarm, MAX_TIMER_MS } from '../pipes/settle.ts';
import type { Sink } from '../pipes/sink.ts';

interface StoreContext {
  /** That of the run, if it has one. */
  readonly signal: AbortSignal | undefined;
}

/** Keeps the last checkpoint of one pipe, as text. */
export interface CheckpointStore {
  /** @returns What was last saved; `undefined` when nothing was. */
  load(context: StoreContext): Promise<string | undefined>;
  /** Settles when it is on disk, and replaces the last one in one step: a crash leaves the old one or the new one. */
  save(checkpoint: string, context: StoreContext): Promise<void>;
}

export interface CheckpointOptions {
  /** Where the last checkpoint is kept: `fileStore(path)`, `sqliteStore(path)`, or one of your own. */
  store: CheckpointStore;
  /**
   * After how many items of the source a checkpoint is due. It is taken at the end of a chunk, some hundred items later
   * as a rule.
   *
   * @default Infinity
   */
  everyItems?: number | undefined;
  /**
   * After how many milliseconds a checkpoint is due, if there was an item.
   *
   * @default 10_000
   */
  everyMs?: number | undefined;
}

const VERSION = 1;

/** Where the source goes on: opened `from` what one of its chunks said, or at its beginning, and so many items later. */
interface SourcePlace {
  readonly from?: Encoded;
  /** How many items of the source come before `from`. */
  readonly before: number;
  readonly skip: number;
}

interface Checkpoint {
  readonly version: typeof VERSION;
  /** Whether the run was completed. */
  readonly done: boolean;
  /** The names of the operators, in order. */
  readonly operators: readonly string[];
  readonly source: SourcePlace;
  /** By the operator's place. */
  readonly states: Readonly<Record<string, Encoded>>;
  /** The token of the sink. */
  readonly sink: Encoded;
  /** How many items the sink had been given. */
  readonly items: number;
}

type Progress = Pick<Checkpoint, 'done' | 'source' | 'states' | 'items'>;

const BEGIN: Progress = { done: false, source: { before: 0, skip: 0 }, states: {}, items: 0 };

/** Takes the checkpoints of one run, which begins where the last one was taken. */
export class Checkpoints<T> {
  readonly #source: PipeSource<T>;
  readonly #operators: readonly string[];
  readonly #sink: Sink<T, unknown> | undefined;
  readonly #store: CheckpointStore;
  readonly #everyItems: number;
  readonly #everyMs: number;
  readonly #context: StoreContext;
  #begin = BEGIN;
  #reader: Reader<T> | undefined;

  /** @throws {OptionError} When an option is out of range. @throws {CheckpointError} When an operator cannot take part. */
  constructor(
    source: PipeSource<T>,
    sink: Sink<T, unknown> | undefined,
    { store, everyItems = Infinity, everyMs = 10_000 }: CheckpointOptions,
    signal: AbortSignal | undefined,
  ) {
    if (typeof store?.load !== 'function' || typeof store.save !== 'function') {
      throw new OptionError('run.checkpoint.store', 'a CheckpointStore', store);
    }
    checkInteger('run.checkpoint.everyItems', everyItems, { min: 1, max: Infinity });
    if (everyMs !== Infinity) checkNumber('run.checkpoint.everyMs', everyMs, { min: 0, max: MAX_TIMER_MS });
    if ((sink?.prepare === undefined) !== (sink?.recover === undefined)) {
      throw new OptionError('run.sink', 'a Sink with both prepare and recover, or neither', sink);
    }
    const operators = describePipe(source);
    for (const [index, { name, carries }] of operators.entries()) {
      if (!carries) throw new CheckpointError(`${name} (operator ${index + 1}) cannot go on where it stood`);
    }
    this.#source = source;
    this.#operators = operators.map(({ name }) => name);
    this.#sink = sink;
    this.#store = store;
    this.#everyItems = everyItems;
    this.#everyMs = everyMs;
    this.#context = { signal };
  }

  /** How many items the sink was given by the runs that this one goes on from. */
  get items(): number {
    return this.#begin.items;
  }

  /** @returns What reads on behind the last checkpoint; `undefined` when the run has been completed before. */
  async open(): Promise<Reader<T> | undefined> {
    const text = await this.#store.load(this.#context);
    this.#context.signal?.throwIfAborted(); // the sink has been aborted, and is to be left alone
    if (text === undefined) await this.#save(BEGIN);
    else {
      const saved = this.#read(text);
      this.#begin = saved;
      await this.#sink?.recover?.(decodeState(saved.sink));
    }
    const { done, source, states } = this.#begin;
    if (done) return undefined;
    this.#context.signal?.throwIfAborted();
    this.#reader = openReader(this.#source, {
      input: this.#withBarriers(openSource(this.#source, decodeState(source.from)), source),
      restore: (place) => decodeState(states[place]),
    });
    return this.#reader;
  }

  /** Stops reading. */
  async close(reason: unknown): Promise<void> {
    await this.#reader?.close(reason);
  }

  /** A barrier has reached the sink, which has taken all before it. */
  async pass(barrier: Barrier, items: number): Promise<void> {
    if (!(barrier instanceof Gathering)) return;
    await this.#save({ ...BEGIN, source: barrier.source, states: barrier.states, items });
    this.#context.signal?.throwIfAborted(); // the source is being closed
    await barrier.commit?.();
  }

  /** Everything is through. */
  end(items: number): Promise<void> {
    return this.#save({ ...BEGIN, done: true, items });
  }

  async #save(progress: Progress): Promise<void> {
    this.#context.signal?.throwIfAborted();
    const token = await this.#sink?.prepare?.();
    this.#context.signal?.throwIfAborted();
    const checkpoint: Checkpoint = {
      version: VERSION,
      operators: this.#operators,
      sink: encode('the token of the sink', token),
      ...progress,
    };
    await this.#store.save(JSON.stringify(checkpoint), this.#context);
    this.#context.signal?.throwIfAborted(); // the next run's recover stands for the commit
    await this.#sink?.commit?.(token);
  }

  #read(text: string): Checkpoint {
    let saved: unknown;
    try {
      saved = JSON.parse(text);
    } catch (cause) {
      throw new CheckpointError('what the store holds is not JSON', { cause });
    }
    if (!isCheckpoint(saved)) throw new CheckpointError(`what the store holds is no checkpoint of version ${VERSION}`);
    const [before, now] = [saved.operators, this.#operators].map((names) => names.join(', ') || 'none');
    if (before !== now)
      throw new CheckpointError(`it is of a pipe with other operators: ${before}; this one has ${now}`);
    return saved;
  }

  /** Lets a barrier follow the items of the source whenever a checkpoint is due. */
  #withBarriers(input: Input<unknown>, start: SourcePlace): Input<unknown> {
    const everyItems = this.#everyItems;
    const everyMs = this.#everyMs;
    let place: SourcePlace = { ...start, skip: 0 };
    let commit: Chunk<unknown>['commit'];
    let ahead = start.skip;
    let fresh = 0;
    let due = performance.now() + everyMs;
    const alarm = new Alarm();
    let asked: Promise<IteratorResult<unknown, unknown>> | undefined;
    const createBarrier = (): Barrier => {
      fresh = 0;
      due = performance.now() + everyMs;
      const barrier = new Gathering(place, commit);
      commit = undefined;
      return barrier;
    };
    return {
      chunked: true,
      async next() {
        asked ??= Promise.resolve(input.next());
        // A source may be silent for long.
        if (fresh > 0 && everyMs !== Infinity && !(await alarm.settlesBefore(due, asked))) {
          return { done: false, value: { items: [], barrier: createBarrier() } };
        }
        const result = await asked;
        asked = undefined;
        if (result.done === true) {
          alarm.stop();
          if (ahead > 0) throw new CheckpointError(`the source ends ${ahead} items before the place where it stood`);
          return result;
        }
        const first = place.before + place.skip;
        const position = (index: number): Position => ({ index: first + index });
        const chunk = { position, ...(isChunk(input, result.value) ? result.value : { items: [result.value] }) };
        const { length } = chunk.items;
        const from = chunk.resume?.(length);
        // Encoded at once, since the source may change it when it is asked for more.
        place =
          from === undefined
            ? { ...place, skip: place.skip + length }
            : { from: encode('the place of the source', from), before: first + length, skip: 0 };
        commit = chunk.commit ?? commit;
        const passed = Math.min(ahead, length);
        ahead -= passed;
        fresh += length - passed;
        const isDue = fresh > 0 && (fresh >= everyItems || performance.now() >= due);
        return { done: false, value: { ...dropFirst(chunk, passed), barrier: isDue ? createBarrier() : undefined } };
      },
      close(reason) {
        alarm.stop();
        return input.close(reason);
      },
      async fail(error) {
        alarm.stop();
        await input.fail?.(error);
      },
    };
  }
}

/** What is known of a checkpoint while its barrier is on the way. */
class Gathering implements Barrier {
  readonly source: SourcePlace;
  readonly commit: Chunk<unknown>['commit'];
  readonly states: Record<string, Encoded> = {};

  constructor(source: SourcePlace, commit: Chunk<unknown>['commit']) {
    this.source = source;
    this.commit = commit;
  }

  save(place: number, operator: string, state: unknown): void {
    this.states[place] = encode(`the state of ${operator} (operator ${place})`, state);
  }
}

function encode(what: string, state: unknown): Encoded {
  try {
    return encodeState(state);
  } catch (cause) {
    throw new CheckpointError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function dropFirst(chunk: Chunk<unknown>, count: number): Chunk<unknown> {
  if (count === 0) return chunk;
  const { items, position } = chunk;
  return { items: items.slice(count), position: position && ((index) => position(index + count)) };
}

function isChunk(input: Input<unknown>, _value: unknown): _value is Chunk<unknown> {
  return input.chunked;
}

function isCheckpoint(saved: unknown): saved is Checkpoint {
  if (!isObject(saved) || !('version' in saved && 'operators' in saved)) return false;
  if (!(saved.version === VERSION && Array.isArray(saved.operators))) return false;
  return 'source' in saved && isObject(saved.source) && 'states' in saved && isObject(saved.states);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
