import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crash, memory, runUntilDone } from '../../test/checkpoints.ts';
import { cut, sources } from '../../test/sources.ts';
import {
  type Aggregate,
  batch,
  eventTime,
  filter,
  flatMap,
  fromChunks,
  groupBy,
  mapAsync,
  type Operator,
  pipe,
  type PipeSource,
  reduce,
  tumbling,
} from '../index.ts';

interface Event {
  readonly id: number;
  readonly at: number;
}

const at = (event: Event): number => event.at;
const eventsAt = (times: readonly number[]): Event[] => times.map((time, id) => ({ id, at: time }));
const isKept = ({ id }: Event): boolean => id % 3 > 0;

const lists = fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 40 }).map(eventsAt);
const places = fc.array(fc.nat(40), { maxLength: 8 });

/** Windows of 10 ms that tell what is in them and what is late. */
function windows<T>() {
  const late: T[] = [];
  const items: Aggregate<T, T[], T[]> = {
    create: () => [],
    add: (kept, item) => [...kept, item],
    merge: (kept, other) => [...kept, ...other],
    result: (kept) => kept,
  };
  return { late, window: tumbling({ sizeMs: 10, aggregate: { items }, late: (item: T) => void late.push(item) }) };
}

const batches: [string, (size: number) => Operator<Event, Event[]>][] = [
  ['by size', (size) => batch(size)],
  ['by bytes', (size) => batch({ maxBytes: size, bytesOf: () => 1 })],
  ['in time', (size) => batch({ size, maxWaitMs: 60_000 })],
];

describe.each(batches)('batches behind eventTime, %s', (_name, make) => {
  it('happened when the latest of their items did, and are late only when all of these are', () =>
    fc.assert(
      fc.asyncProperty(
        lists,
        places,
        fc.integer({ min: 1, max: 7 }),
        fc.nat(20),
        async (list, borders, size, bound) => {
          const watermarks = list.map(
            (_, index) => Math.max(...list.slice(0, index).map((event) => event.at)) - bound - 1,
          );
          const kept = list.filter(isKept);
          const isLate = (time: number, watermark: number) => Math.floor(time / 10) * 10 + 9 <= watermark;
          const whole = kept.flatMap((_, index) => (index % size === 0 ? [kept.slice(index, index + size)] : []));
          const late = whole.filter(([first, ...others]) => {
            const latest = Math.max(...[first, ...others].map((event) => event?.at ?? NaN));
            return isLate(latest, watermarks[first?.id ?? 0] ?? NaN);
          });
          for (const from of Object.values(sources)) {
            const { late: found, window } = windows<Event[]>();
            const rows = pipe(
              from(cut(list, borders)),
              eventTime(at, { outOfOrderMs: bound }),
              filter(isKept),
              make(size),
              window,
            );
            const results = await Array.fromAsync(rows);
            expect(found).toEqual(late);
            for (const { start, items } of results) {
              for (const group of items) expect(Math.floor(Math.max(...group.map(at)) / 10) * 10).toBe(start);
            }
            expect(results.flatMap(({ items }) => items)).toHaveLength(whole.length - late.length);
          }
          for (const group of late) {
            expect(group.every((event) => isLate(event.at, watermarks[event.id] ?? NaN))).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    ));

  it('change nothing for the items when eventTime is said again behind them', () =>
    fc.assert(
      fc.asyncProperty(
        lists,
        places,
        fc.integer({ min: 1, max: 7 }),
        fc.nat(20),
        async (list, borders, size, bound) => {
          const time = eventTime(at, { outOfOrderMs: bound });
          const direct = windows<Event>();
          const batched = windows<Event>();
          const rows = pipe(
            sources.chunks(cut(list, borders)),
            time,
            make(size),
            flatMap((group) => group),
            time,
            batched.window,
          );
          expect(await Array.fromAsync(rows)).toEqual(await Array.fromAsync(pipe(list, time, direct.window)));
          expect(batched.late).toEqual(direct.late);
        },
      ),
      { numRuns: 50 },
    ));
});

describe('what operators hold back until the end', () => {
  it('is not late because of the last item', async () => {
    const { late, window } = windows<number>();
    const rows = pipe(
      eventsAt([100, 101, 5]),
      eventTime(at),
      reduce((n) => n + 1, 0),
      window,
    );
    expect(await Array.fromAsync(rows)).toMatchObject([{ items: [3] }]);
    expect(late).toEqual([]);
  });

  it.each<[string, Operator<Event, unknown>, unknown[]]>([
    [
      'batch',
      batch(2),
      [
        [0, true, true],
        [120, false],
      ],
    ],
    [
      'reduce',
      reduce((n) => n + 1, 0),
      [
        [0, true],
        [120, false],
      ],
    ],
  ])('is in the window of its own group: %s', async (_name, held, expected) => {
    const { late, window } = windows<readonly [boolean, unknown]>();
    const key = (event: Event): boolean => event.at < 50;
    const starts = pipe(eventsAt([101, 7, 5, 2, 120]), eventTime(at), groupBy({ key }, held), window);
    const groups = (await Array.fromAsync(starts)).map(({ start, items }) => [
      start,
      ...items.map(([isEarly]) => isEarly),
    ]);
    expect(groups).toEqual(expected);
    expect(late).toEqual([]);
  });

  const waits = mapAsync(async (event: Event) => event);
  it.each([
    ['batch', (source: PipeSource<Event>) => pipe(source, eventTime(at), batch(5)), [eventsAt([7, 8])]],
    [
      'batch behind mapAsync',
      (source: PipeSource<Event>) => pipe(source, eventTime(at), waits, batch(5)),
      [eventsAt([7, 8])],
    ],
    [
      'reduce',
      (source: PipeSource<Event>) =>
        pipe(
          source,
          eventTime(at),
          reduce((n) => n + 1, 0),
        ),
      [2],
    ],
    [
      'reduce in a group',
      (source: PipeSource<Event>) =>
        pipe(
          source,
          eventTime(at),
          groupBy(
            { key: () => 'all' },
            reduce((n) => n + 1, 0),
          ),
        ),
      [['all', 2]],
    ],
  ])('has a time also in a run that resumes behind the last item: %s', async (_name, build, items) => {
    const { kept, store, exactSink } = memory();
    let left = 1;
    const source = () =>
      fromChunks(async function* () {
        yield eventsAt([7, 8]);
        if (left-- > 0) throw new Crash();
      });
    const open = () => pipe(build(source()), windows<unknown>().window);
    expect(await runUntilDone(open, exactSink, store)).toBe(2);
    expect(kept.items).toMatchObject([{ start: 0, items }]);
  });
});
