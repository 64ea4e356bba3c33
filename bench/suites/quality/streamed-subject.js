// The process of one subject: `node streamed-subject.js <hand | quality> <rows>` prints what became of the rows. With
// `--expose-gc` it tells, too, what is held when the last row has come. It is JavaScript, as Node needs 70 MB to strip types.

import { setImmediate } from 'node:timers/promises';

const cities = ['Seattle', 'New York', 'Berlin', 'Paris', 'Oslo'];

async function* generate(count) {
  for (let i = 0; i < count; i++) {
    yield {
      id: i,
      station: `ST-${1000 + (i % 9000)}`,
      city: cities[i % cities.length],
      date: `2024-0${1 + (i % 9)}-1${i % 10}`,
      email: `user${i}@example.org`,
      tempMax: i % 1000 === 7 ? 99 : 10 + (i % 400) / 10,
      tempMin: i % 50 === 3 ? null : (i % 300) / 10 - 5,
      wind: (i % 200) / 10,
      humidity: i % 101,
      ok: i % 2 === 0,
    };
  }
}

/** The loop by hand counts the rows that are too hot, and pays for nothing that it does not need. */
async function byHand() {
  return async (rows) => {
    let bad = 0;
    for await (const { tempMax } of rows) if (!(tempMax >= -60 && tempMax <= 60)) bad++;
    return bad;
  };
}

/** What a schema asks, and of each column its distinct values, of numbers their mean, spread and quantiles. */
async function byContract() {
  const { contract } = await import('@dataenginex/quality');
  const z = await import('zod');
  const Row = z.object({
    id: z.number().min(0),
    station: z.string().regex(/^ST-\d{4}$/),
    city: z.enum(cities),
    date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    email: z.string().regex(/^[a-z0-9.]+@[a-z0-9.]+\.[a-z]{2,}$/),
    tempMax: z.number().min(-60).max(60),
    tempMin: z.number().min(-60).max(60).nullable(),
    wind: z.number().min(0).max(120),
    humidity: z.number().min(0).max(100),
    ok: z.boolean(),
  });
  const Streamed = contract('streamed', Row, (c, t) => [
    t.rowCountToBeBetween(1, null),
    ...[c.id, c.tempMax, c.tempMin, c.wind, c.humidity].flatMap((column) => [
      column.meanToBeBetween(-1e9, 1e9),
      column.stdevToBeBetween(0, 1e9),
      column.quantileValuesToBeBetween({ 0.05: [-1e9, 1e9], 0.5: [-1e9, 1e9], 0.95: [-1e9, 1e9] }),
    ]),
    ...Object.values(c).map((column) => column.uniqueValueCountToBeBetween(1, null)),
  ]);
  return async (rows) => {
    const { results } = await Streamed.check(rows);
    return results.find(({ rule }) => rule.id === 'schema.tempMax.range')?.unexpectedCount;
  };
}

async function held() {
  await setImmediate();
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const [, , subject, count] = process.argv;
const judge = await (subject === 'hand' ? byHand() : byContract());
await judge(generate(10_000)); // what is made once is not what is held
const before = await held();
let after = before;
let rows = 0;
const bad = await judge(
  (async function* () {
    for await (const row of generate(Number(count))) {
      rows++;
      yield row;
    }
    after = await held();
  })(),
);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const heldBytes = globalThis.gc === undefined ? undefined : after - before;
console.log(
  JSON.stringify({ rows, bad, peakBytes: maxRSS * 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000, heldBytes }),
);
