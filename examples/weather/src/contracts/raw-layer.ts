import { contract, type MapOptions } from '@dataenginex/quality';
import { z } from 'zod';
import type { Row } from '../archive.ts';
import { Observation, type Reason } from '../model.ts';

const RawRow = z.object({
  station: Observation.shape.station,
  date: z.string().nullable(),
  tempMax: z.number().nullable(),
  tempMin: z.number().nullable(),
  precipitation: z.number().nullable(),
  wind: z.number().nullable(),
  sky: z.union([z.string(), z.number()]).nullable(),
  tempMaxUnit: z.string(),
  tempMinUnit: z.string(),
  precipitationUnit: z.string(),
  windUnit: z.string(),
} satisfies { readonly [K in keyof Row]?: z.ZodType<Row[K]> });

/** Some bad rows are to be expected; each is set aside for this reason. */
const some = (reason: Reason, notes?: string): MapOptions<z.infer<typeof RawRow>> => ({
  mostly: 0.99,
  tags: [reason],
  notes,
});
const unit = (wanted: string) => some('unit', `asked for in ${wanted}`);
const impossible = (notes: string) => some('impossible', notes);

/** What a station's rows must be as the upstream sends them. Rows that break a rule are set aside by its reason. */
export const RawLayer = contract('weather.raw', RawRow, (c, t) => [
  c.tempMaxUnit.toBeInSet(['°C'], unit('°C')),
  c.tempMinUnit.toBeInSet(['°C'], unit('°C')),
  c.precipitationUnit.toBeInSet(['mm'], unit('mm')),
  c.windUnit.toBeInSet(['m/s'], unit('m/s')),
  c.date.toNotBeNull(some('missing')),
  c.tempMax.toNotBeNull(some('missing')),
  c.tempMin.toNotBeNull(some('missing')),
  c.precipitation.toNotBeNull(some('missing')),
  c.wind.toNotBeNull(some('missing')),
  c.sky.toNotBeNull(some('missing')),
  c.date.toMatchStrftimeFormat('%Y-%m-%d', impossible('no day of the calendar')),
  c.tempMax.toBeBetween(-90, 60, impossible('never measured on Earth')),
  c.tempMin.toBeBetween(-90, 60, impossible('never measured on Earth')),
  c.precipitation.toBeBetween(0, 1900, impossible('never measured on Earth')),
  c.wind.toBeBetween(0, 115, impossible('never measured on Earth')),
  c.sky.toBeInSet(Observation.shape.sky.options, impossible('no sky that has a name')),
  t.pairAToBeGreaterThanB('tempMax', 'tempMin', {
    ...impossible('above the maximum'),
    orEqual: true,
    ignoreRowIf: 'either_value_is_missing',
  }),
  // An upstream sends a day again now and then; the first is taken.
  t.rowCountToBeBetween(1, 3, { groupBy: 'date', id: 'no day comes more than three times' }),
]);
