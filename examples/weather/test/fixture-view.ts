import { readFile } from 'node:fs/promises';
import {
  type DayInsight,
  type Insights,
  Observation,
  type PeriodInsight,
  type Reason,
  type Reject,
  type RunState,
  type Station,
  type Verdict,
  type View,
} from '../src/model.ts';

const rows = (await readFile(new URL('../data/weather.csv', import.meta.resolve('vega-datasets')), 'utf8'))
  .trim()
  .split('\n')
  .slice(1)
  .map(observation);

/** Text that would run if the page ever set it as markup. */
export const hostile = '<img src=x onerror="document.title=\'owned\'">';

/** A view on NOAA's observations that a test moves along: empty, then months of them, then done or failed. */
export class FixtureView implements View {
  #state: RunState = {
    status: 'running',
    error: null,
    source: 'replay',
    elapsedMs: 0,
    months: { done: 0, total: 96 },
    fetched: 0,
    rows: 0,
    clean: 0,
    rejected: { unit: 0, missing: 0, impossible: 0, late: 0, duplicate: 0 },
    verdicts: [],
    retries: 0,
    faults: {},
  };
  #rejects: readonly Reject[] = [];
  readonly #listeners = new Set<() => void>();

  /** How many subscriptions are held. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Sets some of the state and tells the listeners. */
  set(state: Partial<RunState>): void {
    this.#state = { ...this.#state, ...state };
    for (const listener of this.#listeners) listener();
  }

  /** Both stations' data up to `done` of 96 station-months, by month, with the rejects that go with them. */
  advance(done: number): void {
    const clean = rows.filter((row) => monthIndex(row.date) < done / 2).length;
    this.#rejects = rejects.filter((_, index) => index < (done / 96) * rejects.length);
    const count = (reason: Reason) => this.#rejects.filter((reject) => reject.reason === reason).length;
    this.set({
      elapsedMs: done * 41,
      months: { done, total: 96 },
      fetched: done,
      rows: clean + this.#rejects.length,
      clean,
      rejected: {
        unit: count('unit'),
        missing: count('missing'),
        impossible: count('impossible'),
        late: count('late'),
        duplicate: count('duplicate'),
      },
      retries: Math.floor(done / 3),
      faults:
        done === 0
          ? {}
          : {
              '503': Math.ceil(done / 8),
              '429': Math.ceil(done / 16),
              reset: Math.ceil(done / 14),
              timeout: 2,
              'cut body': 3,
            },
    });
  }

  finish(): void {
    this.advance(96);
    this.set({ status: 'done', elapsedMs: 4_180, verdicts });
  }

  run(): RunState {
    return this.#state;
  }

  insights(station: Station['id']): Insights {
    const read = rows.filter((row) => row.station === station && monthIndex(row.date) < this.#state.months.done / 2);
    const days = read.map((row) => withNormal(row));
    const periods = (length: number) =>
      [...Map.groupBy(days, (day) => day.date.slice(0, length))].map(([period, of]) => summary(station, period, of));
    return { days, months: periods(7), years: periods(4) };
  }

  rejects(): readonly Reject[] {
    return this.#rejects;
  }

  report(layer: string): string | undefined {
    const known = this.#state.verdicts.some((verdict) => verdict.layer === layer);
    return known ? `<!doctype html><title>${layer}</title>` : undefined;
  }

  subscribe(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}

function observation(line: string): Observation {
  const [location, date = '', precipitation, tempMax, tempMin, wind, sky] = line.split(',');
  return Observation.parse({
    station: location === 'Seattle' ? 'seattle' : 'new-york',
    date,
    tempMax: Number(tempMax),
    tempMin: Number(tempMin),
    precipitation: Number(precipitation),
    wind: Number(wind),
    sky,
  });
}

function monthIndex(date: string): number {
  return (Number(date.slice(0, 4)) - 2012) * 12 + Number(date.slice(5, 7)) - 1;
}

/** A cosine over the year is near enough to what is usual for a picture. */
function withNormal(row: Observation): DayInsight {
  const [mean, swing] = row.station === 'seattle' ? [11.6, 7.4] : [13.2, 12];
  const day = (Date.parse(row.date) - Date.parse(`${row.date.slice(0, 4)}-01-01`)) / 86_400_000;
  const normal = mean - swing * Math.cos(((day - 22) / 365.25) * 2 * Math.PI);
  const tempMean = (row.tempMax + row.tempMin) / 2;
  return { ...row, tempMean, normal, anomaly: tempMean - normal };
}

function summary(station: Station['id'], period: string, days: readonly DayInsight[]): PeriodInsight {
  const mean = (read: (day: DayInsight) => number) => days.reduce((sum, day) => sum + read(day), 0) / days.length;
  const warmest = days.reduce((best, day) => (day.tempMax > best.tempMax ? day : best));
  const coldest = days.reduce((best, day) => (day.tempMin < best.tempMin ? day : best));
  return {
    station,
    period,
    days: days.length,
    tempMean: mean((day) => day.tempMean),
    tempMax: warmest.tempMax,
    tempMaxDate: warmest.date,
    tempMin: coldest.tempMin,
    tempMinDate: coldest.date,
    precipitation: days.reduce((sum, day) => sum + day.precipitation, 0),
    rainDays: days.filter((day) => day.precipitation >= 1).length,
    longestWetStreak: streak(days, (day) => day.precipitation >= 1),
    longestDryStreak: streak(days, (day) => day.precipitation < 1),
    windMean: mean((day) => day.wind),
    anomaly: mean((day) => day.anomaly ?? 0),
  };
}

function streak(days: readonly DayInsight[], counts: (day: DayInsight) => boolean): number {
  let longest = 0;
  let current = 0;
  for (const day of days) {
    current = counts(day) ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

const kinds: readonly (readonly [Reason, string, Record<string, unknown>])[] = [
  [
    'unit',
    'temperature_2m_max: want °C, got 55.04 with the unit °F',
    { temperature_2m_max: 55.04, temperature_2m_min: 41 },
  ],
  ['missing', 'precipitation_sum: want a number of mm, got null', { precipitation_sum: null, temperature_2m_max: 9.4 }],
  [
    'impossible',
    'temperature_2m_max: want at most 60 °C, got 999.9',
    { temperature_2m_max: 999.9, temperature_2m_min: 3.3 },
  ],
  ['duplicate', 'the day was read before, at row 3 of the same file', { precipitation_sum: 2.5, weather_code: 61 }],
  [
    'impossible',
    'weather_code: want one of 0, 45, 51, 61, 71, got a string',
    { weather_code: hostile, temperature_2m_max: 7.2 },
  ],
];

const rejects: readonly Reject[] = Array.from({ length: 29 }, (_, index) => {
  const [reason, message, raw] = kinds[index % kinds.length]!;
  const station = index % 2 === 0 ? 'seattle' : 'new-york';
  const month = `${2012 + Math.floor(index / 8)}-${String((index % 12) + 1).padStart(2, '0')}`;
  const row = (index * 7) % 28;
  const time = `${month}-${String(row + 1).padStart(2, '0')}`;
  return { reason, message, file: `raw/${station}/${month}.json`, row, station, raw: { time, ...raw } };
});

const history = Array.from({ length: 12 }, (_, index) => ({
  at: new Date(Date.UTC(2016, 0, 1 + index)).toISOString(),
  success: index !== 7,
  rows: 2922,
}));

const verdicts: readonly Verdict[] = [
  { layer: 'raw', success: true, rows: 2947, rules: { kept: 31, total: 31 }, broken: [], history },
  {
    layer: 'clean',
    success: false,
    rows: 2922,
    rules: { kept: 39, total: 41 },
    broken: [
      { rule: 'no sensor is stuck: wind', critical: true, found: `1 of 96 groups, such as ${hostile}` },
      { rule: 'months are whole', critical: false, found: '1 of 96 groups' },
    ],
    history,
  },
];
