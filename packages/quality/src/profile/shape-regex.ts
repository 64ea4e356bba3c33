import type { TextsProfile } from './profile.ts';

const kinds: Readonly<Record<string, string>> = {
  '9': String.raw`\d`,
  A: '[A-Z]',
  a: '[a-z]',
  ä: String.raw`[^\x00-\x7f]`,
};

/** Alternatives that a pattern may have. */
const mostShapes = 3;

interface ShapeRegex {
  readonly regex: string;
  /** As `9999-99-99`, or with runs of any length `9+-9+`. */
  readonly shapes: readonly string[];
  /** How many texts match, at least. */
  readonly count: number;
}

/**
 * A pattern of the few shapes that most texts have, by the length of their runs if that does; none of mere words, which
 * shapes say nothing about.
 */
export function regexOf({ shapes, exactShapes, count }: TextsProfile, minShare: number): ShapeRegex | undefined {
  const runs = new Map<string, number>();
  for (const { shape, count: some } of shapes) {
    const run = exactShapes ? shape.replaceAll(/([9Aaä])\1+/g, '$1') : shape;
    runs.set(run, (runs.get(run) ?? 0) + some);
  }
  const exact = exactShapes ? shapes.map(({ shape, count: some }) => [shape, some] as const) : [];
  for (const share of [1, minShare]) {
    const [ofLength, ofAny] = [fewest(exact, share * count), fewest([...runs], share * count)];
    // Of two shapes that differ in the length of a run alone, the length says nothing.
    const isExact = ofLength !== undefined && ofLength.length <= (ofAny?.length ?? mostShapes);
    const needed = isExact ? ofLength : ofAny;
    if (needed === undefined) continue;
    const patterns = needed.map(([shape]) => toPattern(shape, isExact));
    const regex = patterns.length === 1 ? `^${patterns[0]}$` : `^(${patterns.join('|')})$`;
    const names = needed.map(([shape]) => (isExact ? shape : shape.replaceAll(/[9Aaä]/g, '$&+')));
    return { regex, shapes: names, count: sum(needed) };
  }
  return undefined;
}

type Counted = readonly (readonly [shape: string, count: number])[];

/** The most frequent shapes that so many texts have, if they are few and each says something. */
function fewest(shapes: Counted, wanted: number): Counted | undefined {
  const few = shapes.toSorted(([, a], [, b]) => b - a).slice(0, mostShapes);
  const needed = few.filter((_, at) => sum(few.slice(0, at)) < wanted);
  const isTelling = needed.every(([shape]) => !shape.includes('…') && /[^Aaä ]/.test(shape));
  return sum(needed) >= wanted && isTelling ? needed : undefined;
}

function sum(shapes: Counted): number {
  return shapes.reduce((total, [, count]) => total + count, 0);
}

function toPattern(shape: string, isExact: boolean): string {
  return shape.replaceAll(/([9Aaä])\1*|[^9Aaä]/g, (run) => {
    const kind = kinds[run[0] ?? ''];
    if (kind === undefined) return run.replace(/[$()*+.?[\\\]^{|}]/, String.raw`\$&`);
    // Shapes are of code units, and regexes of code points, of which an emoji is one.
    if (!isExact || run.startsWith('ä')) return `${kind}+`;
    return run.length === 1 ? kind : `${kind}{${run.length}}`;
  });
}
