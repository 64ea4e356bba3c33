import type { OperatorError } from './errors.ts';
import type { Chunk } from './input.ts';
import type { Position } from './position.ts';
import type { Reader } from './reader.ts';

/** An operator that never waits. Neighbours are fused: each hands its results straight to the next, item by item. */
export interface FusedOperator<I, O> {
  readonly name: string;
  readonly fuse: (push: (item: O) => void, fail: (error: unknown) => OperatorError) => Step<I>;
}

interface Step<I> {
  readonly push: (item: I) => void;
  /** The source has ended: push what is held back. */
  readonly end?: () => void;
}

/** An operator that waits: it reads chunks and yields chunks. Its reader is closed for it. */
export interface LinkedOperator<I, O> {
  readonly name: string;
  readonly link: (reader: Reader<I>, context: LinkContext) => AsyncGenerator<Chunk<O>, void, undefined>;
}

export interface LinkContext {
  readonly place: number;
  /** Aborted when the run stops early; an operator may abort it to stop its own calls. */
  readonly controller: AbortController;
  readonly fail: (error: unknown, position?: Position) => OperatorError;
}

/** A step of a `pipe`, from items of type `I` to items of type `O`. Made by `map`, `filter` and their like. */
export type Operator<I, O> = FusedOperator<I, O> | LinkedOperator<I, O>;
