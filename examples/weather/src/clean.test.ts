import { pipe } from '@dataenginex/streams';
import { describe, expect, it } from 'vitest';
import { Archive, rowsOf } from './archive.ts';
import { byDate, CleanRow, firstOfEachDay, toReject } from './clean.ts';
import { RawLayer } from './contracts/raw-layer.ts';
import type { Reject } from './model.ts';

const units = {
  temperature_2m_max: '°C',
  temperature_2m_min: '°C',
  precipitation_sum: 'mm',
  wind_speed_10m_max: 'm/s',
  weather_code: 'wmo code',
};

function location(changes: Partial<Record<string, unknown[]>> = {}, otherUnits: Partial<typeof units> = {}): unknown {
  const daily = {
    time: ['2012-01-01'],
    temperature_2m_max: [12.8],
    temperature_2m_min: [5],
    precipitation_sum: [0],
    wind_speed_10m_max: [4.7],
    weather_code: [51],
  };
  return { daily_units: { ...units, ...otherUnits }, daily: { ...daily, ...changes } };
}

async function refuse(answer: unknown): Promise<Reject> {
  const rows = rowsOf(Archive.parse(answer), 'seattle', 'raw/seattle/2012-01.json');
  const { bad } = await RawLayer.split([...rows]);
  const [first] = bad;
  if (first === undefined) throw new Error('The row was accepted.');
  return toReject({ value: first.row, rules: first.rules });
}

describe('a row', () => {
  it('is accepted with every value in its unit, and named by its sky', () => {
    const [row] = rowsOf(Archive.parse(location()), 'seattle', 'file');
    expect(CleanRow.parse(row)).toEqual({
      at: { file: 'file', row: 0 },
      station: 'seattle',
      date: '2012-01-01',
      tempMax: 12.8,
      tempMin: 5,
      precipitation: 0,
      wind: 4.7,
      sky: 'drizzle',
    });
  });

  it.each<[Parameters<typeof location>, string, RegExp]>([
    [[{}, { temperature_2m_max: '°F' }], 'unit', /^tempMaxUnit is "°F" \(asked for in °C\)$/],
    [
      [{ temperature_2m_max: [null], temperature_2m_min: [null] }],
      'missing',
      /^tempMax is missing; tempMin is missing$/,
    ],
    [[{ time: [null] }], 'missing', /^date is missing$/],
    [[{ temperature_2m_max: [999.9] }], 'impossible', /^tempMax is 999\.9 \(/],
    [[{ temperature_2m_min: [13] }], 'impossible', /^tempMin is 13 \(above the maximum\)$/],
    [[{ time: ['2013-02-30'] }], 'impossible', /^date is "2013-02-30" \(/],
    [[{ precipitation_sum: [-1] }], 'impossible', /^precipitation is -1 \(/],
    [[{ weather_code: [100] }], 'impossible', /^sky is 100 \(/],
    [[{ weather_code: [-1] }], 'impossible', /^sky is -1 \(/],
    [[{ temperature_2m_max: [null], precipitation_sum: [-1] }], 'missing', /^tempMax is missing$/],
  ])('%j is set aside as %s', async (args, reason, message) => {
    const reject = await refuse(location(...args));
    expect(reject).toMatchObject({ reason, file: 'raw/seattle/2012-01.json', row: 0, station: 'seattle' });
    expect(reject.message).toMatch(message);
  });

  it('counts on over several locations', () => {
    const rows = [...rowsOf(Archive.parse([location(), location()]), 'seattle', 'file')];
    expect(rows.map((row) => row.at.row)).toEqual([0, 1]);
  });
});

describe('firstOfEachDay', () => {
  const rowOf = (date: string, at: number): CleanRow => {
    const [row] = rowsOf(Archive.parse(location({ time: [date] })), 'seattle', 'raw/a.json');
    return CleanRow.parse({ ...row, at: { file: 'raw/a.json', row: at } });
  };
  const read = async (...rows: CleanRow[]): Promise<{ kept: string[]; rejects: Reject[] }> => {
    const rejects: Reject[] = [];
    const days = pipe(
      rows,
      byDate,
      firstOfEachDay((reject) => rejects.push(reject)),
    );
    const kept = await Array.fromAsync(days, ({ first }) => first.map(({ at, date }) => `${date} ${at.row}`));
    return { kept: kept.flat(), rejects };
  };

  it('keeps the first of each day, in the order of the days, and says where it was', async () => {
    const { kept, rejects } = await read(rowOf('2012-01-02', 0), rowOf('2012-01-01', 1), rowOf('2012-01-02', 2));
    expect(kept).toEqual(['2012-01-01 1', '2012-01-02 0']);
    expect(rejects).toMatchObject([
      { reason: 'duplicate', row: 2, message: '2012-01-02 was already read, from row 0 of raw/a.json' },
    ]);
  });

  it('sets aside what comes more than 31 days after a later day, duplicate or not', async () => {
    const { kept, rejects } = await read(rowOf('2012-03-01', 0), rowOf('2012-01-30', 1), rowOf('2012-01-29', 2));
    expect(kept).toEqual(['2012-01-30 1', '2012-03-01 0']);
    expect(rejects).toMatchObject([
      { reason: 'late', row: 2, message: '2012-01-29 came when the record had reached 2012-03-01' },
    ]);
  });
});
