import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, sources } from '../../test/sources.ts';
import { Steps } from '../pipes/fuse.ts';
import {
  type Aggregate,
  batch,
  count,
  eventTime,
  flatMap,
  filter,
  mapAsync,
  max,
  mean,
  min,
  type Operator,
  pipe,
  rateLimit,
  reduce,
  session,
  sliding,
  sum,
  tumbling,
} from '../index.ts';

interface Event {
  readonly id: number;
  readonly key: string;
  readonly at: number;
}

interface Seen {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly firing: 'onTime' | 'late';
  readonly ids: readonly number[];
}

/** Which items a window holds. */
const ids: Aggregate<Event, number[], number[]> = {
  create: () => [],
  add: (kept, { id }) => [...kept, id],
  merge: (kept, other) => [...kept, ...other],
  result: (kept) => kept,
};
const aggregate = { ids };
const keyOf = (event: Event): string => event.key;
const at = (event: Event): number => event.at;

const events = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), at: fc.integer({ min: -60, max: 60 }) }), { maxLength: 40 })
  .map((list) => list.map((event, id): Event => ({ id, ...event })));
const places = fc.array(fc.nat(40), { maxLength: 8 });

/** For each item, the watermark when it came. */
const watermarksOf = (list: readonly Event[], bound: number): number[] =>
  list.map((_, index) => Math.max(-Infinity, ...list.slice(0, index).map((event) => event.at - bound - 1)));

const sorted = (results: readonly Seen[]): Seen[] =>
  results
    .map((result) => ({ ...result, ids: result.ids.toSorted((a, b) => a - b) }))
    .toSorted(
      (a, b) => a.key.localeCompare(b.key) || a.start - b.start || a.end - b.end || a.ids.length - b.ids.length,
    );

/** By the definition alone: each window of each key, and what every item does to it. */
function expected(
  list: readonly Event[],
  size: number,
  slide: number,
  offset: number,
  bound: number,
  lateness: number,
) {
  const watermarks = watermarksOf(list, bound);
  const late = list.filter(({ at: time }, index) => {
    const before = watermarks[index] ?? 0;
    const spans = startsOf(time, size, slide, offset);
    return spans.every((start) => start + size - 1 + lateness <= before) && time + lateness <= before;
  });
  const results: Seen[] = [];
  for (const name of ['a', 'b', 'c']) {
    for (let start = -60 - size - slide; start <= 60; start += 1) {
      if ((start - offset) % slide !== 0) continue;
      const end = start + size;
      const kept: number[] = [];
      let firing: Seen['firing'] = 'onTime';
      for (const [index, event] of list.entries()) {
        if (event.key !== name || event.at < start || event.at >= end) continue;
        const before = watermarks[index] ?? 0;
        if (end - 1 + lateness <= before) continue;
        if (end - 1 <= before) {
          if (kept.length > 0 && firing === 'onTime') results.push({ key: name, start, end, firing, ids: [...kept] });
          firing = 'late';
        }
        kept.push(event.id);
        if (firing === 'late') results.push({ key: name, start, end, firing, ids: [...kept] });
      }
      if (kept.length > 0 && firing === 'onTime') results.push({ key: name, start, end, firing, ids: kept });
    }
  }
  return { late, results };
}

function startsOf(time: number, size: number, slide: number, offset: number): number[] {
  const starts = [];
  for (let start = time - size + 1; start <= time; start += 1) if ((start - offset) % slide === 0) starts.push(start);
  return starts;
}

async function windowsOf(
  source: Iterable<Event> | AsyncIterable<Event>,
  bound: number,
  windows: Operator<Event, Seen>,
): Promise<Seen[]> {
  return Array.fromAsync(pipe(source, eventTime(at, { outOfOrderMs: bound }), windows));
}

describe('windows of windows', () => {
  const seconds = [0, 1_000, 2_000, 3_000, 4_000];
  const counted = (sizeMs: number, late: unknown[]) =>
    tumbling({ sizeMs, aggregate: { n: count() }, late: (item) => void late.push(item) });

  it('lose nothing that an operator between them holds back until the end', async () => {
    const late: unknown[] = [];
    const small = pipe(
      seconds,
      eventTime((ms: number) => ms),
      counted(1_000, late),
    );
    const batched = pipe(
      small,
      batch(2),
      flatMap((windows) => windows),
      counted(10_000, late),
    );
    expect((await Array.fromAsync(batched)).map(({ n }) => n)).toEqual([5]);
    const reduced = pipe(
      small,
      reduce((seen) => seen + 1, 0),
      counted(10_000, late),
    );
    expect((await Array.fromAsync(reduced)).map(({ n }) => n)).toEqual([1]);
    expect(late).toEqual([]);
  });
});

