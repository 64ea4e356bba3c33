import { deepStrictEqual } from 'node:assert/strict';
import { count, eventTime, fromChunks, max, pipe, run, tumbling } from '@dataenginex/streams';
import { benchmark } from '../../src/benchmark.ts';

interface Reading {
  readonly station: string;
  readonly at: number;
  readonly temp: number;
}

const items = 10_000;
const perChunk = 1_000;
const sizeMs = 1_000;
const outOfOrderMs = 100;

/** One every millisecond, from 50 stations, each up to 6 ms out of order. */
const readings = Array.from({ length: items }, (_, index): Reading => ({
  station: `station ${index % 50}`,
  at: index - (index % 7),
  temp: (index * 37) % 400,
}));
const chunks = Array.from({ length: items / perChunk }, (_, chunk) =>
  readings.slice(chunk * perChunk, (chunk + 1) * perChunk),
);

interface Totals {
  windows: number;
  readings: number;
  high: number;
}

interface Result {
  readonly high: number;
  readonly readings: number;
}

function add(totals: Totals, { high, readings: held }: Result): void {
  totals.windows += 1;
  totals.readings += held;
  totals.high += high;
}

const passes = (pass: (totals: Totals) => Promise<unknown>) => () => ({
  run: async (n: number) => {
    const totals: Totals = { windows: 0, readings: 0, high: 0 };
    for (let i = 0; i < n; i++) await pass(totals);
    return totals;
  },
});

export const bench = benchmark({
  title: 'Windows of event time',
  about:
    `One operation takes ${items.toLocaleString('en')} readings of 50 stations, up to 6 ms out of order, from arrays of ` +
    `${perChunk.toLocaleString('en')}, and gives the highest and the number of each station and second once the ` +
    'watermark has passed it.',
  baseline: 'loop by hand',
  subjects: {
    'loop by hand': passes(async (totals) => {
      const open = new Map<number, Map<string, { high: number; readings: number }>>();
      let latest = -Infinity;
      const fire = (watermark: number): void => {
        for (const [start, stations] of open) {
          if (start + sizeMs - 1 > watermark) return;
          for (const result of stations.values()) add(totals, result);
          open.delete(start);
        }
      };
      for (const chunk of chunks) {
        for (const { station, at, temp } of chunk) {
          fire(latest - outOfOrderMs - 1);
          const start = at - (at % sizeMs);
          let stations = open.get(start);
          if (stations === undefined) open.set(start, (stations = new Map()));
          const result = stations.get(station);
          if (result === undefined) stations.set(station, { high: temp, readings: 1 });
          else {
            result.high = Math.max(result.high, temp);
            result.readings += 1;
          }
          if (at > latest) latest = at;
        }
      }
      fire(Infinity);
    }),
    '@dataenginex/streams tumbling': passes((totals) =>
      run(
        pipe(
          fromChunks(() => chunks),
          eventTime((row) => row.at, { outOfOrderMs }),
          tumbling({
            sizeMs,
            key: (row) => row.station,
            aggregate: { high: max((row) => row.temp), readings: count() },
          }),
        ),
        {
          write: (results) => {
            for (const result of results) add(totals, result);
          },
          close: () => {},
        },
      ),
    ),
  },
  check: (totals, n) => {
    const highs = new Map<string, number>();
    for (const { station, at, temp } of readings) {
      const window = `${station} ${Math.floor(at / sizeMs)}`;
      highs.set(window, Math.max(highs.get(window) ?? -Infinity, temp));
    }
    const high = [...highs.values()].reduce((sum, value) => sum + value, 0);
    deepStrictEqual(totals, { windows: n * highs.size, readings: n * items, high: n * high });
  },
});
