import {
  type CheckpointStore,
  count,
  dedupe,
  eventTime,
  fileStore,
  fromCsv,
  fromFile,
  map,
  mapAsync,
  pipe,
  run,
  sum,
  toFile,
  toNdjson,
  tumbling,
} from '../src/index.ts';

/** Counts readings by station and minute, from one file to another; a byte tells that it has begun, and each checkpoint. */
const [from = '', to = '', checkpoint = ''] = process.argv.slice(2);

const counted = pipe(
  fromCsv(fromFile(from)),
  map(({ id = '', station = '', at, celsius }) => ({ id, station, at: Number(at), celsius: Number(celsius) })),
  dedupe({ key: ({ id }) => id, maxKeys: 50 }),
  eventTime(({ at }) => at, { outOfOrderMs: 5_000 }),
  mapAsync(async (reading) => reading, { concurrency: 4 }),
  tumbling({
    sizeMs: 60_000,
    key: ({ station }) => station,
    latenessMs: 30_000,
    aggregate: { readings: count(), celsius: sum(({ celsius }) => celsius) },
  }),
  toNdjson(),
);
const file = fileStore(checkpoint);
const store: CheckpointStore = {
  ...file,
  async save(...saved) {
    await file.save(...saved);
    process.stdout.write('.');
  },
};
process.stdout.write('.');
await run(counted, toFile(to), { checkpoint: { store, everyItems: 1 } });
