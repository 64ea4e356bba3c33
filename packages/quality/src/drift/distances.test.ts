import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  binned,
  chiSquare,
  jensenShannon,
  kolmogorovSmirnov,
  maximumDifference,
  populationStability,
  proportions,
  wasserstein,
} from './distances.ts';
import { chiSquareTail, kolmogorovTail, normalTails } from './p-values.ts';

interface Made {
  readonly n: number;
  readonly base: number;
  readonly spread: number;
  readonly shape: string;
  readonly seed: number;
}

/** What SciPy says, as test/drift/make-numbers.py computed it. */
interface Numbers {
  readonly samples: readonly {
    readonly reference: Made;
    readonly current: Made;
    readonly ks: number;
    readonly wasserstein: number;
    readonly bins: readonly [readonly number[], readonly number[]];
    readonly jensenshannon: number;
    readonly psi: number;
  }[];
  readonly counts: readonly {
    readonly reference: readonly number[];
    readonly current: readonly number[];
    readonly chisquare: number;
    readonly z: number;
    readonly jensenshannon: number;
    readonly psi: number;
    readonly l_infinity: number;
  }[];
  readonly tails: Readonly<Record<'chi' | 'normal' | 'kolmogorov', readonly (readonly number[])[]>>;
}

const numbers: Numbers = JSON.parse(readFileSync(new URL('../../test/drift/numbers.json', import.meta.url), 'utf8'));

const golden = (Math.sqrt(5) - 1) / 2;

function make({ n, base, spread, shape, seed }: Made): Float64Array {
  return Float64Array.from({ length: n }, (_, at) => {
    const x = (seed + (at + 1) * golden) % 1;
    if (shape === 'logistic') return base + spread * Math.log(x / (1 - x));
    return shape === 'levels' ? base + Math.floor(spread * x ** 2) : base + spread * x;
  }).toSorted();
}

/** To so many digits, also of what is tiny. */
function near(got: number, wanted: number, digits: number): void {
  const scale = Math.max(Math.abs(got), Math.abs(wanted), 1e-290);
  expect(Math.abs(got - wanted) / scale, `${got} and ${wanted}`).toBeLessThan(10 ** -digits);
}

describe('distances of samples, as SciPy has them', () => {
  it.each(numbers.samples.map((each) => [JSON.stringify(each.reference), JSON.stringify(each.current), each] as const))(
    '%s %s',
    (_, __, { reference: a, current: b, ...wanted }) => {
      const samples = { reference: make(a), current: make(b) };
      const deviation = deviationOf(samples.reference);
      near(wasserstein(samples) / Math.max(deviation, 0.001), wanted.wasserstein, 9);
      // Past ten million paths, the limit: SciPy has another approximation there.
      const [digits, ks] = [a.n * b.n > 1e7 ? 0.5 : 9, kolmogorovSmirnov(samples, [a.n, b.n])];
      if (wanted.ks > 1e-200) near(ks, wanted.ks, digits);
      else expect(ks).toBeLessThan(1e-200);
      const counts = binned(samples, a.n + b.n, false);
      expect([counts.reference, counts.current]).toEqual(wanted.bins);
      near(jensenShannon(counts), wanted.jensenshannon, 9);
      near(populationStability(counts), wanted.psi, 9);
    },
  );
});

function deviationOf(sample: Float64Array): number {
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  return Math.sqrt(sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length);
}

describe('distances of counts, as SciPy has them', () => {
  it.each(numbers.counts.map((each) => [each.reference.join(' '), each.current.join(' '), each] as const))(
    '%s and %s',
    (_, __, { reference, current, ...wanted }) => {
      const counts = { reference, current };
      near(chiSquare(counts), wanted.chisquare, 10);
      if (reference.length === 2) near(proportions(counts), wanted.z, 10);
      near(jensenShannon(counts), wanted.jensenshannon, 10);
      near(populationStability(counts), wanted.psi, 10);
      near(maximumDifference(counts), wanted.l_infinity, 10);
    },
  );
});

describe('tails of distributions, as SciPy has them', () => {
  it('of χ², of the normal one, and of Kolmogorov’s', () => {
    for (const [x = 0, degrees = 0, wanted = 0] of numbers.tails.chi) near(chiSquareTail(x, degrees), wanted, 9);
    for (const [z = 0, wanted = 0] of numbers.tails.normal) near(normalTails(z), wanted, 11);
    for (const [x = 0, wanted = 0] of numbers.tails.kolmogorov) {
      // Of huge samples, only the limit is left.
      const size = 1e8;
      near(kolmogorovTail((x / Math.sqrt(size / 2)) * size ** 2, size, size), wanted, 9);
    }
  });

  it('are whole where nothing differs, and nothing where all does', () => {
    expect(kolmogorovTail(0, 5, 7)).toBe(1);
    near(kolmogorovTail(35, 5, 7), 2 / 792, 12);
    expect(chiSquareTail(0, 3)).toBe(1);
    expect(chiSquareTail(Infinity, 3)).toBe(0);
  });
});
