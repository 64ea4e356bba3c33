import { checkInteger } from '@dataenginex/core';
import { type FaultyServer, type ServedRequest, type ServerReply, startFaultyServer } from '@dataenginex/http/testing';
import { answer } from './archive.ts';
import type { IncidentName } from './incidents.ts';
import { BadQuery, readQuery } from './query.ts';
import { type Records, readRecords } from './records.ts';

export interface UpstreamOptions {
  /** Which requests meet which fault, and when. */
  seed: number;
  /** `false` for a transport without faults; the bad observations stay. @default true */
  faults?: boolean | undefined;
  /** What happens to the data without a word. @default undefined */
  incident?: IncidentName | undefined;
  /** Gives up starting. Once started, `close` ends it. */
  signal?: AbortSignal | undefined;
}

/**
 * Starts a server on 127.0.0.1 that answers `/v1/archive` as Open-Meteo's archive does, from NOAA's observations in
 * `vega-datasets`, with a fixed set of bad observations beside them and a transport that fails by the seed.
 *
 * @throws {RecordError} When the records are malformed.
 * @throws {OptionError} When `seed` cannot work.
 * @see https://open-meteo.com/en/docs/historical-weather-api
 */
export async function startUpstream({ seed, faults = true, incident, signal }: UpstreamOptions): Promise<FaultyServer> {
  checkInteger('seed', seed);
  signal?.throwIfAborted();
  const records = await readRecords();
  return startFaultyServer((request) => respond(request, records, incident), {
    seed,
    ...(!faults && { faults: {} }),
    replies: { '429': { ...limited, headers: { ...limited.headers, 'retry-after': '1' } } },
    signal,
  });
}

function respond({ method, url: target }: ServedRequest, records: Records, incident?: IncidentName): ServerReply {
  const url = URL.parse(target, 'http://127.0.0.1');
  if (method !== 'GET' || url?.pathname !== '/v1/archive') return refusal(404, 'Not Found');
  try {
    return { headers: json, body: answer(readQuery(url.searchParams), records, incident) };
  } catch (error) {
    if (error instanceof BadQuery) return refusal(400, error.message);
    throw error;
  }
}

const json = { 'content-type': 'application/json; charset=utf-8' };

function refusal(status: number, reason: string): ServerReply {
  return { status, headers: json, body: JSON.stringify({ error: true, reason }) };
}

const limited = refusal(429, 'Minutely API request limit exceeded. Please try again in one minute.');
