import { Readable } from 'node:stream';
import { pipe } from '@dataenginex/streams';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../index.ts';

const Daily = contract('daily', z.object({ station: z.string(), temp: z.number() }), (c, t) => [
  c.temp.toBeBetween(-60, 60),
  t.unique('station', 'temp'),
]);
const rows = Array.from({ length: 2000 }, (_, n) => ({ station: 'Seattle', temp: n / 10 }));

describe('check of a stream', () => {
  it('takes what is iterable', async () => {
    const { results } = await Daily.check(rows);
    const sources = [
      rows.values(),
      Readable.from(rows),
      pipe(rows),
      Readable.toWeb(Readable.from(rows)),
      new Set(rows),
    ];
    for (const source of sources) {
      const report = await Daily.check(source);
      expect(report.rows).toBe(2000);
      expect(report.results).toEqual(results);
    }
  });

  it('refuses what is no source, and says what is one', async () => {
    // @ts-expect-error -- no source
    await expect(Daily.check(7)).rejects.toThrow(
      'Option "check.source" must be an array of rows, an iterable or async',
    );
    await expect(Daily.check('rows')).rejects.toThrow('Option "check.source"');
  });
});
