import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, TableState, toOpenLineage } from '../index.ts';

const rows = [
  { station: 'SEA', temp: 12.8 },
  { station: 'SEA', temp: 412 },
  { station: 'JFK', temp: null },
  { station: null, temp: 7.2 },
];
const Temps = contract('temps', z.object({ station: z.string(), temp: z.number().nullable() }), (c, t) => [
  c.temp.toBeBetween(-60, 60, { severity: 'warning', notes: 'Degrees.' }),
  c.temp.meanToBeBetween(0, 200, { severity: 'info' }),
  t.unique('station', 'temp'),
  t.rowsToSatisfy('a row', () => true),
  c.temp.toNotBeNull({ groupBy: 'station' }),
]);

describe('toOpenLineage', () => {
  it('gives the assertions of a report', async () => {
    const { dataQualityAssertions: facet, ...others } = toOpenLineage({ report: await Temps.check(rows) });
    expect(others).toEqual({});
    expect(facet).toMatchObject({
      _producer: 'https://github.com/dataenginex/dataenginex/tree/main/packages/quality',
      _schemaURL:
        'https://openlineage.io/spec/facets/1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet',
    });
    expect(facet?.assertions).toHaveLength(Temps.rules.length);
    expect(facet?.assertions.find(({ name }) => name === 'temp.toBeBetween')).toEqual({
      assertion: 'expect_column_values_to_be_between',
      success: false,
      column: 'temp',
      severity: 'warn',
      name: 'temp.toBeBetween',
      description: 'temp is between -60 and 60. Degrees.',
      actual: '1 of 3',
      params: { column: 'temp', min_value: -60, max_value: 60 },
    });
    expect(facet?.assertions.slice(-4)).toMatchObject([
      { success: true, severity: 'info', actual: 'it is 144' },
      { success: true, severity: 'error', actual: '0 of 4', params: { column_list: ['station', 'temp'] } },
      { assertion: 'expect_rows_to_satisfy', params: { name: 'a row' } },
      { success: false, actual: '1 of 3 groups' },
    ]);
    // What the specification says of each field, and no value of a row.
    for (const assertion of facet?.assertions ?? []) {
      const { success, params, ...texts } = assertion;
      expect([typeof success, typeof params]).toEqual(['boolean', 'object']);
      for (const text of Object.values(texts)) expect(text).toBeTypeOf('string');
    }
    expect(JSON.stringify(facet)).not.toContain('412');
    expect(JSON.parse(JSON.stringify(facet))).toEqual(facet);
  });

  it('gives the metrics of a state', async () => {
    const state = await TableState.of(rows);
    const { dataQualityMetrics: facet, ...others } = toOpenLineage({ state, producer: 'https://example.com/job' });
    expect(others).toEqual({});
    expect(facet).toEqual({
      _producer: 'https://example.com/job',
      _schemaURL:
        'https://openlineage.io/spec/facets/1-0-3/DataQualityMetricsInputDatasetFacet.json#/$defs/DataQualityMetricsInputDatasetFacet',
      rowCount: 4,
      columnMetrics: {
        station: { nullCount: 1, count: 3, distinctCount: 2 },
        temp: {
          nullCount: 1,
          count: 3,
          distinctCount: 3,
          sum: 432,
          min: 7.2,
          max: 412,
          quantiles: { 0.01: 7.2, 0.05: 7.2, 0.25: 7.2, 0.5: 12.8, 0.75: 412, 0.95: 412, 0.99: 412 },
        },
      },
    });
  });

  it('has integers for counts that are estimates, and leaves out what JSON has no word for', async () => {
    const many = await TableState.of(
      Array.from({ length: 5000 }, (_, at) => ({ id: at, odd: at === 0 ? Infinity : at })),
    );
    const { id, odd } = toOpenLineage({ state: many }).dataQualityMetrics?.columnMetrics ?? {};
    expect(Number.isInteger(id?.distinctCount)).toBe(true);
    expect(Math.abs((id?.distinctCount ?? 0) - 5000)).toBeLessThan(250);
    expect(odd).toMatchObject({ min: 1, sum: (4999 * 5000) / 2 });
    expect(odd).not.toHaveProperty('max');
    const none = await TableState.of([{ id: Infinity }]);
    expect(toOpenLineage({ state: none }).dataQualityMetrics?.columnMetrics.id).toEqual({
      nullCount: 0,
      count: 1,
      distinctCount: 1,
      quantiles: {},
    });
  });
});
