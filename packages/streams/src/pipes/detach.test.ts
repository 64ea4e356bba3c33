import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import {
  count,
  dedupe,
  distinct,
  eventTime,
  fromChunks,
  groupBy,
  pipe,
  type PipeSource,
  run,
  scan,
  session,
  tumbling,
} from '../index.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const texts = 200;
const textBytes = 65_536;

const key = (text: string): string => text;
const timed = (keys: PipeSource<string>) =>
  pipe(
    keys,
    eventTime(() => 0),
  );
const aggregate = { n: count() };
const tally = scan((n: number, _key: string) => n + 1, 0);

it.each<[string, (keys: PipeSource<string>) => PipeSource<unknown>]>([
  ['distinct', (keys) => pipe(keys, distinct())],
  ['dedupe', (keys) => pipe(keys, dedupe())],
  ['groupBy', (keys) => pipe(keys, groupBy({ key }, tally))],
  ['tumbling', (keys) => pipe(timed(keys), tumbling({ sizeMs: 1000, key, aggregate }))],
  ['session', (keys) => pipe(timed(keys), session({ gapMs: 1000, key, aggregate }))],
  [
    'eventTime',
    (keys) =>
      pipe(
        keys,
        eventTime(() => 0, { partition: key }),
      ),
  ],
])('keeps keys and not the texts they were cut from: %s', async (_name, build) => {
  let kept = Infinity;
  const keys = fromChunks(function* () {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < texts; n += 1) yield [`the key of number ${n}, `.padEnd(textBytes, '-').slice(0, 20)];
    collect();
    kept = process.memoryUsage().heapUsed - before;
  });
  await run(build(keys));
  expect(kept).toBeLessThan((texts * textBytes) / 10);
});
