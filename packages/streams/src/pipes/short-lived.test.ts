import { GCProfiler } from 'node:v8';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, it } from 'vitest';
import { count, eventTime, fromCsv, parse, pipe, run, tumbling } from '../index.ts';

const rows = 600_000;

function* csv(): Generator<Buffer, void, undefined> {
  let text = 'at,station\n';
  for (let n = 0; n < rows; n += 1) {
    text += `${n * 1000},station ${n % 10}\n`;
    if (text.length < 4096 && n < rows - 1) continue;
    yield Buffer.from(text);
    text = '';
  }
}

interface Reading {
  readonly at: number;
  readonly station: string;
}

const schema: StandardSchemaV1<unknown, Reading> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (row) => {
      const { at, station } = { at: '', station: '', ...(typeof row === 'object' ? row : {}) };
      return { value: { at: Number(at), station } };
    },
  },
};

// A second attempt in the same process would find V8 in another state.
it('leaves to young collections rows, their text, and windows that are over', { retry: 0 }, async () => {
  const windows = pipe(
    fromCsv(csv()),
    parse(schema),
    eventTime(({ at }) => at),
    tumbling({ sizeMs: 60_000, key: ({ station }) => station, aggregate: { readings: count() } }),
  );
  const profiler = new GCProfiler();
  profiler.start();
  await run(windows);
  const { statistics } = profiler.stop();
  // Bytes that young collections moved to where only full ones collect: 4 for each row, 30 when anything keeps them alive.
  let promoted = 0;
  for (const { gcType, beforeGC, afterGC } of statistics) {
    if (gcType !== 'Scavenge') continue;
    const oldBytes = ({ heapSpaceStatistics }: typeof afterGC): number =>
      heapSpaceStatistics.find(({ spaceName }) => spaceName === 'old_space')?.spaceUsedSize ?? 0;
    promoted += oldBytes(afterGC) - oldBytes(beforeGC);
  }
  expect(promoted / rows).toBeLessThan(15);
});

it('keeps the windows of keys apart when most keys have none any more', async () => {
  const keys = 5_000;
  const events = Array.from({ length: keys * 3 }, (_, n) => ({ at: n, key: n % 10 === 0 ? -1 : n % keys }));
  const windows = pipe(
    events,
    eventTime(({ at }) => at),
    tumbling({ sizeMs: keys, key: ({ key }) => key, aggregate: { events: count() } }),
  );
  const seen = (await Array.fromAsync(windows)).map(({ start, key, events: size }) => [start, key, size]);
  const expected = [0, 1, 2]
    .flatMap((round) =>
      Array.from({ length: keys }, (_, n) => [round * keys, n % 10 === 0 ? -1 : n, n % 10 === 0 ? keys / 10 : 1]),
    )
    .filter(([, key], index) => key !== -1 || index % keys === 0);
  expect(seen).toEqual(expected);
});
