import { describe, expect, it } from 'vitest';
import { DexError, OptionError } from './index.ts';

describe('OptionError', () => {
  it.each([
    ['a string', 'x', '"x"'],
    ['a number', NaN, 'NaN'],
    ['null', null, 'null'],
    ['an array', [1, 2], 'an array of 2'],
    ['an object', new Date(0), 'an object (Date)'],
    ['an object without a prototype', Object.create(null), 'an object (no prototype)'],
    ['a function', () => 1, 'a function'],
  ])('says what was wanted and what was got: %s', (_what, got, shown) => {
    const error = new OptionError('retry.attempts', 'an integer from 1', got);
    expect(error.message).toBe(`Option "retry.attempts" must be an integer from 1, got ${shown}.`);
    expect(error).toMatchObject({ name: 'OptionError', code: 'DEX_OPTION', option: 'retry.attempts', got });
  });

  it('is a DexError and an Error, and keeps its cause', () => {
    class Wrapped extends DexError {
      override readonly name = 'Wrapped';
      readonly code = 'DEX_WRAPPED';
    }
    const cause = new Error('disk');
    const error = new Wrapped('Write failed.', { cause });
    expect(error).toBeInstanceOf(DexError);
    expect(error).toBeInstanceOf(Error);
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('Wrapped: Write failed.');
  });
});
