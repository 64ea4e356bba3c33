// Proposed from a profile of 730 rows: it says what was, so change it to what must be.
import { contract } from '@dataenginex/quality';
import { z } from 'zod';

const Row = z.object({
  station: z.enum(['New York', 'Seattle']),
  date: z.iso.date(),
  tempMax: z.number(),
  rain: z.number(),
  wind: z.int().nullable(),
  weather: z.enum(['fog', 'rain', 'sun']),
  code: z.string(),
  mail: z.string(),
  'heard at': z.date(),
  note: z.string(),
  serial: z.bigint(),
  flags: z.array(z.unknown()),
  size: z.union([z.string(), z.number()]),
});

export const WeatherDaily = contract('weather.daily', Row, (c, t) => [
  t.rowCountToBeBetween(1, null, { notes: '730 rows in the profile' }),
  c.tempMax.toBeBetween(-6, 38, { notes: '730 values from -3.9 to 35.1' }),
  c.rain.toBeBetween(0, 21, { notes: '730 values from 0 to 19.9' }),
  c.wind.toNotBeNull({ mostly: 0.85, severity: 'warning', notes: '73 of 730 rows are null' }),
  c.wind.toBeBetween(0, 12, { notes: '657 values from 0 to 11' }),
  c.code.toMatchRegex('^[A-Z]{2}-\\d{3}$', { mostly: 0.99, notes: '723 of 730 texts look like AA-999' }),
  c.mail.toMatchRegex('^[a-z]+\\d+@[a-z]+\\.[a-z]+$', { notes: '730 of 730 texts look like a+9+@a+.a+' }),
  c['heard at'].toBeBetween(new Date('2013-01-01T00:00:00.000Z'), null, {
    notes: 'the first of 730 dates is 2013-01-01T12:00:00.000Z',
  }),
  c.note.lengthsToBeBetween(1, 70, { notes: '730 texts of 15 to 45 characters' }),
  t.unique('station', 'date', { notes: '730 rows, and none has what another has' }),
]);
