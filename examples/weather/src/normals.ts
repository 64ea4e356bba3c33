import type { Hourly } from './archive.ts';
import type { Observation } from './model.ts';

/** What a day's mean temperature usually is in °C, by `MM-DD`. */
export type Normals = ReadonlyMap<string, number>;

/** The mean of each day's hours. 29 February, which the normals leave out, is the mean of its neighbours. */
export function normalsFromHours({ hourly }: Hourly): Normals {
  const hours = new Map<string, number[]>();
  for (const [index, time] of hourly.time.entries()) {
    const value = hourly.temperature_2m[index];
    if (value !== null && value !== undefined) push(hours, time.slice(5, 10), value);
  }
  const normals = new Map([...hours].map(([day, values]) => [day, mean(values)]));
  const around = ['02-28', '03-01'].flatMap((day) => normals.get(day) ?? []);
  if (around.length > 0 && !normals.has('02-29')) normals.set('02-29', mean(around));
  return normals;
}

const windowDays = 7;

/** The mean over all years of the 15 days around each day: a single day of four years would be too few to be usual. */
export function normalsFromRecord(observations: readonly Pick<Observation, 'date' | 'tempMax' | 'tempMin'>[]): Normals {
  const seen = new Map<string, number[]>();
  for (const day of observations) push(seen, day.date.slice(5), tempMean(day));
  const days = [...seen.keys()].toSorted();
  return new Map(
    days.map((day, index) => {
      const around = Array.from({ length: 2 * windowDays + 1 }, (_, offset) =>
        days.at((index + offset - windowDays) % days.length),
      );
      return [day, mean(around.flatMap((near) => seen.get(near ?? day) ?? []))];
    }),
  );
}

/** (tempMax + tempMin) / 2, in °C. */
export function tempMean({ tempMax, tempMin }: Pick<Observation, 'tempMax' | 'tempMin'>): number {
  return (tempMax + tempMin) / 2;
}

/** NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function push(groups: Map<string, number[]>, key: string, value: number): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