describe('tumbling and sliding windows', () => {
  it('hold every item that is in time, exactly as defined', () =>
    fc.assert(
      fc.asyncProperty(
        events,
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
        fc.integer({ min: -9, max: 9 }),
        fc.nat(40),
        fc.nat(30),
        async (list, sizeMs, slideMs, offsetMs, bound, latenessMs) => {
          const late: Event[] = [];
          const options = {
            sizeMs,
            offsetMs,
            key: keyOf,
            aggregate,
            latenessMs,
            late: (event: Event) => void late.push(event),
          };
          const windows = slideMs === undefined ? tumbling(options) : sliding({ ...options, slideMs });
          const twin = expected(list, sizeMs, slideMs ?? sizeMs, offsetMs, bound, latenessMs);
          expect(sorted(await windowsOf(list, bound, windows))).toEqual(sorted(twin.results));
          expect(late).toEqual(twin.late);
        },
      ),
      { numRuns: 300 },
    ));

  it.each([
    ['tumbling', tumbling({ sizeMs: 7, offsetMs: 1_000_003, aggregate: { n: count() } })],
    ['sliding', sliding({ sizeMs: 4, slideMs: 7, offsetMs: 1_000_003, aggregate: { n: count() } })],
  ])('begin at whole milliseconds, whatever the fractions of times and the offset: %s', async (_name, windows) => {
    const times = [46, 46 + 1 / 3, 46.7, 49 + 2 / 3];
    const found = await Array.fromAsync(
      pipe(
        times,
        eventTime((time: number) => time),
        windows,
      ),
    );
    expect(found).toMatchObject([{ start: 46, n: 4 }]);
  });
});

/** Sessions of a key as a list that is searched, for sessions that are not kept once they have ended. */
function sessionsOf(list: readonly Event[], gap: number, bound: number) {
  const watermarks = watermarksOf(list, bound);
  const late: Event[] = [];
  const results: Seen[] = [];
  let open: Seen[] = [];
  for (const [index, event] of list.entries()) {
    const before = watermarks[index] ?? 0;
    results.push(...open.filter(({ end }) => end - 1 <= before));
    open = open.filter(({ end }) => end - 1 > before);
    const met = open.filter(
      (other) => other.key === event.key && other.start <= event.at + gap && other.end >= event.at,
    );
    if (met.length === 0 && event.at + gap - 1 <= before) {
      late.push(event);
      continue;
    }
    open = open.filter((other) => !met.includes(other));
    open.push({
      key: event.key,
      start: Math.min(event.at, ...met.map(({ start }) => start)),
      end: Math.max(event.at + gap, ...met.map(({ end }) => end)),
      firing: 'onTime',
      ids: [...met.flatMap((other) => other.ids), event.id],
    });
  }
  return { late, results: [...results, ...open] };
}

