import { expect, it } from 'vitest';
import { Steps } from '../pipes/fuse.ts';
import { toCsv, type ToCsvOptions } from '../index.ts';

type Row = Record<string, string>;

/** The text of the rows, and what was saved after them. */
function write(rows: readonly Row[], options: ToCsvOptions<Row>, restored?: unknown) {
  const operator = toCsv(options);
  if (!('fuse' in operator)) throw new Error('toCsv waits');
  let text = '';
  let saved: unknown;
  const fail = (_operator: unknown, error: unknown): never => {
    throw error;
  };
  const steps = new Steps(
    [{ operator, place: 1 }],
    { push: (line) => void (text += String(line)) },
    { fail, position: () => ({ index: 0 }), restore: () => restored },
  );
  for (const row of rows) steps.push(row);
  steps.save({ save: (_place, _operator, state) => void (saved = structuredClone(state)) });
  return { text, saved };
}

it.each([{}, { header: false }, { columns: ['b', 'a'] }, { columns: ['a'], header: false }])(
  'toCsv %o goes on where another run stood, with one header and the same columns',
  (options) => {
    const rows: Row[] = [{ a: '1', b: '2' }, { b: '4', a: '3' }, { a: '5' }];
    const { text } = write(rows, options);
    for (let place = 0; place <= rows.length; place += 1) {
      const first = write(rows.slice(0, place), options);
      const rest = write(rows.slice(place), options, first.saved);
      expect(first.text + rest.text).toBe(text);
    }
    const { saved } = write(rows.slice(0, 1), {});
    expect(() => write([{ c: '1' }], {}, saved)).toThrow('the first row has no column "c"');
  },
);
