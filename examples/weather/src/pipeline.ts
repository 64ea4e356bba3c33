import type { Client } from '@dataenginex/http';
import { withScope } from '@dataenginex/resources';
import { concat, flatMap, map, mapAsync, parse, type Pipe, pipe, toCsv, toNdjson } from '@dataenginex/streams';
import { Archive, fetchMonth, fetchNormals, Hourly, type Month, monthsOf, type Row, rowsOf } from './archive.ts';
import { CleanLayer } from './clean-layer.ts';
import { byDate, CleanRow, firstOfEachDay, toReject } from './clean.ts';
import type { DataFolder } from './data-folder.ts';
import { type Observation, type Station, stations, years } from './model.ts';
import { normalsFromHours, normalsFromRecord } from './normals.ts';
import type { Progress } from './progress.ts';

/** What the job works with. */
export interface Job {
  readonly api: Client;
  readonly folder: DataFolder;
  readonly progress: Progress;
  /** Stations whose normals the upstream has; the others' are the means of their own record. */
  readonly normalsOf: readonly Station['id'][];
  readonly signal: AbortSignal;
}

/** Requests under way at once. The order of the months is kept: one that has to wait holds back those behind it. */
const concurrency = 16;

/** Fetches what is not on disk, checks it, and writes clean observations, rejects and insights. */
export async function runPipeline(job: Job): Promise<void> {
  await withScope({ signal: job.signal }, async (scope) => {
    const cancellable = { ...job, signal: scope.signal }; // ends with the job, and when a part of it fails
    const normals = scope.spawn(() => loadAllNormals(cancellable), { name: 'normals' });
    await cleanObservations(cancellable);
    await judgeCleanLayer(cancellable);
    await normals.result;
    await writeInsights(cancellable);
  });
}

async function cleanObservations(job: Job): Promise<void> {
  const { folder, progress, signal } = job;
  const reject = progress.reject.bind(progress);
  progress.start(stations.length * monthsOf(years).length);
  const cleanOf = (station: Station): Pipe<Observation> => {
    const loaded = pipe(
      monthsOf(years),
      mapAsync((month, { signal: ofPipe }) => loadMonth({ ...job, signal: ofPipe }, station, month), { concurrency }),
    );
    return pipe(
      rowsOfMonths(loaded, progress),
      parse(CleanRow, { rejects: ({ value, issues }) => reject(toReject(value, issues)) }),
      byDate,
      firstOfEachDay(reject),
      flatMap(({ first }) => first),
      map(({ observation }) => progress.accept(observation)),
    );
  };
  const clean = pipe(
    concat(...stations.map(cleanOf)),
    toCsv({ columns: ['station', 'date', 'tempMax', 'tempMin', 'precipitation', 'wind', 'sky'] }),
  );
  await folder.write('clean/observations.csv', clean, signal);
  await folder.write('rejects.ndjson', pipe(progress.rejects(), toNdjson()), signal);
}

/** Nothing is made of a layer that breaks its contract. */
async function judgeCleanLayer({ progress, signal }: Job): Promise<void> {
  const report = await CleanLayer.check(
    stations.flatMap(({ id }) => progress.observations(id)),
    { signal },
  );
  progress.judged(report.statistics);
  report.assert();
}

async function writeInsights({ folder, progress, normalsOf, signal }: Job): Promise<void> {
  for (const { id } of stations) {
    if (!normalsOf.includes(id)) progress.learnNormals(id, normalsFromRecord(progress.observations(id)));
    const { days, months, years: wholeYears } = progress.insights(id);
    await folder.write(`insights/${id}-days.csv`, pipe(days, toCsv()), signal);
    await folder.write(`insights/${id}-months.csv`, pipe(months, toCsv()), signal);
    await folder.write(`insights/${id}-years.csv`, pipe(wholeYears, toCsv()), signal);
  }
}

interface LoadedMonth {
  readonly station: Station;
  readonly file: string;
  readonly archive: Archive;
}

async function loadMonth({ api, folder, progress, signal }: Job, station: Station, month: Month): Promise<LoadedMonth> {
  const file = `raw/${station.id}/${month.name}.json`;
  const kept = await folder.read(file, Archive);
  if (kept) return { station, file, archive: kept };
  const archive = await fetchMonth(api, station, month, signal);
  await folder.write(file, JSON.stringify(archive), signal);
  progress.fetchedMonth();
  return { station, file, archive };
}

async function loadAllNormals({ api, folder, progress, normalsOf, signal }: Job): Promise<void> {
  for (const station of stations.filter(({ id }) => normalsOf.includes(id))) {
    const file = `raw/${station.id}/normals.json`;
    let hourly = await folder.read(file, Hourly);
    if (!hourly) {
      hourly = await fetchNormals(api, station, signal);
      await folder.write(file, JSON.stringify(hourly), signal);
    }
    progress.learnNormals(station.id, normalsFromHours(hourly));
  }
}

async function* rowsOfMonths(months: AsyncIterable<LoadedMonth>, progress: Progress): AsyncGenerator<Row> {
  for await (const { station, file, archive } of months) {
    yield* rowsOf(archive, station.id, file);
    progress.finishedMonth();
  }
}
