import { OptionError } from '@dataenginex/core';
import { OperatorError } from '../errors.ts';
import type { PlacedOperator } from './fuse.ts';
import { openChunks, openInput, type Input } from './input.ts';
import type { FusedOperator, LinkedOperator, Operator } from './operator.ts';
import { Reader, type ReaderContext } from './reader.ts';

/** Where a pipe begins: an array, any iterable, a Node or Web stream, a codec, another pipe. */
export type PipeSource<T> = Iterable<T> | AsyncIterable<T>;

/**
 * A source and its operators. It does nothing until it is iterated or `run`, and each time starts anew if its source
 * can. Iterated, it hands out items one by one; leaving the loop runs every `finally` behind it.
 */
export interface Pipe<T> extends AsyncIterable<T, void, undefined> {
  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined>;
}

/**
 * Strings operators behind a source, lazily. Chunks move inside; what comes out is item by item.
 *
 * ```ts
 * import { batch, filter, map, pipe } from '@dataenginex/streams';
 *
 * const kelvin = pipe(
 *   [12.8, null, 10.6, 11.7],
 *   filter((celsius) => celsius !== null),
 *   map((celsius) => celsius + 273),
 *   batch(2),
 * );
 * await Array.fromAsync(kelvin); // => [[285.8, 283.6], [284.7]]
 * ```
 *
 * @throws {OptionError} At once, when the source is not iterable or an operator is not one.
 */
export function pipe<A>(source: PipeSource<A>): Pipe<A>;
export function pipe<A, B>(source: PipeSource<A>, op1: Operator<A, B>): Pipe<B>;
export function pipe<A, B, C>(source: PipeSource<A>, op1: Operator<A, B>, op2: Operator<B, C>): Pipe<C>;
export function pipe<A, B, C, D>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
): Pipe<D>;
export function pipe<A, B, C, D, E>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
): Pipe<E>;
export function pipe<A, B, C, D, E, F>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
): Pipe<F>;
export function pipe<A, B, C, D, E, F, G>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
): Pipe<G>;
export function pipe<A, B, C, D, E, F, G, H>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
): Pipe<H>;
export function pipe<A, B, C, D, E, F, G, H, I>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
): Pipe<I>;
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  op9: Operator<I, J>,
): Pipe<J>;
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  source: PipeSource<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  op9: Operator<I, J>,
  op10: Operator<J, K>,
): Pipe<K>;
export function pipe(source: PipeSource<unknown>, ...operators: Operator<never, unknown>[]): Pipe<unknown> {
  checkSource('pipe.source', source);
  for (const [index, operator] of operators.entries()) {
    if (isOperator(operator)) continue;
    const wanted = 'an operator, such as map(fn); a sink goes to run, a function goes around a pipe';
    throw new OptionError(`pipe.operators[${index}]`, wanted, operator);
  }
  if (source instanceof Stages) return source.with(operators);
  return new Stages((from) => openInput(source, from), operators);
}

/**
 * A pipe over inputs of our own, which may be chunked and know positions.
 *
 * @param open Opens the source; `from` is what the `resume` of one of its chunks gave in another run.
 */
export function pipeFrom<T>(open: (from?: unknown) => Input<T>): Pipe<T> {
  return new Stages<T>(open, []);
}

/** Opens what a pipe begins with, where the `resume` of one of its chunks said in another run. */
export function openSource<T>(source: PipeSource<T>, from: unknown): Input<unknown> {
  return source instanceof Stages ? source.openInput(from) : openInput(source, from);
}

/** The operators of a pipe, in order, and whether a barrier gets through them. */
export function describePipe(source: PipeSource<unknown>): { readonly name: string; readonly carries: boolean }[] {
  if (!(source instanceof Stages)) return [];
  return source.operators.map((operator) => ({
    name: operator.name,
    carries: 'fuse' in operator || operator.carries === true,
  }));
}

interface OpenOptions extends Pick<ReaderContext, 'restore' | 'track'> {
  /** Read instead of the source. */
  readonly input?: Input<unknown>;
}

