import { checkInteger, OptionError } from '@dataenginex/core';
import { detach } from '../pipes/detach.ts';
import { KeyLimitError } from '../errors.ts';
import { type PlacedOperator, Steps } from '../pipes/fuse.ts';
import type { FusedOperator, Operator } from '../pipes/operator.ts';

export interface GroupByOptions<T, K> {
  /** What tells groups apart, compared as the keys of a `Map` are. */
  key: (item: T) => K;
  /**
   * How many groups there may be, at most 2 ** 24; one more ends the pipe with a `KeyLimitError`.
   *
   * @default 10_000
   */
  maxKeys?: number | undefined;
}

/**
 * Gives each key operators of its own: one to three of those that do not wait, as if each group were a pipe. What comes
 * out of them is passed on as pairs of key and result, at once; what they hold back comes at the end, group by group in
 * the order of their first items. Behind `eventTime` it keeps its own time, and the watermark waits for the end. A `take`
 * ends its group, not the source. Memory is that of the operators, for each key, so bound what they hold: `batch(1000)`,
 * not a `reduce` into a list.
 *
 * ```ts
 * import { batch, groupBy, pipe, reduce } from '@dataenginex/streams';
 *
 * interface Row { readonly station: string; readonly temp: number }
 * const rows: Row[] = [
 *   { station: 'Seattle', temp: 12.8 },
 *   { station: 'New York', temp: 5.6 },
 *   { station: 'Seattle', temp: 10.6 },
 * ];
 * const key = (row: Row) => row.station;
 * const warmest = reduce((max, row: Row) => Math.max(max, row.temp), -Infinity);
 * await Array.fromAsync(pipe(rows, groupBy({ key }, warmest))); // => [['Seattle', 12.8], ['New York', 5.6]]
 * await Array.fromAsync(pipe(rows, groupBy({ key }, batch(2))));
 * // => [['Seattle', [rows[0], rows[2]]], ['New York', [rows[1]]]]
 * ```
 *
 * @throws {OptionError} At once, when an option is out of range or an operator waits, as `mapAsync` does.
 * @throws {KeyLimitError} From the pipe, when there are more than `maxKeys` keys.
 * @throws {OperatorError} From the pipe, when `key` or an operator of a group throws.
 */
export function groupBy<T, K, A>(options: GroupByOptions<T, K>, op1: Operator<T, A>): Operator<T, readonly [K, A]>;
export function groupBy<T, K, A, B>(
  options: GroupByOptions<T, K>,
  op1: Operator<T, A>,
  op2: Operator<A, B>,
): Operator<T, readonly [K, B]>;
export function groupBy<T, K, A, B, C>(
  options: GroupByOptions<T, K>,
  op1: Operator<T, A>,
  op2: Operator<A, B>,
  op3: Operator<B, C>,
): Operator<T, readonly [K, C]>;
export function groupBy<T, K>(
  { key, maxKeys = 10_000 }: GroupByOptions<T, K>,
  ...operators: Operator<never, unknown>[]
): Operator<T, readonly [K, unknown]> {
  if (typeof key !== 'function') throw new OptionError('groupBy.key', 'a function', key);
  checkInteger('groupBy.maxKeys', maxKeys, { min: 1, max: 2 ** 24 });
  const placed = operators.map((operator, index): PlacedOperator => {
    if (isFused(operator)) return { operator, place: index + 1 };
    throw new OptionError(`groupBy.operators[${index}]`, 'an operator that neither waits nor tells time', operator);
  });
  if (placed.length === 0) throw new OptionError('groupBy.operators', 'one to three operators', operators);
  return {
    name: 'groupBy',
    // One group may hold its first items to the end: until then nothing may be late because of another.
    holds: placed.some(({ operator }) => operator.holds === true),
    fuse(push, fail, { place, position, clock, out, restored }) {
      const groups = new Map<K, Group>();
      const open = (id: K, states: ReadonlyMap<number, unknown>): Group => {
        const pass = (result: unknown): void => {
          out.time = steps.out.time;
          push([id, result]);
        };
        const steps = new Steps(
          placed,
          { push: pass },
          {
            fail: (_operator, error) => fail(error),
            position,
            restore: (at) => states.get(at),
          },
        );
        const group = { steps, isOver: false };
        groups.set(id, group);
        return group;
      };
      for (const { id, isOver, time, states } of isSaved<K>(restored) ? restored : []) {
        const group = open(id, new Map(states));
        group.isOver = isOver;
        group.steps.clock.time = time;
      }
      return {
        push(item) {
          let id: K;
          try {
            id = key(item);
          } catch (error) {
            throw fail(error);
          }
          let group = groups.get(id);
          if (group === undefined) {
            if (groups.size === maxKeys) throw new KeyLimitError('groupBy', place, position(), maxKeys);
            group = open(detach(id), new Map());
          }
          if (group.isOver) return;
          const { steps } = group;
          steps.clock.time = clock.time;
          steps.clock.watermark = clock.watermark;
          try {
            steps.push(item);
          } catch (error) {
            steps.stopBy(error);
            group.isOver = true;
          }
        },
        end() {
          for (const { steps, isOver } of groups.values()) if (!isOver) steps.end();
        },
        save: (): Saved<K>[] =>
          Array.from(groups, ([id, { steps, isOver }]) => {
            const states: [number, unknown][] = [];
            steps.save({ save: (at, _name, state) => void states.push([at, state]) });
            return { id, isOver, time: steps.clock.time, states };
          }),
      };
    },
  };
}

interface Group {
  readonly steps: Steps;
  /** Whether one of its operators wants no more. */
  isOver: boolean;
}

interface Saved<K> {
  readonly id: K;
  readonly isOver: boolean;
  /** Of its latest item. */
  readonly time: number;
  /** By the place of the operator in the group. */
  readonly states: readonly (readonly [number, unknown])[];
}

function isFused(operator: unknown): operator is FusedOperator<never, unknown> {
  return typeof operator === 'object' && operator !== null && 'fuse' in operator && !('timed' in operator);
}

function isSaved<K>(restored: unknown, _key?: K): restored is Saved<K>[] {
  return Array.isArray(restored);
}
