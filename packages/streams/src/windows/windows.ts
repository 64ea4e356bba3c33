import { checkFunction, checkInteger, OptionError } from '@dataenginex/core';
import type { Aggregate } from './aggregates.ts';
import type { Operator } from '../pipes/operator.ts';
import { listAggregates, type WindowKind, WindowState } from './window-state.ts';

/** What tells windows apart: for several fields, a text made of them. */
export type WindowKey = string | number | bigint | boolean | null | undefined;

/** A window's result: its own fields and one for each aggregate. */
export type WindowResult<K extends WindowKey, R> = R & {
  readonly key: K;
  /** In milliseconds, inclusive. */
  readonly start: number;
  /** In milliseconds, exclusive. */
  readonly end: number;
  /**
   * `late` when the result takes the place of an earlier one, or comes only now, because of an item that was late but
   * within `latenessMs`. That of a session takes the place of all that it covers.
   */
  readonly firing: 'onTime' | 'late';
};

export interface WindowOptions<T, K extends WindowKey, R> {
  /** What to make of the items, by the name of the field it becomes. */
  aggregate: { readonly [Name in keyof R]: Aggregate<T, unknown, R[Name]> };
  /**
   * Windows are made for each key apart; without it all items share theirs.
   *
   * @default undefined
   */
  key?: ((item: T) => K) | undefined;
  /**
   * How long a window is kept after the watermark has passed its end. An item that comes within that time makes it fire
   * again, at once.
   *
   * @default 0
   */
  latenessMs?: number | undefined;
  /**
   * Told every item that is too late for all its windows; without it they are dropped.
   *
   * @default undefined
   */
  late?: ((item: T, clock: { time: number; watermark: number }) => void) | undefined;
  /**
   * How many windows may be open at once, those of all keys together.
   *
   * @default 100_000
   */
  maxWindows?: number | undefined;
}

export interface TumblingOptions<T, K extends WindowKey, R> extends WindowOptions<T, K, R> {
  /** Of a window, in milliseconds. */
  sizeMs: number;
  /**
   * Where windows begin: at `offsetMs` and every `sizeMs` from there, counted from 1970 in UTC.
   *
   * @default 0
   */
  offsetMs?: number | undefined;
}

export interface SlidingOptions<T, K extends WindowKey, R> extends TumblingOptions<T, K, R> {
  /** From the beginning of one window to that of the next, in milliseconds. */
  slideMs: number;
}

export interface SessionOptions<T, K extends WindowKey, R> extends WindowOptions<T, K, R> {
  /** A session ends when for so many milliseconds nothing has happened. */
  gapMs: number;
}

/**
 * Windows of one size, one after the other: every item is in exactly one. A window fires when the watermark passes its
 * last millisecond; windows that end together fire in the order in which they were begun. What is still open when the
 * source ends fires then.
 *
 * ```ts
 * import { eventTime, max, pipe, tumbling } from '@dataenginex/streams';
 *
 * const observations = [
 *   { station: 'Seattle', at: Date.UTC(2015, 0, 1, 3), temp: 4.4 },
 *   { station: 'Seattle', at: Date.UTC(2015, 0, 1, 15), temp: 8.9 },
 *   { station: 'Seattle', at: Date.UTC(2015, 0, 2, 14), temp: 6.1 },
 * ];
 * const days = pipe(
 *   observations,
 *   eventTime((row) => row.at, { outOfOrderMs: 3_600_000 }),
 *   tumbling({ sizeMs: 86_400_000, key: (row) => row.station, aggregate: { high: max((row) => row.temp) } }),
 * );
 * (await Array.fromAsync(days))[0];
 * // => { key: 'Seattle', start: 1420070400000, end: 1420156800000, firing: 'onTime', high: 8.9 }
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when there is no `eventTime` before it, or `key`, `late` or an aggregate throws.
 * @throws {WindowLimitError} From the pipe, when more than `maxWindows` are open.
 * @see https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/datastream/operators/windows/
 */
export function tumbling<T, const R extends object, K extends WindowKey = undefined>(
  options: TumblingOptions<T, K, R>,
): Operator<T, WindowResult<K, R>> {
  const { sizeMs, offsetMs = 0 } = options;
  checkInteger('tumbling.sizeMs', sizeMs, { min: 1 });
  checkInteger('tumbling.offsetMs', offsetMs);
  return windowed(
    {
      name: 'tumbling',
      sizeMs,
      slideMs: sizeMs,
      merges: false,
      firstStart: (time) => lastStart(time, offsetMs, sizeMs),
    },
    options,
  );
}

