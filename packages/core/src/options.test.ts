import { describe, expect, it } from 'vitest';
import { checkFunction, checkInteger, checkNumber, checkOneOf } from './index.ts';

describe('checkNumber', () => {
  it.each([0, 1.5, 10])('returns %s when it lies in [0, 10]', (value) => {
    expect(checkNumber('o', value, { min: 0, max: 10 })).toBe(value);
  });

  it.each([NaN, -0.1, 10.1, Infinity, '5', null, undefined])('refuses %s', (value) => {
    expect(() => checkNumber('o', value, { min: 0, max: 10 })).toThrow('Option "o" must be a number from 0 to 10, got');
  });

  it('accepts Infinity only where it is the max', () => {
    expect(checkNumber('o', Infinity, { max: Infinity })).toBe(Infinity);
    expect(() => checkNumber('o', Infinity)).toThrow('Option "o" must be a number, got Infinity.');
  });
});

describe('checkInteger', () => {
  it('returns an integer in the range, both ends inclusive', () => {
    expect([1, 2, 3].map((value) => checkInteger('o', value, { min: 1, max: 3 }))).toEqual([1, 2, 3]);
    expect(checkInteger('o', Infinity, { max: Infinity })).toBe(Infinity);
  });

  it.each([1.5, NaN, 0, 4, 2 ** 53, Infinity, '2'])('refuses %s', (value) => {
    expect(() => checkInteger('o', value, { min: 1, max: 3 })).toThrow(
      'Option "o" must be an integer from 1 to 3, got',
    );
  });
});

describe('checkFunction', () => {
  it('passes a function and undefined', () => {
    expect(checkFunction('o', Math.abs)).toBe(Math.abs);
    expect(checkFunction('o', undefined)).toBeUndefined();
  });

  it('refuses the rest', () => {
    expect(() => checkFunction('onRetry', 5)).toThrow('Option "onRetry" must be a function, got 5.');
  });
});

describe('checkOneOf', () => {
  it('returns the value, typed', () => {
    const mode: 'a' | 'b' = checkOneOf('mode', 'a', ['a', 'b']);
    expect(mode).toBe('a');
  });

  it('lists what is allowed', () => {
    expect(() => checkOneOf('mode', 'c', ['a', 'b'])).toThrow('Option "mode" must be one of "a", "b", got "c".');
  });
});
