import type { OperatorError } from '../errors.ts';
import type { Chunk } from './input.ts';
import type { Position } from './position.ts';
import type { Reader } from './reader.ts';

/**
 * Event time, in milliseconds. One object per stretch of a pipe, changed in place for each item; `time` is NaN until an
 * `eventTime` has said what it is.
 */
export interface Clock {
  /** When the item that is being pushed happened. */
  time: number;
  /** Nothing older than this is expected any more; judged before the item itself. */
  watermark: number;
}

export interface FuseContext {
  /** In the pipe, from 1. */
  readonly place: number;
  /** Where the item that is being pushed came from; asked only when something is to be reported. */
  readonly position: () => Position;
  /** What `save` gave for the checkpoint that the run resumes from; `undefined` in a run that begins anew. */
  readonly restored: unknown;
  readonly clock: Readonly<Clock>;
  /** The clock of what this operator pushes: one of its own when it is `timed` or `holds`, else `clock` itself. */
  readonly out: Clock;
  /** Nothing more is wanted: the steps behind this one are ended and the source is closed. It throws; let it through. */
  readonly stop: () => never;
}

/** An operator that never waits. Neighbours are fused: each hands its results straight to the next, item by item. */
export interface FusedOperator<I, O> {
  readonly name: string;
  /** Whether it sets the event time of what it pushes. */
  readonly timed?: boolean;
  /** Whether it pushes items after later ones have come: the watermark of what it pushes is to wait for them. */
  readonly holds?: boolean;
  readonly fuse: (push: (item: O) => void, fail: (error: unknown) => OperatorError, context: FuseContext) => Step<I>;
}

export interface Step<I> {
  readonly push: (item: I) => void;
  /** The source has ended: push what is held back. */
  readonly end?: () => void;
  /** A chunk is through and the watermark is this, perhaps further than the last item knew. */
  readonly advance?: (watermark: number) => void;
  /** All that must be known to go on after the items pushed so far, in what `encodeState` can write. */
  readonly save?: () => unknown;
}

/** An operator that waits: it reads chunks and yields chunks. Its reader is closed for it. */
export interface LinkedOperator<I, O> {
  readonly name: string;
  /**
   * Whether it carries clocks and barriers on: what it yields is made by `LocatedChunk.with`, or in the same manner. An
   * operator that does not cannot stand between `eventTime` and a window, nor in a run with checkpoints.
   */
  readonly carries?: boolean;
  readonly link: (reader: Reader<I>, context: LinkContext) => AsyncIterator<Chunk<O>, void, undefined>;
}

export interface LinkContext {
  readonly place: number;
  /** Aborted when the run stops early; an operator may abort it to stop its own calls. */
  readonly controller: AbortController;
  readonly fail: (error: unknown, position?: Position) => OperatorError;
}

/** A step of a `pipe`, from items of type `I` to items of type `O`. Made by `map`, `filter` and their like. */
export type Operator<I, O> = FusedOperator<I, O> | LinkedOperator<I, O>;
