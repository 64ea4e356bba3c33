import { z } from 'zod';

/** Where observations come from. Times are the station's local days, without zone, as Open-Meteo gives them. */
export interface Station {
  readonly id: 'seattle' | 'new-york';
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly timezone: string;
}

export const stations: readonly Station[] = [
  { id: 'seattle', name: 'Seattle', latitude: 47.45, longitude: -122.31, timezone: 'America/Los_Angeles' },
  { id: 'new-york', name: 'New York', latitude: 40.64, longitude: -73.76, timezone: 'America/New_York' },
];

/** First and last year of the record, both inclusive. */
export const years = { first: 2012, last: 2015 } as const;

/** What the sky did, from the WMO weather code. */
export const skies = { sun: 0, fog: 45, drizzle: 51, rain: 61, snow: 71 } as const;

/** One station's day: °C, mm and m/s. The bounds are those of the records kept on Earth. */
export const Observation = z
  .object({
    station: z.enum(['seattle', 'new-york']),
    date: z.iso.date(),
    tempMax: z.number().min(-90).max(60),
    tempMin: z.number().min(-90).max(60),
    precipitation: z.number().min(0).max(1900),
    wind: z.number().min(0).max(115),
    sky: z.enum(['sun', 'fog', 'drizzle', 'rain', 'snow']),
  })
  .refine((day) => day.tempMin <= day.tempMax, { error: 'tempMin is above tempMax', path: ['tempMin'] });
export type Observation = z.infer<typeof Observation>;

/** Why an observation was set aside. */
export type Reason = 'unit' | 'missing' | 'impossible' | 'late' | 'duplicate';

/** An observation that was set aside, with the place it stood at. */
export interface Reject {
  readonly reason: Reason;
  /** What was wanted and what was got, for a person. */
  readonly message: string;
  /** The raw file, relative to the data folder, such as `raw/seattle/2012-01.json`. */
  readonly file: string;
  /** Which of the file's entries, from 0; those of a second location count on. */
  readonly row: number;
  readonly station: Station['id'];
  /** The row as it was read, in our names: `null` where the upstream sent nothing. */
  readonly raw: Record<string, unknown>;
}

/** A clean day with what follows from it. Temperatures and anomalies in °C. */
export interface DayInsight extends Observation {
  /** (tempMax + tempMin) / 2. */
  readonly tempMean: number;
  /** What the mean usually is on this day of the year; `null` until it is known. */
  readonly normal: number | null;
  /** tempMean - normal. */
  readonly anomaly: number | null;
}

/** What a month or a year comes to. */
export interface PeriodInsight {
  readonly station: Station['id'];
  /** `2012-01` or `2012`. */
  readonly period: string;
  readonly days: number;
  readonly tempMean: number;
  readonly tempMax: number;
  readonly tempMaxDate: string;
  readonly tempMin: number;
  readonly tempMinDate: string;
  readonly precipitation: number;
  /** Days with at least 1 mm. */
  readonly rainDays: number;
  /** The longest run of rain days that ends in the period, in days. */
  readonly longestWetStreak: number;
  /** The longest run of days below 1 mm that ends in the period, in days. */
  readonly longestDryStreak: number;
  readonly windMean: number;
  readonly anomaly: number | null;
}

export interface Insights {
  readonly days: readonly DayInsight[];
  readonly months: readonly PeriodInsight[];
  readonly years: readonly PeriodInsight[];
}

/** The layers of the data, each of which has a contract. */
export type Layer = 'raw' | 'clean' | 'insights';

/** What became of a layer's contract. */
export interface Verdict {
  readonly layer: Layer;
  /** Whether no critical rule is broken. */
  readonly success: boolean;
  readonly rows: number;
  readonly rules: { readonly kept: number; readonly total: number };
  /** The rules that are broken, with what was found. */
  readonly broken: readonly { readonly rule: string; readonly critical: boolean; readonly found: string }[];
  /** The runs before this one, the oldest first. */
  readonly history: readonly { readonly at: string; readonly success: boolean; readonly rows: number }[];
}

/** How far a run is: what the terminal and the page both show. */
export interface RunState {
  readonly status: 'running' | 'done' | 'failed';
  /** Set when it failed. */
  readonly error: string | null;
  readonly source: 'replay' | 'live';
  readonly elapsedMs: number;
  /** Station-months, the unit of work. */
  readonly months: { readonly done: number; readonly total: number };
  /** Station-months asked of the upstream; the rest were already on disk. */
  readonly fetched: number;
  /** Rows read, which is `clean` plus `rejected`. */
  readonly rows: number;
  readonly clean: number;
  readonly rejected: Readonly<Record<Reason, number>>;
  /** Of the layers that were judged so far, in their order. */
  readonly verdicts: readonly Verdict[];
  readonly retries: number;
  /** What the upstream did wrong, by kind, as the client met it: `503`, `429`, `reset`, `timeout`, `cut body`. */
  readonly faults: Readonly<Record<string, number>>;
}

/** What the page reads, while a run goes on and after it. */
export interface View {
  run(): RunState;
  insights(station: Station['id']): Insights;
  rejects(): readonly Reject[];
  /** The page about a layer's contract, once it was judged. */
  report(layer: string): string | undefined;
  /** Calls `listener` after each change, until disposed. */
  subscribe(listener: () => void): Disposable;
}