describe('session windows', () => {
  it('are those of a naive search, merged ones included', () =>
    fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 20 }), fc.nat(60), async (list, gapMs, bound) => {
        const late: Event[] = [];
        const windows = session({ gapMs, key: keyOf, aggregate, late: (event: Event) => void late.push(event) });
        const twin = sessionsOf(list, gapMs, bound);
        expect(sorted(await windowsOf(list, bound, windows))).toEqual(sorted(twin.results));
        expect(late).toEqual(twin.late);
      }),
      { numRuns: 300 },
    ));

  it('are, when nothing is late, the groups of times that are no further apart than the gap', () =>
    fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 20 }), async (list, gapMs) => {
        const found = await windowsOf(list, 1000, session({ gapMs, key: keyOf, aggregate }));
        for (const name of ['a', 'b', 'c']) {
          const times = list.filter((event) => event.key === name).map(at);
          const starts = [...new Set(times)]
            .toSorted((a, b) => a - b)
            .filter((time, index, all) => {
              const before = all[index - 1];
              return before === undefined || time - before > gapMs;
            });
          const mine = found.filter((seen) => seen.key === name).map(({ start }) => start);
          expect(mine.toSorted((a, b) => a - b)).toEqual(starts);
        }
        expect(found.flatMap((seen) => seen.ids).toSorted((a, b) => a - b)).toEqual(list.map(({ id }) => id));
      }),
      { numRuns: 100 },
    ));

  it('say of a session that goes on after it was given that its result takes the place of the first', async () => {
    const list = [0, 30, 4, 100].map((time, id) => ({ id, key: 'a', at: time }));
    const found = await windowsOf(list, 0, session({ gapMs: 10, key: keyOf, aggregate, latenessMs: 50 }));
    expect(found).toEqual([
      { key: 'a', start: 0, end: 10, firing: 'onTime', ids: [0] },
      { key: 'a', start: 0, end: 14, firing: 'late', ids: [0, 2] },
      { key: 'a', start: 30, end: 40, firing: 'onTime', ids: [1] },
      { key: 'a', start: 100, end: 110, firing: 'onTime', ids: [3] },
    ]);
  });

  it('are joined by an item that comes between them, one of them given already', async () => {
    const list = [0, 16, 8, 100].map((time, id) => ({ id, key: 'a', at: time }));
    const found = await windowsOf(list, 0, session({ gapMs: 10, key: keyOf, aggregate, latenessMs: 50 }));
    expect(found.map(({ start, end, firing, ids: held }) => [start, end, firing, held])).toEqual([
      [0, 10, 'onTime', [0]],
      [0, 26, 'late', [0, 1, 2]],
      [100, 110, 'onTime', [3]],
    ]);
  });

  it('are late when any part of them was given before', async () => {
    const list = [50, 30, 40, 100].map((time, id) => ({ id, key: 'a', at: time }));
    const found = await windowsOf(list, 0, session({ gapMs: 10, key: keyOf, aggregate, latenessMs: 50 }));
    expect(found.map(({ start, end, firing }) => [start, end, firing])).toEqual([
      [30, 40, 'late'],
      [30, 60, 'late'],
      [100, 110, 'onTime'],
    ]);
  });

  it('fire in the order in which they end, also when they have grown', async () => {
    const order = async (times: readonly [string, number][], bound: number, latenessMs: number) => {
      const list = times.map(([key, time], id) => ({ id, key, at: time }));
      const found = await windowsOf(list, bound, session({ gapMs: 10, key: keyOf, aggregate, latenessMs }));
      return found.map(({ key, start, end }) => `${key} ${start}-${end}`);
    };
    expect(
      await order(
        [
          ['a', 0],
          ['b', 2],
          ['a', 4],
          ['a', 100],
        ],
        20,
        0,
      ),
    ).toEqual(['b 2-12', 'a 0-14', 'a 100-110']);
    // Given, kept, and then joined to one that is still to come.
    expect(
      await order(
        [
          ['a', 0],
          ['a', 15],
          ['a', 9],
          ['b', 30],
          ['a', 45],
        ],
        0,
        40,
      ),
    ).toEqual(['a 0-10', 'a 0-25', 'b 30-40', 'a 45-55']);
  });
});

