import { vi } from 'vitest';

/** A clock that stands still, at a whole second, as dates in headers have no fractions. @returns Gives the real one back. */
export function fakeDate(): () => void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.UTC(2026, 0, 1));
  return () => void vi.useRealTimers();
}

/** Puts the clock forward. */
export function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1_000);
}