/**
 * Windows of one size that begin every `slideMs`: with a `slideMs` of half the size, every item is in two. Otherwise as
 * `tumbling`.
 *
 * ```ts
 * import { eventTime, mean, pipe, sliding } from '@dataenginex/streams';
 *
 * const minutes = [{ at: 0, n: 1 }, { at: 60_000, n: 3 }, { at: 120_000, n: 5 }];
 * const smooth = pipe(
 *   minutes,
 *   eventTime(({ at }) => at),
 *   sliding({ sizeMs: 120_000, slideMs: 60_000, aggregate: { n: mean(({ n }) => n) } }),
 * );
 * (await Array.fromAsync(smooth)).map(({ start, n }) => [start, n]); // => [[-60_000, 1], [0, 2], [60_000, 4], [120_000, 5]]
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, as for `tumbling`.
 * @throws {WindowLimitError} From the pipe, when more than `maxWindows` are open.
 */
export function sliding<T, const R extends object, K extends WindowKey = undefined>(
  options: SlidingOptions<T, K, R>,
): Operator<T, WindowResult<K, R>> {
  const { sizeMs, slideMs, offsetMs = 0 } = options;
  checkInteger('sliding.sizeMs', sizeMs, { min: 1 });
  checkInteger('sliding.slideMs', slideMs, { min: Math.max(1, sizeMs / MAX_OVERLAP) });
  checkInteger('sliding.offsetMs', offsetMs);
  return windowed(
    {
      name: 'sliding',
      sizeMs,
      slideMs,
      merges: false,
      firstStart(time) {
        const last = lastStart(time, offsetMs, slideMs);
        const others = Math.ceil((sizeMs - (Math.floor(time) - last)) / slideMs) - 1;
        return last - others * slideMs;
      },
    },
    options,
  );
}

/**
 * Windows of what belongs together: of one key, items no more than `gapMs` apart. A session ends `gapMs` after its last
 * item. An item between two sessions joins them; their aggregates are merged.
 *
 * ```ts
 * import { count, eventTime, pipe, session } from '@dataenginex/streams';
 *
 * const clicks = [{ at: 0 }, { at: 50 }, { at: 900 }, { at: 120 }];
 * const visits = pipe(
 *   clicks,
 *   eventTime(({ at }) => at, { outOfOrderMs: 1000 }),
 *   session({ gapMs: 100, aggregate: { clicks: count() } }),
 * );
 * (await Array.fromAsync(visits)).map(({ start, end, clicks }) => [start, end, clicks]); // => [[0, 220, 3], [900, 1000, 1]]
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, as for `tumbling`.
 * @throws {WindowLimitError} From the pipe, when more than `maxWindows` are open.
 */
export function session<T, const R extends object, K extends WindowKey = undefined>(
  options: SessionOptions<T, K, R>,
): Operator<T, WindowResult<K, R>> {
  const { gapMs } = options;
  checkInteger('session.gapMs', gapMs, { min: 1 });
  return windowed(
    { name: 'session', sizeMs: gapMs, slideMs: Infinity, merges: true, firstStart: (time) => time },
    options,
  );
}

/** Windows that an item may be in. */
const MAX_OVERLAP = 10_000;

/** By remainders of whole numbers, which are exact where quotients and fractions are not. */
function lastStart(time: number, offset: number, step: number): number {
  const whole = Math.floor(time);
  const past = (whole - (offset % step)) % step;
  return whole - (past < 0 ? past + step : past);
}

function windowed<T, K extends WindowKey, R extends object>(
  kind: WindowKind,
  options: WindowOptions<T, K, R>,
): Operator<T, WindowResult<K, R>> {
  const { name } = kind;
  const { aggregate, key, latenessMs = 0, late, maxWindows = 100_000 } = options;
  if (typeof aggregate !== 'object') throw new OptionError(`${name}.aggregate`, 'an object of aggregates', aggregate);
  const aggregates = listAggregates<T>(name, { ...aggregate });
  checkFunction(`${name}.key`, key);
  checkInteger(`${name}.latenessMs`, latenessMs, { min: 0 });
  checkFunction(`${name}.late`, late);
  checkInteger(`${name}.maxWindows`, maxWindows, { min: 1 });
  const settings = { key, aggregates, latenessMs, late, maxWindows };
  return {
    name,
    timed: true,
    fuse: (push, fail, context) => new WindowState<T>(kind, settings, { push }, fail, context),
  };
}
