import { type BytesSource, fromCsv, run } from '@dataenginex/streams';
import { observations } from './observations.ts';

const quote = (field: string): string => (field.includes(',') ? `"${field}"` : field);
const lines = [Object.keys(observations[0] ?? {}), ...observations.map((row) => Object.values(row).map(quote))];

/** The observations, one field in eighty quoted. */
export const text = lines.map((fields) => `${fields.join(',')}\n`).join('');

export const passes = (pass: () => unknown) => () => ({
  run: async (n: number) => {
    let rows: unknown;
    for (let i = 0; i < n; i++) rows = await pass();
    return rows;
  },
});

export async function readOurs(source: BytesSource, options: { columns?: string[] } = {}): Promise<unknown> {
  const rows: Record<string, string>[] = [];
  await run(fromCsv(source, options), {
    write: (items) => {
      for (const item of items) rows.push(item);
    },
    close: () => {},
  });
  return rows;
}
