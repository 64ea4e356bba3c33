/**
 * The share of the χ² distribution with so many degrees of freedom that is at least `statistic`.
 *
 * @see https://dlmf.nist.gov/8.2 The incomplete gamma function
 */
export function chiSquareTail(statistic: number, degrees: number): number {
  return upperGamma(degrees / 2, statistic / 2);
}

/** The share of the normal distribution that is at least so many deviations from its mean, on both sides. */
export function normalTails(deviations: number): number {
  return upperGamma(1 / 2, deviations ** 2 / 2);
}

/** The regularized upper incomplete gamma function, by its series where that converges fast, else by its fraction. */
function upperGamma(a: number, x: number): number {
  if (!(x > 0)) return 1;
  if (x === Infinity) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * 1e-17; n++) sum += term *= x / (a + n);
    return 1 - scale * sum;
  }
  // Lentz's way to a continued fraction.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const factor = n * (a - n);
    b += 2;
    d = 1 / (b + factor * d);
    c = b + factor / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return scale * fraction;
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Lanczos' approximation, to 15 digits. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const sum = lanczos.reduce((total, coefficient, n) => total + (n === 0 ? coefficient : coefficient / (x - 1 + n)), 0);
  return Math.log(2 * Math.PI) / 2 + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** From there on, the exact distribution takes long, and its limit is near. */
const mostPaths = 1e7;

/**
 * How likely two samples of one distribution are at least so far apart, by Kolmogorov and Smirnov: exactly while the
 * sizes' product is at most 10 million, from there on by the limit.
 *
 * @param steps The distance of their shares, times both sizes: a whole number.
 * @see https://doi.org/10.1007/BF02589501 Hodges, The significance probability of the Smirnov two-sample test
 */
export function kolmogorovTail(steps: number, sizeA: number, sizeB: number): number {
  if (steps <= 0) return 1;
  if (sizeA * sizeB > mostPaths)
    return kolmogorovLimit((steps / sizeA / sizeB) * Math.sqrt((sizeA * sizeB) / (sizeA + sizeB)));
  return pathsOutside(steps, Math.max(sizeA, sizeB), Math.min(sizeA, sizeB));
}

/**
 * Both samples in order are a path over a grid; without a difference, each is as likely. This walks all at once, column
 * by column, and adds up those that leave the band of what is nearer.
 */
function pathsOutside(steps: number, width: number, height: number): number {
  const parts = Float64Array.from({ length: width + height + 1 }, (_, left) => 1 / (left + 1));
  // How likely paths come to each height of the column before, and then of this one, by the inside alone.
  const inside = new Float64Array(height + 2);
  let outside = 0;
  for (let x = 0; x <= width; x++) {
    const from = Math.max(0, Math.ceil((x * height - steps) / width) - 1);
    const to = Math.min(height, Math.floor((x * height + steps) / width) + 1);
    const stepRight = width - x + 1;
    let below = 0;
    for (let y = from; y <= to; y++) {
      const left = x === 0 ? 0 : (inside[y] ?? 0) * stepRight;
      const here = x + y === 0 ? 1 : (left + below * (height - y + 1)) * (parts[width + height - x - y] ?? 0);
      const distance = x * height - y * width;
      const isInside = distance < steps && -distance < steps;
      if (!isInside) outside += here;
      inside[y] = below = isInside ? here : 0;
    }
  }
  return Math.min(1, outside);
}

/** The limit of large samples. */
function kolmogorovLimit(distance: number): number {
  if (distance < 0.3) return 1;
  let sum = 0;
  for (let n = 1; n <= 100; n++) {
    const term = 2 * (-1) ** (n - 1) * Math.exp(-2 * n ** 2 * distance ** 2);
    sum += term;
    if (Math.abs(term) < 1e-17) break;
  }
  return Math.min(1, Math.max(0, sum));
}
