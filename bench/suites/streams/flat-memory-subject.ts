import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { zstdCompressSync } from 'node:zlib';
import { count, eventTime, fromCsv, fromFile, max, parse, pipe, run, tumbling } from '@dataenginex/streams';
import { toParquet } from '@dataenginex/streams/parquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

// The process of one subject: `node flat-memory-subject.ts <hand | streams> <csv> <parquet>` prints what became of the rows.

export interface Outcome {
  rejected: number;
  written: number;
  peakBytes: number;
  cpuMs: number;
}

interface Reading {
  at: number;
  station: string;
  temp: number;
}

const sizeMs = 60_000;
const rowGroupRows = 100_000;
const columns = { start: 'double', station: 'string', high: 'double', readings: 'double' } as const;

/** What both check: a temperature there can be. */
function read(row: Partial<Record<string, string>>): Reading | undefined {
  const at = Number(row['at']);
  const temp = Number(row['temp']);
  const { station = '' } = row;
  return Number.isInteger(at) && station !== '' && temp > -90 && temp < 60 ? { at, station, temp } : undefined;
}

async function byHand(csv: string, parquet: string): Promise<Pick<Outcome, 'rejected' | 'written'>> {
  const bytes = new ByteWriter();
  const file = createWriteStream(parquet);
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'schema', num_children: 4 },
      { name: 'start', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'station', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'high', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'readings', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    ],
    codec: 'ZSTD',
    compressors: { ZSTD: (page) => zstdCompressSync(page) },
  });
  let group: Record<keyof typeof columns, unknown[]> = { start: [], station: [], high: [], readings: [] };
  let rejected = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    void writer.write({
      columnData: Object.entries(group).map(([name, data]) => ({ name, data })),
      rowGroupSize: rowGroupRows,
    });
    group = { start: [], station: [], high: [], readings: [] };
    await drain();
  };
  const drain = async (): Promise<void> => {
    const isReady = file.write(Uint8Array.from(bytes.getBytes()));
    bytes.index = 0;
    if (!isReady) await once(file, 'drain');
  };
  let start = 0;
  let open = new Map<string, { high: number; readings: number }>();
  const close = async (): Promise<void> => {
    for (const [station, { high, readings }] of open) {
      group.start.push(start);
      group.station.push(station);
      group.high.push(high);
      group.readings.push(readings);
      written += 1;
      if (group.start.length === rowGroupRows) await flush();
    }
    open = new Map();
  };
  let rest = '';
  let names: string[] | undefined;
  for await (const text of createReadStream(csv, { encoding: 'utf8' })) {
    const lines = (rest + String(text)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const fields = line.split(',');
      if (names === undefined) {
        names = fields;
        continue;
      }
      const row: Record<string, string> = {};
      for (const [index, name] of names.entries()) row[name] = fields[index] ?? '';
      const reading = read(row);
      if (reading === undefined) {
        rejected += 1;
        continue;
      }
      if (reading.at >= start + sizeMs) {
        await close();
        start = reading.at - (reading.at % sizeMs);
      }
      const window = open.get(reading.station);
      if (window === undefined) open.set(reading.station, { high: reading.temp, readings: 1 });
      else {
        window.high = Math.max(window.high, reading.temp);
        window.readings += 1;
      }
    }
  }
  await close();
  if (group.start.length > 0) await flush();
  void writer.finish();
  await drain();
  file.end();
  await once(file, 'close');
  return { rejected, written };
}

/** `read` as a Standard Schema. */
const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'bench',
    types: undefined as { input: unknown; output: Reading } | undefined,
    validate(row: unknown) {
      const value = typeof row === 'object' && row !== null ? read(row) : undefined;
      return value === undefined ? { issues: [{ message: 'no reading' }] } : { value };
    },
  },
};

async function byStreams(csv: string, parquet: string): Promise<Pick<Outcome, 'rejected' | 'written'>> {
  let rejected = 0;
  const windows = pipe(
    fromCsv(fromFile(csv)),
    parse(schema, { rejects: () => void (rejected += 1), maxRejects: Infinity }),
    eventTime(({ at }) => at),
    tumbling({
      sizeMs,
      key: ({ station }) => station,
      aggregate: { high: max(({ temp }) => temp), readings: count(), station: stationOf },
    }),
  );
  const { result } = await run(windows, toParquet(parquet, { columns, rowGroupRows }));
  return { rejected, written: result.rows };
}

/** The key under the name that the column has. */
const stationOf = {
  create: (): string => '',
  add: (_station: string, reading: Reading): string => reading.station,
  merge: (station: string): string => station,
  result: (station: string): string => station,
};

const [, , subject, csv = '', parquet = ''] = process.argv;
const outcome = await (subject === 'hand' ? byHand(csv, parquet) : byStreams(csv, parquet));
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const report: Outcome = { ...outcome, peakBytes: maxRSS * 1024, cpuMs: (userCPUTime + systemCPUTime) / 1_000 };
console.log(JSON.stringify(report));
