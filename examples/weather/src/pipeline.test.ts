import { readFile, truncate, unlink } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@dataenginex/http';
import { openScope } from '@dataenginex/resources';
import { describe, expect, it } from 'vitest';
import { hashFiles, makeFolder } from '../test/folder.ts';
import { fetchMonth } from './archive.ts';
import { DataFolder } from './data-folder.ts';
import { type RunState, stations } from './model.ts';
import { runPipeline } from './pipeline.ts';
import { Progress } from './progress.ts';
import { badCount } from './upstream/bad-observations.ts';
import type { IncidentName } from './upstream/incidents.ts';
import { startUpstream } from './upstream/server.ts';

const { signal } = new AbortController();

/** One run against a replay without faults. */
async function run(path: string, incident?: IncidentName, progress = new Progress('replay')): Promise<RunState> {
  await using scope = openScope();
  const upstream = await scope.use(startUpstream({ seed: 1, faults: false, incident }));
  const api = scope.use(createClient({ baseUrl: upstream.url }));
  await runPipeline({ api, folder: await DataFolder.open(path), progress, normalsOf: ['seattle'], signal });
  return progress.run();
}

/** The rows that must come out, straight from the data set: Seattle first, each in the order of the dates. */
async function readDataSet(): Promise<string[]> {
  const path = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '../data/weather.csv');
  const [, ...lines] = (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/);
  const rows = lines.map((line) => {
    const [place = '', date, precipitation, tempMax, tempMin, wind, sky] = line.split(',');
    const station = place === 'Seattle' ? 'seattle' : 'new-york';
    return [station, date, ...[tempMax, tempMin, precipitation, wind].map(Number), sky].join(',');
  });
  return ['seattle', 'new-york'].flatMap((station) => rows.filter((row) => row.startsWith(station)).toSorted());
}

