import type { Bounds, Ordered } from './expectations.ts';
import { compare } from '../values.ts';

/** Whether a value is within bounds; `undefined` when it has no order with one of them. */
export function within(value: unknown, bounds: Bounds<Ordered>): boolean | undefined {
  const above = bounds.min_value ?? undefined;
  const below = bounds.max_value ?? undefined;
  const fromMin = above === undefined ? 1 : compare(value, above);
  const fromMax = below === undefined ? -1 : compare(value, below);
  if (fromMin === undefined || fromMax === undefined) return undefined;
  return (bounds.strict_min ? fromMin > 0 : fromMin >= 0) && (bounds.strict_max ? fromMax < 0 : fromMax <= 0);
}

/** Why `within` had no answer. */
export function boundsText({ min_value: min, max_value: max }: Bounds<Ordered>): string {
  return [min, max].filter((bound) => bound !== undefined && bound !== null).join(' and ');
}
