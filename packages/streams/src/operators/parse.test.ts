import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sources } from '../../test/sources.ts';
import { filter, fromCsv, fromNdjson, map, parse, pipe, type Reject, run } from '../index.ts';

const Row = z.object({ station: z.string(), wind: z.object({ speed: z.number() }) });
const good = { station: 'Seattle', wind: { speed: 4.7 } };
const bad = { station: 'Seattle', wind: { speed: 'calm' } };
const reason = 'wind.speed: Invalid input: expected number, received string';

function collect() {
  const refused: Reject[] = [];
  return { refused, rejects: (reject: Reject) => void refused.push(reject) };
}

describe.each(Object.entries(sources))('parse over %s', (_name, from) => {
  it('passes on what the schema made, and the rest to rejects with place, reason and raw value', async () => {
    const { refused, rejects } = collect();
    const rows = pipe(
      from<unknown>([[good, bad], [good]]),
      parse(
        Row.transform(({ wind }) => wind.speed),
        { rejects },
      ),
    );
    expect(await Array.fromAsync(rows)).toEqual([4.7, 4.7]);
    expect(refused).toEqual([
      {
        operator: 'parse',
        position: { index: 1 },
        reason,
        issues: [expect.objectContaining({ path: ['wind', 'speed'] })],
        value: bad,
      },
    ]);
  });

  it('throws with position and path when nobody takes rejects, after what was good', async () => {
    const got: unknown[] = [];
    const read = async () => {
      for await (const row of pipe(from<unknown>([[good, bad, good]]), parse(Row))) got.push(row);
    };
    await expect(read()).rejects.toMatchObject({
      name: 'ParseError',
      code: 'DEX_PARSE',
      message: `parse (operator 1) refused the item at index 1: ${reason}`,
      place: 1,
      position: { index: 1 },
      value: bad,
    });
    expect(got).toEqual([good]);
  });
});

describe('parse', () => {
  it('waits for an async schema and for async rejects, in order', async () => {
    const Async = z.number().refine(async (n) => n % 2 === 0, { error: 'odd' });
    const refused: unknown[] = [];
    let pending = 0;
    const rejects = async ({ value }: Reject) => {
      pending += 1;
      expect(pending).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      pending -= 1;
      refused.push(value);
    };
    expect(await Array.fromAsync(pipe([1, 2, 3, 4], parse(Async, { rejects })))).toEqual([2, 4]);
    expect(refused).toEqual([1, 3]);
  });

  it('stops past the limit, and says so with the reject that was one too many', async () => {
    const { refused, rejects } = collect();
    const rows = pipe([bad, good, bad, bad], parse(Row, { rejects, maxRejects: 2 }));
    const got: unknown[] = [];
    const read = async () => {
      for await (const row of rows) got.push(row);
    };
    await expect(read()).rejects.toMatchObject({
      name: 'RejectLimitError',
      code: 'DEX_REJECT_LIMIT',
      message: `parse stopped: more than 2 rejects. The last, at index 3: ${reason}`,
      maxRejects: 2,
      reject: { position: { index: 3 } },
    });
    expect(refused).toHaveLength(2);
    expect(got).toEqual([good]);
  });

  it('has a limit by default, and counts each run anew', async () => {
    const { refused, rejects } = collect();
    const rows = pipe(
      Array.from({ length: 1001 }, () => bad),
      parse(Row, { rejects }),
    );
    await expect(run(rows)).rejects.toThrow('more than 1000 rejects');
    expect(refused).toHaveLength(1000);
    await expect(run(rows)).rejects.toThrow('more than 1000 rejects');
    expect(refused).toHaveLength(2000);
  });

  it('reports a failure of rejects as its own', async () => {
    const cause = new Error('disk full');
    const rejects = () => Promise.reject(cause);
    await expect(run(pipe([bad], parse(Row, { rejects })))).rejects.toMatchObject({ name: 'OperatorError', cause });
  });

  it('knows line and byte of a row behind map, filter and an earlier parse', async () => {
    const { refused, rejects } = collect();
    const text = 'station,speed\nSeattle,1\n"New\nYork",2\nBöbl,calm\nSeattle,mild\n';
    const rows = pipe(
      fromCsv([text.slice(0, 20), text.slice(20)]),
      parse(z.object({ station: z.string(), speed: z.string() })),
      filter(({ speed }) => speed !== '1'),
      map((row) => ({ ...row, speed: Number(row.speed) })),
      parse(z.object({ speed: z.number() }), { rejects }),
    );
    expect(await Array.fromAsync(rows)).toEqual([{ speed: 2 }]);
    expect(refused.map(({ position }) => position)).toEqual([
      { index: 2, line: 5, byte: 37 },
      { index: 3, line: 6, byte: 48 },
    ]);
  });

  it('names line and byte in the error of an operator', async () => {
    const rows = pipe(
      fromNdjson('1\n\n2\n'),
      map((n) => {
        if (n === 2) throw new Error('two');
      }),
    );
    await expect(run(rows)).rejects.toThrow('map (operator 1) failed at index 1, line 3, byte 3: two');
  });
});
