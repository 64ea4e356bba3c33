import { DexError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describePosition, type Position } from './pipes/position.ts';
import type { Reject } from './pipes/rejects.ts';

/** A function given to an operator threw or rejected; `cause` is what it threw. */
export class OperatorError extends DexError {
  override readonly name = 'OperatorError';
  readonly code = 'DEX_OPERATOR';
  /** The operator's name, such as `map`. */
  readonly operator: string;
  /** The operator's place in the pipe, from 1. */
  readonly place: number;
  /** The item it failed on, when that is known. */
  readonly position: Position | undefined;

  constructor(operator: string, place: number, position: Position | undefined, cause: unknown) {
    const where = position === undefined ? '' : ` at ${describePosition(position)}`;
    const message = cause instanceof Error ? cause.message : String(cause);
    super(`${operator} (operator ${place}) failed${where}: ${message}`, { cause });
    this.operator = operator;
    this.place = place;
    this.position = position;
  }
}

/** An item does not match the schema, and `parse` was given no `rejects`. */
export class ParseError extends DexError {
  override readonly name = 'ParseError';
  readonly code = 'DEX_PARSE';
  readonly operator = 'parse';
  /** The operator's place in the pipe, from 1. */
  readonly place: number;
  readonly position: Position;
  /** What the schema found, each issue with its path. */
  readonly issues: readonly StandardSchemaV1.Issue[];
  /** The item as it came. */
  readonly value: unknown;

  constructor(place: number, { position, reason, issues, value }: Reject) {
    super(`parse (operator ${place}) refused the item at ${describePosition(position)}: ${reason}`);
    this.place = place;
    this.position = position;
    this.issues = issues;
    this.value = value;
  }
}

/** The formats whose damage a `FormatError` tells. */
type Format = 'CSV' | 'NDJSON' | 'JSON' | 'SSE' | 'gzip' | 'deflate' | 'br' | 'zstd';

/** Bytes that are not what their format says: a malformed row without `rejects`, or damage that ends the reading. */
export class FormatError extends DexError {
  override readonly name = 'FormatError';
  readonly code = 'DEX_FORMAT';
  readonly format: Format;
  /** The row, and for damage inside it (a NUL, a byte that is not UTF-8) the byte itself. */
  readonly position: Position;
  /** The first characters of the row, 80 at most. */
  readonly start: string;

  constructor(format: Format, position: Position, reason: string, row: string, options?: ErrorOptions) {
    const start = row.slice(0, 80);
    const shown = start === '' ? '' : ` The row starts with ${JSON.stringify(start)}.`;
    super(`${format} at ${describePosition(position)}: ${reason}.${shown}`, options);
    this.format = format;
    this.position = position;
    this.start = start;
  }
}

/** More items were refused than `maxRejects` allows; `reject` is the one past the limit, which `rejects` was not told. */
export class RejectLimitError extends DexError {
  override readonly name = 'RejectLimitError';
  readonly code = 'DEX_REJECT_LIMIT';
  readonly operator: string;
  readonly maxRejects: number;
  readonly reject: Reject;

  constructor(maxRejects: number, reject: Reject) {
    const { operator, position, reason } = reject;
    super(
      `${operator} stopped: more than ${maxRejects} rejects. The last, at ${describePosition(position)}: ${reason}`,
    );
    this.operator = operator;
    this.maxRejects = maxRejects;
    this.reject = reject;
  }
}

/** There are more different keys than `maxKeys` allows. */
export class KeyLimitError extends DexError {
  override readonly name = 'KeyLimitError';
  readonly code = 'DEX_KEY_LIMIT';
  readonly operator: string;
  /** The operator's place in the pipe, from 1. */
  readonly place: number;
  /** The item with one key too many. */
  readonly position: Position;
  readonly maxKeys: number;

  constructor(operator: string, place: number, position: Position, maxKeys: number) {
    super(`${operator} (operator ${place}) met more than ${maxKeys} keys at ${describePosition(position)}`);
    this.operator = operator;
    this.place = place;
    this.position = position;
    this.maxKeys = maxKeys;
  }
}

/** A checkpoint cannot be taken, or cannot be resumed from. */
export class CheckpointError extends DexError {
  override readonly name = 'CheckpointError';
  readonly code = 'DEX_CHECKPOINT';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Checkpoint: ${reason}`, options);
  }
}

/** More windows are open than `maxWindows` allows: too many keys, or a watermark that stands still. */
export class WindowLimitError extends DexError {
  override readonly name = 'WindowLimitError';
  readonly code = 'DEX_WINDOW_LIMIT';
  readonly operator: string;
  /** The operator's place in the pipe, from 1. */
  readonly place: number;
  /** The item with one window too many. */
  readonly position: Position;
  readonly maxWindows: number;

  constructor(operator: string, place: number, position: Position, maxWindows: number) {
    super(
      `${operator} (operator ${place}) would hold more than ${maxWindows} open windows at ${describePosition(position)}`,
    );
    this.operator = operator;
    this.place = place;
    this.position = position;
    this.maxWindows = maxWindows;
  }
}

/** An observable gave more values than may wait, and `overflow` says that this is an error. */
export class OverflowError extends DexError {
  override readonly name = 'OverflowError';
  readonly code = 'DEX_OVERFLOW';
  readonly capacity: number;

  constructor(capacity: number) {
    super(
      `fromObservable stopped: more than ${capacity} values were waiting, its capacity. ` +
        `Raise that, or let overflow be 'dropOldest' or 'dropNewest'.`,
    );
    this.capacity = capacity;
  }
}