describe('windows', () => {
  const kinds = [
    ['tumbling', tumbling({ sizeMs: 10, key: keyOf, aggregate, latenessMs: 5 })],
    ['sliding', sliding({ sizeMs: 10, slideMs: 4, key: keyOf, aggregate, latenessMs: 5 })],
    ['session', session({ gapMs: 6, key: keyOf, aggregate, latenessMs: 5 })],
  ] as const;

  it.each(kinds)('give the same results in the same order however the items are chunked: %s', (_name, windows) =>
    fc.assert(
      fc.asyncProperty(events, places, async (list, borders) => {
        const whole = await windowsOf(list, 7, windows);
        for (const from of Object.values(sources)) {
          expect(await windowsOf(from(cut(list, borders)), 7, windows)).toEqual(whole);
        }
      }),
      { numRuns: 50 },
    ),
  );

  it.each(kinds)('do so behind operators that wait, and leave no item out for what those drop: %s', (_name, windows) =>
    fc.assert(
      fc.asyncProperty(events, places, async (list, borders) => {
        const isKept = ({ id }: Event) => id % 3 !== 0;
        const direct = pipe(list, eventTime(at, { outOfOrderMs: 7 }), filter(isKept), windows);
        const waiting = pipe(
          sources.chunks(cut(list, borders)),
          eventTime(at, { outOfOrderMs: 7 }),
          rateLimit({ run: async (fn) => fn() }),
          mapAsync(async (event) => event, { concurrency: 3 }),
          filter(isKept),
          mapAsync(async (event) => event),
          windows,
        );
        expect(await Array.fromAsync(waiting)).toEqual(await Array.fromAsync(direct));
      }),
      { numRuns: 50 },
    ),
  );

  it('fire in the order in which they were begun when they end together', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => String((index * 7) % 20));
    const list = keys.map((key, id) => ({ id, key, at: 0 }));
    const found = await windowsOf(list, 0, tumbling({ sizeMs: 10, key: keyOf, aggregate }));
    expect(found.map(({ key }) => key)).toEqual(keys);
  });

  it.each(kinds)('go on from the state of another run, wherever that stood: %s', (_name, windows) => {
    const operators = [eventTime<Event>(at, { outOfOrderMs: 7, partition: keyOf }), windows].map((operator, index) => {
      if (!('fuse' in operator)) throw new Error('not fused');
      return { operator, place: index + 1 };
    });
    /** @returns What the events give, and the states after them. */
    const through = (list: readonly Event[], states: readonly unknown[], isLast: boolean) => {
      const results: unknown[] = [];
      const saved: unknown[] = [];
      const steps = new Steps(
        operators,
        { push: (result) => void results.push(result) },
        {
          fail: (_placed, error) => {
            throw error;
          },
          position: () => ({ index: 0 }),
          restore: (place) => states[place],
        },
      );
      for (const event of list) steps.push(event);
      if (isLast) steps.end();
      else {
        steps.advance();
        steps.save({ save: (place, _operator, state) => void (saved[place] = structuredClone(state)) });
      }
      return { results, saved };
    };
    fc.assert(
      fc.property(events, fc.nat(40), (list, place) => {
        const first = through(list.slice(0, place), [], false);
        const rest = through(list.slice(place), first.saved, true);
        expect([...first.results, ...rest.results]).toEqual(through(list, [], true).results);
      }),
      { numRuns: 100 },
    );
  });

  it('take the results of windows, which belong before the watermark that gave them', async () => {
    const list = [0, 5, 12, 31, 38, 55].map((time) => ({ at: time }));
    const found = pipe(
      list,
      eventTime((event) => event.at),
      tumbling({ sizeMs: 10, aggregate: { n: count() } }),
      tumbling({ sizeMs: 20, aggregate: { n: sum(({ n }) => n) }, late: () => expect.unreachable() }),
    );
    expect((await Array.fromAsync(found)).map(({ start, n }) => [start, n])).toEqual([
      [0, 3],
      [20, 2],
      [40, 1],
    ]);
  });

  it('fire with the chunk that lets the watermark pass, not with the item after it', async () => {
    const source = sources['async generator']([[{ at: 0 }, { at: 10 }]]);
    const hanging = (async function* () {
      yield* source;
      await new Promise(() => {});
    })();
    const windows = pipe(
      hanging,
      eventTime((event) => event.at),
      tumbling({ sizeMs: 10, aggregate: { n: count() } }),
    );
    expect((await windows[Symbol.asyncIterator]().next()).value).toMatchObject({ start: 0, n: 1 });
  });

  it('aggregate', async () => {
    const of = ({ n }: { n: number }): number => n;
    const list = [3, 1, 8].map((n) => ({ n, at: 0 }));
    const windows = pipe(
      list,
      eventTime((item) => item.at),
      session({
        gapMs: 1,
        aggregate: { count: count(), sum: sum(of), min: min(of), max: max(of), mean: mean(of) },
      }),
    );
    expect(await Array.fromAsync(windows)).toEqual([
      { key: undefined, start: 0, end: 1, firing: 'onTime', count: 3, sum: 12, min: 1, max: 8, mean: 4 },
    ]);
  });

  it('merge what the aggregates keep when an item joins two sessions', async () => {
    const of = ({ n }: { n: number }): number => n;
    const list = [
      { at: 0, n: 3 },
      { at: 20, n: 8 },
      { at: 10, n: 1 },
    ];
    const windows = pipe(
      list,
      eventTime((item) => item.at, { outOfOrderMs: 50 }),
      session({ gapMs: 10, aggregate: { count: count(), sum: sum(of), min: min(of), max: max(of), mean: mean(of) } }),
    );
    expect(await Array.fromAsync(windows)).toEqual([
      { key: undefined, start: 0, end: 30, firing: 'onTime', count: 3, sum: 12, min: 1, max: 8, mean: 4 },
    ]);
  });

  it('are bounded', async () => {
    const list = Array.from({ length: 10 }, (_, id) => ({ id, key: String(id), at: 0 }));
    const few = tumbling({ sizeMs: 10, key: keyOf, aggregate, maxWindows: 9 });
    await expect(windowsOf(list, 0, few)).rejects.toMatchObject({
      code: 'DEX_WINDOW_LIMIT',
      operator: 'tumbling',
      place: 2,
      position: { index: 9 },
      maxWindows: 9,
      message: 'tumbling (operator 2) would hold more than 9 open windows at index 9',
    });
    const oneAfterTheOther = Array.from({ length: 100 }, (_, id) => ({ id, key: 'a', at: id * 10 }));
    expect(
      await windowsOf(oneAfterTheOther, 0, tumbling({ sizeMs: 10, key: keyOf, aggregate, maxWindows: 2 })),
    ).toHaveLength(100);
  });

  it('name themselves and the item when a function of theirs throws', async () => {
    const cause = new Error('bad');
    const fail = (): never => {
      throw cause;
    };
    const list = [0, 1, 50, 2].map((time, id) => ({ id, key: 'a', at: time }));
    const failing = [
      [0, tumbling({ sizeMs: 10, key: fail, aggregate })],
      [0, tumbling({ sizeMs: 10, aggregate: { ids: { ...ids, add: fail } } })],
      [2, tumbling({ sizeMs: 10, aggregate: { ids: { ...ids, result: fail } } })],
      [3, tumbling({ sizeMs: 10, aggregate, late: fail })],
    ] as const;
    for (const [index, windows] of failing) {
      const reading = Array.fromAsync(pipe(list, eventTime(at), windows));
      await expect(reading).rejects.toMatchObject({ operator: 'tumbling', place: 2, cause, position: { index } });
    }
    const joined = [0, 20, 10].map((time, id) => ({ id, key: 'a', at: time }));
    const merging = session({ gapMs: 10, key: keyOf, aggregate: { ids: { ...ids, merge: fail } } });
    await expect(windowsOf(joined, 50, merging)).rejects.toMatchObject({ operator: 'session', cause });
  });

  it('need an event time, and keys that can be told apart', async () => {
    const windows = tumbling({ sizeMs: 10, aggregate: { n: count() } });
    await expect(Array.fromAsync(pipe([1], windows))).rejects.toThrow('put eventTime before it');
    const byObject = tumbling({
      sizeMs: 10, // @ts-expect-error an object
      key: () => ({}),
      aggregate: { n: count() },
    });
    const timed = pipe(
      [1],
      eventTime((n) => n),
      byObject,
    );
    await expect(Array.fromAsync(timed)).rejects.toThrow('a key must be a primitive value');
  });

  it('do not go through an operator that does not carry event time', async () => {
    const opaque: Operator<number, number> = {
      name: 'opaque',
      async *link(reader) {
        for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
          yield { items: chunk.items };
        }
      },
    };
    const windows = pipe(
      [1],
      eventTime((n: number) => n),
      opaque,
      tumbling({ sizeMs: 10, aggregate: { n: count() } }),
    );
    await expect(Array.fromAsync(windows)).rejects.toThrow('put eventTime before it');
  });

  it.each([
    ['tumbling.sizeMs', () => tumbling({ sizeMs: 0, aggregate })],
    ['tumbling.offsetMs', () => tumbling({ sizeMs: 1, offsetMs: 0.5, aggregate })],
    ['tumbling.latenessMs', () => tumbling({ sizeMs: 1, latenessMs: -1, aggregate })],
    ['tumbling.maxWindows', () => tumbling({ sizeMs: 1, maxWindows: 0, aggregate })],
    ['tumbling.aggregate', () => tumbling({ sizeMs: 1, aggregate: { start: count() } })],
    ['sliding.slideMs', () => sliding({ sizeMs: 1_000_000, slideMs: 1, aggregate })],
    ['session.gapMs', () => session({ gapMs: NaN, aggregate })],
  ])('refuse %s out of range at once', (option, make) => {
    expect(make).toThrow(`Option "${option}"`);
  });

  it('say what an aggregate has', () => {
    const halved = { create: () => 0, add: (kept: number) => kept + 1, result: (kept: number) => kept / 2 };
    // @ts-expect-error no merge
    expect(() => tumbling({ sizeMs: 1, aggregate: { halved } })).toThrow(
      'Option "tumbling.aggregate.halved" must be an aggregate, such as count(), or one of yours with create, add, merge and',
    );
  });
});

