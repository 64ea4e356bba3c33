import { createHash } from 'node:crypto';
import { checkInteger, checkNumber, checkOneOf, OptionError } from '@dataenginex/core';

/**
 * What a server can do wrong.
 *
 * - `503`: a proxy's page, in place of the answer
 * - `429`: with `Retry-After: 1`
 * - `reset`: the connection, in place of an answer
 * - `hang`: no answer ever
 * - `garbage`: bytes that are not HTTP, then the end of the connection
 * - `cut body`: half of the body, then the end of the connection, though `Content-Length` promised all of it
 * - `cut chunks`: the same in chunks, without the last one
 * - `slow drip`: the answer byte by byte
 * - `long length`: a `Content-Length` that no bytes ever fill, on a connection that stays open
 * - `short length`: a `Content-Length` that ends in the middle of the body; the rest follows nevertheless
 */
export type Fault = (typeof faults)[number];

const faults = [
  '503',
  '429',
  'reset',
  'hang',
  'garbage',
  'cut body',
  'cut chunks',
  'slow drip',
  'long length',
  'short length',
] as const;

/** The share of all requests that meets a fault, from 0 to 1; together at most 1. */
export type FaultShares = Readonly<Partial<Record<Fault, number>>>;

/** About 26 %, as a bad day of a real upstream; what costs a client the most is rare: a wait, or its timeout. */
const badDay: FaultShares = {
  '503': 0.1,
  reset: 0.07,
  'cut body': 0.04,
  'cut chunks': 0.035,
  '429': 0.02,
  hang: 0.005,
};

export interface SeededFaultsOptions {
  /** Another seed, other faults. */
  seed: number;
  /** @default 10 % 503, 7 % reset, 4 % cut body, 3.5 % cut chunks, 2 % 429, 0.5 % hang */
  faults?: FaultShares | undefined;
  /**
   * How often one request fails in a row, so that a client with one attempt more always gets its answer. `Infinity`
   * for faults that know nothing of each other.
   *
   * @default 3
   */
  maxInARow?: number | undefined;
}

/**
 * Decides what befalls each request, as a function of the seed, the request and how often it was made before; so the
 * order in which concurrent requests arrive changes nothing.
 *
 * @throws {OptionError}
 */
export function seededFaults(options: SeededFaultsOptions): (request: string) => Fault | undefined {
  const { seed, faults: shares = badDay, maxInARow = 3 } = options;
  checkInteger('startFaultyServer.seed', seed);
  checkInteger('startFaultyServer.maxInARow', maxInARow, { min: 1, max: Infinity });
  const drawn = readShares(shares);
  const made = new Map<string, { attempts: number; inARow: number }>();
  return (request) => {
    const state = made.get(request) ?? { attempts: 0, inARow: 0 };
    made.set(request, state);
    state.attempts += 1;
    if (state.inARow === maxInARow) {
      state.inARow = 0;
      return undefined;
    }
    let left = createHash('sha256').update(`${seed} ${state.attempts} ${request}`).digest().readUInt32BE() / 2 ** 32;
    const fault = drawn.find(([, share]) => (left -= share) < 0)?.[0];
    state.inARow = fault === undefined ? 0 : state.inARow + 1;
    return fault;
  };
}

function readShares(shares: FaultShares): readonly (readonly [Fault, number])[] {
  const read = Object.entries(shares).map(([name, share]) => {
    const fault = checkOneOf('startFaultyServer.faults', name, faults);
    return [fault, checkNumber(`startFaultyServer.faults.${fault}`, share ?? 0, { min: 0, max: 1 })] as const;
  });
  const sum = read.reduce((total, [, share]) => total + share, 0);
  if (sum > 1 + Number.EPSILON * read.length)
    throw new OptionError('startFaultyServer.faults', 'at most 1 together', sum);
  return read;
}
