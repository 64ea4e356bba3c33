import type { Client } from '@dataenginex/http';
import type { Report } from '@dataenginex/quality';
import { withScope } from '@dataenginex/resources';
import { concat, flatMap, map, mapAsync, parse, type Pipe, pipe, toCsv, toNdjson } from '@dataenginex/streams';
import { Archive, fetchMonth, fetchNormals, Hourly, type Month, monthsOf, type Row, rowsOf } from './archive.ts';
import { byDate, CleanRow, firstOfEachDay, toReject } from './clean.ts';
import { CleanLayer, toCleanDay } from './contracts/clean-layer.ts';
import { InsightLayer } from './contracts/insight-layer.ts';
import { RawLayer } from './contracts/raw-layer.ts';
import type { DataFolder } from './data-folder.ts';
import { Observation, type Station, stations, years } from './model.ts';
import { normalsFromHours, normalsFromRecord } from './normals.ts';
import type { Progress } from './progress.ts';
import { joinReports, judge, nameAfter } from './verdicts.ts';

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
    learnNormalsOfRecords(cancellable);
    await judgeInsights(cancellable);
    await writeInsights(cancellable);
  });
}

async function cleanObservations(job: Job): Promise<void> {
  const { folder, progress, signal } = job;
  const reject = progress.reject.bind(progress);
  const reports: Report[] = [];
  progress.start(stations.length * monthsOf(years).length);
  const cleanOf = (station: Station): Pipe<Observation> => {
    const loaded = pipe(
      monthsOf(years),
      mapAsync((month, { signal: ofPipe }) => loadMonth({ ...job, signal: ofPipe }, station, month), { concurrency }),
    );
    return pipe(
      rowsOfMonths(loaded, progress),
      RawLayer.gate({
        rejects: (refused) => reject(toReject(refused)),
        report: (report) => void reports.push(nameAfter(station, report)),
      }),
      parse(CleanRow),
      byDate,
      firstOfEachDay(reject),
      flatMap(({ first }) => first),
      map((row) => progress.accept(Observation.parse(row))), // without its place
    );
  };
  const clean = pipe(
    concat(...stations.map(cleanOf)),
    toCsv({ columns: ['station', 'date', 'tempMax', 'tempMin', 'precipitation', 'wind', 'sky'] }),
  );
  // The file takes the place of the one before only when the rows that it was made of are as they must be.
  async function* judged(): AsyncGenerator<string | Uint8Array> {
    yield* clean;
    await folder.write('rejects.ndjson', pipe(progress.rejects(), toNdjson()), signal);
    await judge('raw', joinReports(reports), job);
  }
  await folder.write('clean/observations.csv', judged(), signal);
}

async function judgeCleanLayer(job: Job): Promise<void> {
  const days = stations.flatMap(({ id }) => job.progress.observations(id));
  await judge('clean', await CleanLayer.check(days.map(toCleanDay), { signal: job.signal }), job);
}

async function judgeInsights(job: Job): Promise<void> {
  const months = stations.flatMap(({ id }) => job.progress.insights(id).months);
  await judge('insights', await InsightLayer.check(months, { signal: job.signal }), job);
}

function learnNormalsOfRecords({ progress, normalsOf }: Job): void {
  for (const { id } of stations) {
    if (!normalsOf.includes(id)) progress.learnNormals(id, normalsFromRecord(progress.observations(id)));
  }
}

async function writeInsights({ folder, progress, signal }: Job): Promise<void> {
  for (const { id } of stations) {
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