describe('eventTime', () => {
  const watermarks = async (list: readonly Event[], options: Parameters<typeof eventTime<Event>>[1]) => {
    const late: number[] = [];
    const windows = tumbling({
      sizeMs: 1,
      aggregate: { n: count() },
      late: (_event: Event, clock) => void late.push(clock.watermark),
    });
    await Array.fromAsync(pipe(list, eventTime(at, options), windows));
    return late;
  };
  const from = (name: string, time: number): Event => ({ id: 0, key: name, at: time });

  it('lets the watermark stay behind the latest item by the bound and 1 ms', async () => {
    expect(await watermarks([from('a', 100), from('a', 89)], { outOfOrderMs: 10 })).toEqual([89]);
    expect(await watermarks([from('a', 100), from('a', 90)], { outOfOrderMs: 10 })).toEqual([]);
  });

  it('goes by the slowest partition', async () => {
    const list = [from('a', 10), from('b', 100), from('b', 200), from('a', 50), from('b', 45)];
    expect(await watermarks(list, { partition: keyOf })).toEqual([49]);
    expect(await watermarks(list, {})).toEqual([199, 199]);
  });

  it('does not go back for a partition that comes later', async () => {
    expect(await watermarks([from('a', 100), from('b', 10), from('b', 20)], { partition: keyOf })).toEqual([99, 99]);
  });

  it('leaves out a partition that is idle, until it is heard again', async () => {
    const list = async function* () {
      yield from('a', 10);
      yield from('b', 100);
      await new Promise((resolve) => setTimeout(resolve, 30));
      yield from('b', 101);
      yield from('b', 50);
    };
    const late: number[] = [];
    const windows = tumbling({
      sizeMs: 1,
      aggregate: { n: count() },
      late: (_event: Event, clock) => void late.push(clock.watermark),
    });
    await Array.fromAsync(pipe(list(), eventTime(at, { partition: keyOf, idleMs: 20 }), windows));
    expect(late).toEqual([100]);
    late.length = 0;
    await Array.fromAsync(pipe(list(), eventTime(at, { partition: keyOf }), windows));
    expect(late).toEqual([]);
  });

  it('takes dates, and refuses what is no time, with its place', async () => {
    const dates = pipe(
      [new Date(5)],
      eventTime((date) => date),
      tumbling({ sizeMs: 10, aggregate: { n: count() } }),
    );
    expect(await Array.fromAsync(dates)).toMatchObject([{ start: 0, end: 10 }]);
    for (const bad of [NaN, new Date(NaN), '5', null, Infinity, 1.7e18]) {
      const rows = pipe(
        [1, bad],
        // @ts-expect-error no time
        eventTime((value) => value),
      );
      await expect(Array.fromAsync(rows)).rejects.toMatchObject({ operator: 'eventTime', position: { index: 1 } });
    }
  });

  it('is bounded in its partitions', async () => {
    const list = [from('a', 1), from('b', 1), from('c', 1)];
    await expect(watermarks(list, { partition: keyOf, maxPartitions: 2 })).rejects.toMatchObject({
      code: 'DEX_KEY_LIMIT',
      operator: 'eventTime',
      position: { index: 2 },
      maxKeys: 2,
    });
  });

  it.each([
    ['outOfOrderMs', { outOfOrderMs: -1 }],
    ['idleMs', { idleMs: NaN }],
    ['maxPartitions', { maxPartitions: 0 }],
    ['partition', JSON.parse('{ "partition": "station" }')],
  ])('refuses %s out of range at once', (option, options) => {
    expect(() => eventTime(at, options)).toThrow(`Option "eventTime.${option}"`);
  });
});