/** Opens a source for one consumer. */
export function openReader<T>(source: PipeSource<T>, options: OpenOptions = {}): Reader<T> {
  return source instanceof Stages
    ? source.open(options)
    : new Reader<T>(options.input ?? openInput(source), [], options);
}

export function checkSource(option: string, source: unknown): void {
  if (!isIterable(source)) throw new OptionError(option, `an iterable or async iterable${adviceFor(source)}`, source);
}

/** What is near at hand is said, since it is what was meant. */
function adviceFor(source: unknown): string {
  if (typeof source === 'function') return ', such as what this function returns';
  if (source instanceof Promise) return ', so await it';
  if (source instanceof Response) return ', such as its body';
  if (source instanceof ArrayBuffer) return ', such as a Uint8Array of it';
  const hasStream = typeof source === 'object' && source !== null && 'stream' in source;
  return hasStream && typeof source.stream === 'function' ? ', such as its stream()' : '';
}

/** Hands out a reader's items one by one. */
export function iterate<T>(reader: Reader<T>): AsyncIterator<T, void, undefined> {
  let items: Iterator<T, undefined> = [].values();
  let left = false;
  let reading: Promise<IteratorResult<T, void>> | undefined;
  const next = (): Promise<IteratorResult<T, void>> => {
    if (reading !== undefined) return reading.then(next, next);
    if (left) return Promise.resolve({ done: true, value: undefined });
    const result = items.next();
    if (result.done !== true) return Promise.resolve(result);
    reading = reader.read().then(take, fail);
    return reading;
  };
  // An async function in their place costs a tenth of an item read alone.
  const take = (chunk: { readonly items: readonly T[] } | undefined): IteratorResult<T, void> => {
    reading = undefined;
    items = chunk?.items.values() ?? items;
    return items.next();
  };
  const fail = (error: unknown): never => {
    reading = undefined;
    left = true;
    throw error;
  };
  return {
    next,
    async return() {
      left = true;
      await reader.close(new DOMException('The consumer stopped reading.', 'AbortError'));
      return { done: true, value: undefined };
    },
  };
}

class Stages<T> implements Pipe<T> {
  readonly openInput: (from?: unknown) => Input<unknown>;
  readonly operators: readonly Operator<never, unknown>[];

  constructor(open: (from?: unknown) => Input<unknown>, operators: readonly Operator<never, unknown>[]) {
    this.openInput = open;
    this.operators = operators;
  }

  with(operators: readonly Operator<never, unknown>[]): Stages<unknown> {
    return new Stages(this.openInput, [...this.operators, ...operators]);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined> {
    return iterate(this.open());
  }

  /** Neighbouring fused operators become one reader; a linked one reads from it and begins the next. */
  open({ restore, track, input = this.openInput() }: OpenOptions = {}): Reader<T> {
    let fused: PlacedOperator[] = [];
    let timed = false;
    for (const [index, operator] of this.operators.entries()) {
      if ('fuse' in operator) fused.push({ operator, place: index + 1 });
      else {
        const reader = new Reader<never>(input, fused, { track: true, timed, restore });
        timed = operator.carries === true && (timed || fused.some((placed) => placed.operator.timed));
        input = openLink(operator, index + 1, reader);
        fused = [];
      }
    }
    return new Reader<T>(input, fused, { track, timed, restore });
  }
}

function openLink<I>({ name, link }: LinkedOperator<I, unknown>, place: number, reader: Reader<I>): Input<unknown> {
  const controller = new AbortController();
  const chunks = link(reader, {
    place,
    controller,
    fail: (error, position) => new OperatorError(name, place, position, error),
  });
  return openChunks(chunks, controller, reader);
}

function isIterable(source: unknown): boolean {
  return typeof source === 'object' && source !== null
    ? Symbol.asyncIterator in source || Symbol.iterator in source
    : typeof source === 'string';
}

function isOperator(value: unknown): value is FusedOperator<never, unknown> | LinkedOperator<never, unknown> {
  return typeof value === 'object' && value !== null && ('fuse' in value || 'link' in value);
}
