import { checkFunction, checkInteger, checkNumber } from '@dataenginex/core';
import { detach } from '../pipes/detach.ts';
import { KeyLimitError } from '../errors.ts';
import type { Operator } from '../pipes/operator.ts';

export interface EventTimeOptions<T> {
  /**
   * How far, in milliseconds, an item may be behind the latest one and still be in time.
   *
   * @default 0
   */
  outOfOrderMs?: number | undefined;
  /**
   * Which of several ordered sources the item comes from: the watermark is that of the slowest.
   *
   * @default undefined
   */
  partition?: ((item: T) => string | number) | undefined;
  /**
   * A partition that has been silent for more than this many milliseconds no longer holds the watermark back. Looked at
   * whenever an item comes, by the clock of the machine; so results then depend on it.
   *
   * @default Infinity
   */
  idleMs?: number | undefined;
  /**
   * How many partitions there may be.
   *
   * @default 1000
   */
  maxPartitions?: number | undefined;
}

/** What is known of a partition: its latest event, and when it was last heard of. */
interface Partition {
  max: number;
  heard: number;
}

interface Saved {
  readonly time: number;
  readonly watermark: number;
  readonly max: number;
  readonly partitions: readonly (readonly [string | number, number])[];
}

/**
 * Says when each item happened, and from that how far time has come: the watermark, which windows go by.
 *
 * The watermark is that of Flink's bounded out-of-orderness: the latest time seen, less `outOfOrderMs`, less 1 ms. It
 * never goes back, and it moves with each item: what comes next is judged by all that came before, however the items
 * are chunked. With `partition`, it is the least of those of the partitions heard of so far.
 *
 * What an operator makes of an item has its time; a `batch` has that of its latest item, and the watermark waits for it.
 * Where batches are taken apart again, say `eventTime` once more behind that.
 *
 * ```ts
 * import { count, eventTime, pipe, tumbling } from '@dataenginex/streams';
 *
 * const events = [{ at: 100 }, { at: 900 }, { at: 1_100 }, { at: 800 }];
 * const perSecond = pipe(
 *   events,
 *   eventTime(({ at }) => at, { outOfOrderMs: 500 }),
 *   tumbling({ sizeMs: 1000, aggregate: { events: count() } }),
 * );
 * (await Array.fromAsync(perSecond)).map(({ start, events }) => [start, events]); // => [[0, 3], [1000, 1]]
 * ```
 *
 * @param time A date, or milliseconds since 1970.
 * @throws {OptionError} At once, when an option is out of range.
 * @throws {OperatorError} From the pipe, when `time` or `partition` throws, or `time` returns neither.
 * @throws {KeyLimitError} From the pipe, when there are more than `maxPartitions` partitions.
 * @see https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/datastream/event-time/built_in/
 */
export function eventTime<T>(time: (item: T) => number | Date, options: EventTimeOptions<T> = {}): Operator<T, T> {
  const { outOfOrderMs = 0, partition, idleMs = Infinity, maxPartitions = 1000 } = options;
  checkFunction('eventTime.time', time);
  checkFunction('eventTime.partition', partition);
  checkNumber('eventTime.outOfOrderMs', outOfOrderMs, { min: 0 });
  checkNumber('eventTime.idleMs', idleMs, { min: 0, max: Infinity });
  checkInteger('eventTime.maxPartitions', maxPartitions, { min: 1 });
  return {
    name: 'eventTime',
    timed: true,
    fuse(push, fail, { place, position, restored, out }) {
      const saved = isSaved(restored) ? restored : undefined;
      let max = saved?.max ?? -Infinity;
      // What is held back behind is passed on at the end, also of a run that resumes there.
      out.time = saved?.time ?? NaN;
      out.watermark = saved?.watermark ?? -Infinity;
      const partitions = new Map<string | number, Partition>();
      for (const [id, latest] of saved?.partitions ?? []) partitions.set(id, { max: latest, heard: performance.now() });

      const hear = (id: string | number, at: number): void => {
        const now = idleMs === Infinity ? 0 : performance.now();
        const known = partitions.get(id);
        if (known === undefined) {
          if (partitions.size === maxPartitions) throw new KeyLimitError('eventTime', place, position(), maxPartitions);
          partitions.set(detach(id), { max: at, heard: now });
        } else {
          known.heard = now;
          const wasLast = known.max === max;
          known.max = Math.max(known.max, at);
          // Only the slowest holds the others back; who is idle must be asked of each.
          if (!wasLast && idleMs === Infinity) return;
        }
        max = Infinity;
        for (const { max: latest, heard } of partitions.values()) {
          if (now - heard <= idleMs && latest < max) max = latest;
        }
      };

      return {
        push(item) {
          let at: number;
          let id: string | number | undefined;
          try {
            at = toMs(time(item));
            id = partition?.(item);
          } catch (error) {
            throw fail(error);
          }
          out.time = at;
          push(item);
          if (id !== undefined) hear(id, at);
          else if (at > max) max = at;
          out.watermark = Math.max(out.watermark, max - outOfOrderMs - 1);
        },
        save: (): Saved => ({
          time: out.time,
          watermark: out.watermark,
          max,
          partitions: [...partitions].map(([key, { max: latest }]) => [key, latest]),
        }),
      };
    },
  };
}

function isSaved(restored: unknown): restored is Saved {
  return restored !== undefined;
}

/** What a date can be; windows of times that are far beyond, such as nanoseconds, would never end. */
const MAX_MS = 8.64e15;

function toMs(time: unknown): number {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms === 'number' && Math.abs(ms) <= MAX_MS) return ms;
  throw new TypeError(`the time must be a date or milliseconds, got ${String(time)}`);
}
