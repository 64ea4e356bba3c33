import type { GateReject } from '@dataenginex/quality';
import { type Aggregate, eventTime, type Operator, tumbling } from '@dataenginex/streams';
import { z } from 'zod';
import { RawLayer } from './contracts/raw-layer.ts';
import { Observation, type Reason, type Reject } from './model.ts';

const At = z.object({ file: z.string(), row: z.number() });

/** A row as the job wants it: every value there and possible. */
export const CleanRow = Observation.safeExtend({ at: At });
export type CleanRow = z.infer<typeof CleanRow>;

/** As much of a refused row as a reject shows. */
const RefusedRow = z.looseObject({ at: At, station: Observation.shape.station });
type RefusedRow = z.infer<typeof RefusedRow>;

/** From most to least telling: a value in another unit is often impossible as well. */
const reasons: readonly Reason[] = ['unit', 'missing', 'impossible'];

/** A row that the contract of the raw layer refused, with its reason. */
export function toReject({ value, rules: broken }: Pick<GateReject, 'value' | 'rules'>): Reject {
  const row = RefusedRow.parse(value);
  const rules = RawLayer.rules.filter(({ id }) => broken.includes(id));
  const reason = reasons.find((one) => rules.some(({ tags }) => tags.includes(one))) ?? 'impossible';
  const messages = rules.filter(({ tags }) => tags.includes(reason)).map((rule) => describe(row, rule));
  return rejectOf(row, reason, messages.join('; '));
}

const dayMs = 86_400_000;

/** A row may come so much later than one of a later day. */
const outOfOrderMs = 31 * dayMs;

/** When a row happened, by its date. */
export const byDate = eventTime<CleanRow>(({ date }) => Date.parse(date), { outOfOrderMs });

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
      const message = `${row.date} was already read, from row ${at.row} of ${at.file}`;
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
      reject(rejectOf(row, 'late', `${row.date} came when the record had reached ${reached}`));
    },
  });
}

function describe(row: RefusedRow, { id, kwargs, notes }: (typeof RawLayer.rules)[number]): string {
  const column = 'column' in kwargs ? kwargs.column : 'column_B' in kwargs ? kwargs.column_B : undefined;
  if (column === undefined) return id;
  const value = row[column];
  return value === null ? `${column} is missing` : `${column} is ${JSON.stringify(value)} (${notes ?? id})`;
}

function rejectOf(row: RefusedRow, reason: Reason, message: string): Reject {
  const raw = Object.fromEntries(Object.keys(Observation.shape).map((column) => [column, row[column]]));
  return { reason, message, ...row.at, station: row.station, raw };
}
