import { afterAll, describe, expect, it } from 'vitest';
import { HyperLogLog, Kll } from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.05);
const figures: Record<string, string>[] = [];

afterAll(() => {
  // `pnpm soak quality` shows how the errors compare with theory.
  if (scale >= 1) console.table(figures);
});

function note(sketch: string, data: string, shards: number, error: number, theory: number): void {
  const percent = (share: number): string => `${(share * 100).toFixed(3)} %`;
  const ratio = `${(error / theory).toFixed(2)}×`;
  figures.push({ sketch, data, shards: `${shards}`, error: percent(error), theory: percent(theory), ratio });
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('HyperLogLog', () => {
  const rounds = Math.ceil(100 * scale);
  // With fewer values than ten times the registers, the error is less than theory says.
  const values = scale < 1 ? 20_000 : 300_000;
  const kinds: Record<string, (index: number) => unknown> = {
    integers: (index) => index,
    fractions: (index) => index / 7,
    texts: (index) => `id-${index}`,
  };
  for (const [name, valueOf] of Object.entries(kinds)) {
    for (const shards of [1, 100]) {
      it(`counts ${name} in ${shards} shards with at most 0.85 % of error`, { timeout: 600_000 }, () => {
        let squares = 0;
        for (let round = 0; round < rounds; round++) {
          const count = values + round;
          const sketches = Array.from({ length: shards }, () => new HyperLogLog());
          for (let index = 0; index < count; index++) sketches[index % shards]?.add(valueOf(round * 1_000_003 + index));
          const [all = new HyperLogLog(), ...others] = sketches;
          for (const other of others) all.merge(other);
          squares += (all.estimate() / count - 1) ** 2;
        }
        const error = Math.sqrt(squares / rounds);
        note('HyperLogLog, RMS', name, shards, error, 1.04 / 2 ** 7);
        expect(error).toBeLessThan(0.0085 * (1 + 3 / Math.sqrt(2 * rounds)));
      });
    }
  }
});

describe('Kll', () => {
  const rounds = Math.ceil(60 * scale);
  const count = 100_000;
  const orders: Record<string, (random: () => number) => (index: number) => number> = {
    'in random order': (random) => {
      const values = Float64Array.from({ length: count }, (_, index) => index);
      for (let at = count - 1; at > 0; at--) {
        const other = Math.floor(random() * (at + 1));
        [values[at], values[other]] = [values[other] ?? 0, values[at] ?? 0];
      }
      return (index) => values[index] ?? 0;
    },
    rising: () => (index) => index,
    falling: () => (index) => count - 1 - index,
    zigzag: () => (index) => (index % 2 === 0 ? index : count - index),
  };
  for (const [name, valuesOf] of Object.entries(orders)) {
    for (const shards of [1, 100]) {
      it(`ranks numbers ${name} in ${shards} shards with at most 0.35 % of error`, { timeout: 600_000 }, () => {
        let errors = 0;
        for (let seed = 1; seed <= rounds; seed++) {
          const valueOf = valuesOf(randomOf(seed));
          const sketches = Array.from({ length: shards }, () => new Kll(256, seed));
          for (let index = 0; index < count; index++) sketches[index % shards]?.add(valueOf(index));
          const [all = new Kll(), ...others] = sketches;
          for (const other of others) all.merge(other);
          for (let share = 1; share < 100; share++) {
            errors += Math.abs(all.rank((share / 100) * count) - ((share / 100) * count + 1) / count);
          }
        }
        const error = errors / (rounds * 99);
        note('Kll, mean in rank', name, shards, error, 0.003);
        expect(error).toBeLessThan(0.0035);
      });
    }
  }
});
