import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Aggregate, count, eventTime, pipe, session, sliding, tap, tumbling } from '../index.ts';

/** Models of Flink's operators, written from what its documentation and its `WindowOperator` say. */

interface Event {
  readonly id: number;
  readonly key: string;
  readonly at: number;
  /** Milliseconds of the machine's clock that pass before it comes. */
  readonly pause: number;
}

const ids: Aggregate<Event, number[], number[]> = {
  create: () => [],
  add: (kept, { id }) => [...kept, id],
  merge: (kept, other) => [...kept, ...other],
  result: (kept) => kept.toSorted((a, b) => a - b),
};
const aggregate = { ids };
const keyOf = (event: Event): string => event.key;
const at = (event: Event): number => event.at;
const millis = fc.integer({ min: -60, max: 60 });
const quarters = fc.integer({ min: -240, max: 240 }).map((n) => n / 4);
const eventsOf = (time: fc.Arbitrary<number>): fc.Arbitrary<Event[]> =>
  fc
    .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), at: time, pause: fc.nat(30) }), { maxLength: 40 })
    .map((list) => list.map((event, id) => ({ id, ...event })));

interface Pane {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly ids: readonly number[];
  readonly hasFired: boolean;
  readonly isDue: boolean;
}

/** One key's sessions: an item is a window of its own, which is merged with all that it meets. */
function sessions(list: readonly Event[], gap: number, bound: number, lateness: number) {
  const results: unknown[] = [];
  const late: Event[] = [];
  let panes: Pane[] = [];
  let watermark = -Infinity;
  const fire = ({ key, start, end, ids: held, hasFired }: Pane, isLate: boolean) =>
    void results.push({
      key,
      start,
      end,
      firing: hasFired || isLate ? 'late' : 'onTime',
      ids: held.toSorted((a, b) => a - b),
    });
  const advance = () => {
    panes = panes.flatMap((pane) => {
      const fires = pane.isDue && pane.end - 1 <= watermark;
      if (fires) fire(pane, false);
      if (pane.end - 1 + lateness <= watermark) return [];
      return [fires ? { ...pane, hasFired: true, isDue: false } : pane];
    });
  };
  for (const event of list) {
    const own = { key: event.key, start: event.at, end: event.at + gap };
    const met = panes.filter(({ key, start, end }) => key === own.key && start <= own.end && end >= own.start);
    const all = [...met, own];
    const start = Math.min(...all.map((pane) => pane.start));
    const end = Math.max(...all.map((pane) => pane.end));
    if (end - 1 + lateness <= watermark) late.push(event);
    else {
      const isAtOnce = end - 1 <= watermark;
      const pane = {
        ...own,
        start,
        end,
        ids: [...met.flatMap((other) => other.ids), event.id],
        hasFired: isAtOnce || met.some((other) => other.hasFired),
        isDue: !isAtOnce,
      };
      if (isAtOnce) fire(pane, true);
      panes = [...panes.filter((other) => !met.includes(other)), pane];
    }
    watermark = Math.max(watermark, event.at - bound - 1);
    advance();
  }
  watermark = Infinity;
  advance();
  return { results, late };
}

const texts = (results: readonly unknown[]): string[] => results.map((result) => JSON.stringify(result)).toSorted();

afterEach(() => {
  vi.useRealTimers();
});

describe('as in Flink', () => {
  it.each([
    ['milliseconds', millis],
    ['fractions of them', quarters],
  ])('sessions are merged, fire again and are forgotten, in %s', (_name, time) =>
    fc.assert(
      fc.asyncProperty(
        eventsOf(time),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(40),
        fc.nat(40),
        async (list, gapMs, bound, latenessMs) => {
          const late: Event[] = [];
          const window = session({ gapMs, latenessMs, key: keyOf, aggregate, late: (event) => void late.push(event) });
          const found = await Array.fromAsync(pipe(list, eventTime(at, { outOfOrderMs: bound }), window));
          const model = sessions(list, gapMs, bound, latenessMs);
          expect(texts(found)).toEqual(texts(model.results));
          expect(late).toEqual(model.late);
        },
      ),
      { numRuns: 500 },
    ),
  );

  it('every item is in a window or late, also between milliseconds', () =>
    fc.assert(
      fc.asyncProperty(
        eventsOf(quarters),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(40),
        fc.nat(10),
        async (list, sizeMs, slideMs, bound, latenessMs) => {
          const late: number[] = [];
          const options = { sizeMs, latenessMs, key: keyOf, aggregate, late: ({ id }: Event) => void late.push(id) };
          const isCovering = slideMs <= sizeMs;
          const window = isCovering ? sliding({ ...options, slideMs }) : tumbling(options);
          const found = await Array.fromAsync(pipe(list, eventTime(at, { outOfOrderMs: bound }), window));
          const seen = new Set([...found.flatMap((result) => result.ids), ...late]);
          expect([...seen].toSorted((a, b) => a - b)).toEqual(list.map(({ id }) => id));
          expect(new Set(found.flatMap((result) => result.ids)).isDisjointFrom(new Set(late))).toBe(true);
        },
      ),
      { numRuns: 300 },
    ));

  it('the watermark is that of the slowest partition that is not idle', () =>
    fc.assert(
      fc.asyncProperty(
        eventsOf(millis),
        fc.nat(20),
        fc.oneof(fc.nat(60), fc.constant(Infinity)),
        async (list, bound, idleMs) => {
          vi.useFakeTimers({ toFake: ['performance'] });
          const expected: [number, number][] = [];
          const partitions = new Map<string, { max: number; heard: number }>();
          let now = 0;
          let watermark = -Infinity;
          for (const event of list) {
            now += event.pause;
            if (event.at <= watermark) expected.push([event.id, watermark]);
            const max = Math.max(event.at, partitions.get(event.key)?.max ?? -Infinity);
            partitions.set(event.key, { max, heard: now });
            const active = [...partitions.values()].filter(({ heard }) => now - heard <= idleMs);
            watermark = Math.max(watermark, Math.min(...active.map((partition) => partition.max)) - bound - 1);
          }
          const late: [number, number][] = [];
          const rows = pipe(
            list,
            tap(({ pause }) => void vi.advanceTimersByTime(pause)),
            eventTime(at, { outOfOrderMs: bound, partition: keyOf, idleMs }),
            tumbling({
              sizeMs: 1,
              aggregate: { n: count() },
              late: ({ id }: Event, clock) => void late.push([id, clock.watermark]),
            }),
          );
          await Array.fromAsync(rows);
          expect(late).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    ));
});
