import { contract } from '@dataenginex/quality';
import { z } from 'zod';

const Day = z.object({ date: z.iso.date(), station: z.string(), tempMax: z.number().nullable(), wet: z.boolean() });

export const Daily = contract('daily', Day, (c, t) => [
  c.tempMax.toBeBetween(-60, 60),
  c.tempMax.meanToBeBetween(null, 20, { severity: 'warning' }),
  t.unique('date', 'station'),
]);
