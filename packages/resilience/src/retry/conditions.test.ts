import { describe, expect, it } from 'vitest';
import { allOf, anyOf, isError, not, stopAfterMs } from '../index.ts';

const yes = (): boolean => true;
const no = (): boolean => false;

describe('anyOf, allOf and not', () => {
  it('combine predicates as logic does, also none of them', () => {
    expect([anyOf(no, yes)(), anyOf(no, no)(), anyOf()()]).toEqual([true, false, false]);
    expect([allOf(yes, yes)(), allOf(yes, no)(), allOf()()]).toEqual([true, false, true]);
    expect([not(yes)(), not(no)()]).toEqual([false, true]);
  });

  it('hand every argument on, and ask no further than they need', () => {
    const sum = (a: number, b: number): boolean => a + b === 3;
    expect(anyOf(sum)(1, 2)).toBe(true);
    expect(allOf(sum, not(sum))(1, 2)).toBe(false);
    const never = (): boolean => {
      throw new Error('asked');
    };
    expect(anyOf(yes, never)()).toBe(true);
    expect(allOf(no, never)()).toBe(false);
  });
});

describe('isError', () => {
  it('knows the classes it was given, and those derived from them', () => {
    const condition = isError(RangeError, TypeError);
    expect([new TypeError(), new RangeError(), new Error('other'), 'TypeError', undefined].map(condition)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(isError(Error)(new TypeError())).toBe(true);
  });
});

describe('stopAfterMs', () => {
  it('looks at the time since the first attempt began', () => {
    const state = { error: undefined, attempt: 1, lastWaitMs: 0, remainingMs: Infinity };
    expect([99, 100].map((elapsedMs) => stopAfterMs(100)({ ...state, elapsedMs }))).toEqual([false, true]);
    expect(() => stopAfterMs(-1)).toThrow('Option "stopAfterMs.ms"');
  });
});
