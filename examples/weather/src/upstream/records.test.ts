import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRecords } from './records.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'records-'));
  await writeFile(join(folder, 'seattle-weather-hourly-normals.csv'), 'date,pressure,temperature,wind\n');
});
afterEach(() => rm(folder, { recursive: true }));

describe('readRecords', () => {
  it('reads both stations and the normals', async () => {
    const { days, hours } = await readRecords();
    expect([days.seattle.length, days['new-york'].length, hours.length]).toEqual([1461, 1461, 8760]);
  });

  const header = 'location,date,precipitation,temp_max,temp_min,wind,weather';
  it.each([
    ['a field is missing', 'Seattle,2012-01-02,10.9', 'wanted 7 fields, got 3'],
    ['a number is none', 'Seattle,2012-01-02,wet,10.6,2.8,4.5,rain', 'precipitation: not a number'],
    ['a number is empty', 'Seattle,2012-01-02,,10.6,2.8,4.5,rain', 'precipitation: not a number'],
    ['a station is unknown', 'Boston,2012-01-02,1,10.6,2.8,4.5,rain', 'location: '],
    ['a day never was', 'Seattle,2012-02-30,1,10.6,2.8,4.5,rain', 'date: '],
  ])('names the file and the line when %s', async (_what, line, message) => {
    await writeFile(join(folder, 'weather.csv'), `${header}\nSeattle,2012-01-01,0.0,12.8,5.0,4.7,drizzle\n${line}\n`);
    const error: unknown = await readRecords(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DEX_WEATHER_RECORD', file: 'weather.csv', line: 3 });
    expect(String(error)).toContain(`RecordError: weather.csv, line 3: ${message}`);
  });
});
