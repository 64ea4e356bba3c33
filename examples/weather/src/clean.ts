import { type Aggregate, eventTime, type Operator, type Reject as Refused, tumbling } from '@dataenginex/streams';
import { z } from 'zod';
import { Observation, type Reason, type Reject } from './model.ts';

const At = z.object({ file: z.string(), row: z.number() });

/** A row as the job wants it: every column in its unit, every value there and possible. */
export const CleanRow = z.object({
  at: At,
  units: z.object({
    temperature_2m_max: z.literal('°C'),
    temperature_2m_min: z.literal('°C'),
    precipitation_sum: z.literal('mm'),
    wind_speed_10m_max: z.literal('m/s'),
  }),
  observation: Observation,
});
export type CleanRow = z.infer<typeof CleanRow>;

/** As much of a refused row as a reject shows. */
const RefusedRow = z.object({
  at: At,
  units: z.record(z.string(), z.string()),
  observation: z.looseObject({ station: Observation.shape.station }),
});
type RefusedRow = z.infer<typeof RefusedRow>;

/** From most to least telling: a value in another unit is often impossible as well. */
const reasons: readonly Reason[] = ['unit', 'missing', 'impossible'];

/** What `CleanRow` refused, with its reason. */
export function toReject(value: unknown, issues: Refused['issues']): Reject {
  const row = RefusedRow.parse(value);
  const found = issues.map((issue) => describeIssue(row, issue));
  const reason = reasons.find((one) => found.some((each) => each.reason === one)) ?? 'impossible';
  const messages = found.filter((each) => each.reason === reason).map((each) => each.message);
  return rejectOf(row, reason, messages.join('; '));
}

const dayMs = 86_400_000;

/** A row may come so much later than one of a later day. */
const outOfOrderMs = 31 * dayMs;

/** When a row happened, by its date. */
export const byDate = eventTime<CleanRow>(({ observation }) => Date.parse(observation.date), { outOfOrderMs });

/**
 * Gathers the rows of one station by their days and, once no more are expected of a day, passes its first on; it sets
 * the others aside, and those that come later still.
 */
export function firstOfEachDay(reject: (reject: Reject) => void): Operator<CleanRow, { first: readonly CleanRow[] }> {
  const first: Aggregate<CleanRow, CleanRow[], readonly CleanRow[]> = {
    create: () => [],
    add(kept, row) {
      const [earlier] = kept;
      if (!earlier) return [row];
      const { at } = earlier;
      const message = `${row.observation.date} was already read, from row ${at.row} of ${at.file}`;
      reject(rejectOf(row, 'duplicate', message));
      return kept;
    },
    merge: (kept, other) => (kept.length > 0 ? kept : other),
    result: (kept) => kept,
  };
  return tumbling({
    sizeMs: dayMs,
    aggregate: { first },
    late(row, { watermark }) {
      const reached = new Date(watermark + 1 + outOfOrderMs).toISOString().slice(0, 10);
      reject(rejectOf(row, 'late', `${row.observation.date} came when the record had reached ${reached}`));
    },
  });
}

function describeIssue(
  { units, observation }: RefusedRow,
  issue: Refused['issues'][number],
): { reason: Reason; message: string } {
  const [part, name = ''] =
    issue.path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)) ?? [];
  if (part === 'units') {
    return { reason: 'unit', message: `${name} is in ${units[name] ?? 'no unit'} (${issue.message})` };
  }
  const value = observation[name];
  if (value === null || value === undefined) return { reason: 'missing', message: `${name} is missing` };
  return { reason: 'impossible', message: `${name} is ${JSON.stringify(value)} (${issue.message})` };
}

function rejectOf({ at, observation }: RefusedRow | CleanRow, reason: Reason, message: string): Reject {
  return { reason, message, ...at, station: observation.station, raw: observation };
}
