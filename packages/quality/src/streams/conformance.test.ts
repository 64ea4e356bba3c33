import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRowsCheck } from '../rows/check-rows.ts';
import type { Rule } from '../rules/rule.ts';
import { checkStream } from './check-stream.ts';
import { StreamCheck } from './stream-check.ts';

interface Case {
  readonly expectation: string;
  readonly case: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly table: {
    readonly columns: readonly { readonly name: string }[];
    readonly rows: readonly (readonly unknown[])[];
  };
  readonly raisedAt?: 'construction' | 'validation';
}

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../test/great-expectations/cases.json', import.meta.url), 'utf8'),
);

async function* streamOf(rows: readonly unknown[]) {
  yield* rows;
}

async function outcome<T>(work: () => T): Promise<Awaited<T> | string> {
  try {
    return await work();
  } catch (error) {
    return String(error);
  }
}

describe('rules on streams', () => {
  it.each([
    ['in memory', 500, 50_000],
    ['with each key spilled', 500, 1],
  ])('are judged as on arrays, %s', async (_, maxValues, maxKeys) => {
    let compared = 0;
    for (const entry of cases.filter(({ raisedAt }) => raisedAt !== 'construction')) {
      const { row_condition: _condition, condition_parser: _parser, ...kwargs } = entry.kwargs;
      // @ts-expect-error the arguments of each case
      const rule: Rule = { id: entry.case, expectation: entry.expectation, kwargs, severity: 'critical', tags: [] };
      const names = entry.table.columns.map(({ name }) => name);
      const rows = entry.table.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
      const options = { keepIndexes: entry.case.length % 2 === 0, columns: names, now: 0 };
      const onArray = await outcome(() => {
        const check = createRowsCheck([rule], options);
        check.push(rows);
        return check.finish();
      });
      const onStream = await outcome(() => {
        const check = new StreamCheck('check', [rule], { ...options, maxValues, maxKeys, signal: undefined });
        return checkStream(streamOf(rows), check, undefined);
      });
      expect(onStream, `${entry.expectation}: ${entry.case}`).toEqual(onArray);
      if (typeof onArray !== 'string') compared++;
    }
    expect(compared).toBeGreaterThan(700);
  });
});