/** A server in the upstream's place. */
async function serveInstead(handle: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('the pipeline', () => {
  it('accounts for all 2,922 observations and for each of the bad ones', async () => {
    await using folder = await makeFolder();
    const rejected = {
      unit: badCount('unit'),
      missing: badCount('missing'),
      impossible: badCount('impossible'),
      late: badCount('late'),
      duplicate: badCount('duplicate'),
    };
    expect(await run(folder.path)).toMatchObject({ clean: 2922, rejected, rows: 2947, fetched: 96 });

    const csv = (await readFile(join(folder.path, 'clean/observations.csv'), 'utf8')).trimEnd().split('\r\n');
    expect(csv[0]).toBe('station,date,tempMax,tempMin,precipitation,wind,sky');
    expect(csv.slice(1)).toEqual(await readDataSet());

    const rejects = (await readFile(join(folder.path, 'rejects.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(rejects).toHaveLength(25);
    expect(rejects.map((line) => JSON.parse(line))).toContainEqual({
      reason: 'impossible',
      message: expect.stringMatching(/^tempMax is 999\.9/),
      file: 'raw/seattle/2012-03.json',
      row: 4,
      station: 'seattle',
      raw: expect.objectContaining({ date: '2012-03-05', tempMax: 999.9 }),
    });
    expect(rejects.map((line) => JSON.parse(line))).toContainEqual({
      reason: 'late',
      message: '2013-03-02 came when the record had reached 2013-06-15',
      file: 'raw/seattle/2013-06.json',
      row: 15,
      station: 'seattle',
      raw: expect.objectContaining({ date: '2013-03-02' }),
    });
  });

  it('computes the insights that the record holds', async () => {
    await using folder = await makeFolder();
    await run(folder.path);
    const years = await readFile(join(folder.path, 'insights/seattle-years.csv'), 'utf8');
    const [header = '', first = ''] = years.split('\r\n');
    const year = Object.fromEntries(header.split(',').map((name, index) => [name, first.split(',')[index]]));
    // counted independently of this code, from the data set
    expect(year).toMatchObject({
      period: '2012',
      days: '366',
      tempMax: '34.4',
      tempMin: '-3.3',
      precipitation: '1226',
      rainDays: '148',
      longestWetStreak: '14',
      longestDryStreak: '81',
    });
  });

  it('adds nothing when run again', async () => {
    await using folder = await makeFolder();
    await run(folder.path);
    const before = await hashFiles(folder.path);
    expect(await run(folder.path)).toMatchObject({ fetched: 0, clean: 2922, rows: 2947 });
    expect(await hashFiles(folder.path)).toEqual(before);
  });
});

describe('the contracts of the layers', () => {
  it('are kept by the record, and each run is held against those before it', async () => {
    await using folder = await makeFolder();
    const { verdicts } = await run(folder.path);
    expect(verdicts.map(({ layer, broken, history }) => [layer, broken, history])).toEqual([
      ['raw', [], []],
      ['clean', [], []],
      ['insights', [], []],
    ]);
    const again = await run(folder.path);
    expect(again.verdicts.map(({ history }) => history.map(({ rows }) => rows))).toEqual([[2947], [2922], [96]]);
    expect(await readFile(join(folder.path, 'quality/clean.html'), 'utf8')).toContain('weather.clean');
  });

  it.each<[IncidentName, string, RegExp]>([
    ['unit-change', 'clean', /^temperatures are in °C: .*seattle.*2014-01/],
    ['stuck-sensor', 'clean', /^no sensor is stuck: wind: .*new-york.*2013-11/],
    ['duplicated-day', 'raw', /^Seattle: no day comes more than three times: .*2015-06-09/],
    ['missing-month', 'clean', /^no month is missing: .*2013-05/],
  ])('name a %s, and nothing is made of the %s layer', async (incident, layer, wanted) => {
    await using folder = await makeFolder();
    const progress = new Progress('replay');
    await expect(run(folder.path, incident, progress)).rejects.toThrow(`Contract "weather.${layer}" does not hold`);
    const { verdicts } = progress.run();
    expect(verdicts.at(-1)).toMatchObject({ layer, success: false });
    const broken = verdicts.flatMap((verdict) => verdict.broken).filter(({ critical }) => critical);
    expect(broken.map(({ rule, found }) => `${rule}: ${found}`)).toEqual([expect.stringMatching(wanted)]);
    const made = Object.keys(await hashFiles(folder.path)).filter((file) => !file.startsWith('raw/'));
    expect(made).toEqual(layer === 'raw' ? ['rejects.ndjson'] : ['clean/observations.csv', 'rejects.ndjson']);
  });
});

describe('bad input', () => {
  it.each<[string, string, string, string]>([
    ['HTML', 'text/html', '<html>busy</html>', 'sent "text/html" where JSON was wanted: "<html>busy</html>"'],
    ['an empty body', 'application/json', '', 'sent an empty body where JSON was wanted'],
    ['another content type', 'text/csv', 'a,b', 'sent "text/csv" where JSON was wanted'],
    ['truncated JSON', 'application/json', '{"daily":{"ti', 'sent 13 bytes that are not JSON'],
    ['another shape', 'application/json', '{"daily":{}}', 'sent a body that does not fit the schema'],
  ])('%s from the upstream is named with its URL, and earlier data stays', async (_what, type, body, message) => {
    await using folder = await makeFolder();
    await run(folder.path);
    const { 'raw/new-york/2015-12.json': _gone, ...kept } = await hashFiles(folder.path);
    const data = await DataFolder.open(folder.path);
    await unlink(join(folder.path, 'raw/new-york/2015-12.json'));

    await using upstream = await serveInstead((_request, response) =>
      response.setHeader('content-type', type).end(body),
    );
    await using api = createClient({ baseUrl: upstream.url });
    const job = { api, folder: data, progress: new Progress('replay'), normalsOf: [], signal } as const;
    const error: unknown = await runPipeline(job).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(`GET ${upstream.url}/v1/archive?latitude=40.64`);
    expect(await hashFiles(folder.path)).toEqual(kept);
  });

  it('an unknown station is what the upstream says it is', async () => {
    await using upstream = await startUpstream({ seed: 1, faults: false });
    await using api = createClient({ baseUrl: upstream.url });
    const [station] = stations;
    if (!station) throw new Error('There are no stations.');
    const month = { name: '2012-01', firstDay: '2012-01-01', lastDay: '2012-01-31' };
    const error = fetchMonth(api, { ...station, latitude: 10 }, month, signal);
    await expect(error).rejects.toMatchObject({
      status: 400,
      bodyStart: expect.stringContaining('"error":true,"reason":'),
    });
  });

  it('a damaged raw file is named, and says what to do', async () => {
    await using folder = await makeFolder();
    await run(folder.path);
    await truncate(join(folder.path, 'raw/seattle/2012-01.json'), 100);
    await expect(run(folder.path)).rejects.toThrow(
      /raw\/seattle\/2012-01\.json cannot be used: .*Delete it to fetch it again\./,
    );
  });
});
