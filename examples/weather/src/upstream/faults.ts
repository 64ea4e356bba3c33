import { createHash } from 'node:crypto';

/**
 * What the transport does wrong: a proxy's 503, Open-Meteo's 429, a reset, no answer ever, a body cut short of its
 * `Content-Length` or in the middle of its chunks.
 */
export type Fault = '503' | '429' | 'reset' | 'hang' | 'cut body' | 'cut chunks';

/** Share of all requests. The rare ones cost a client the most: a second of `Retry-After`, or its timeout. */
const shares: readonly (readonly [Fault, number])[] = [
  ['503', 0.1],
  ['reset', 0.07],
  ['cut body', 0.04],
  ['cut chunks', 0.035],
  ['429', 0.02],
  ['hang', 0.005],
];

/** So that a client with four attempts always gets its answer. */
const maxInARow = 3;

/**
 * Decides what befalls each request, as a function of the seed, the request and how often it was made before; so the
 * order in which concurrent requests arrive changes nothing. About 26 % of all attempts fail, and never more than three
 * of one request in a row.
 */
export function seededFaults(seed: number): (key: string) => Fault | undefined {
  const made = new Map<string, { attempts: number; inARow: number }>();
  return (key) => {
    const state = made.get(key) ?? { attempts: 0, inARow: 0 };
    made.set(key, state);
    state.attempts += 1;
    const fault = state.inARow < maxInARow ? draw(`${seed} ${state.attempts} ${key}`) : undefined;
    state.inARow = fault === undefined ? 0 : state.inARow + 1;
    return fault;
  };
}

function draw(text: string): Fault | undefined {
  let left = createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;
  return shares.find(([, share]) => (left -= share) < 0)?.[0];
}
