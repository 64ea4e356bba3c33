import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isDateutilText } from './dateutil.ts';

/** What python-dateutil answers, as test/great-expectations/make-dateutil.py computed it. */
const verdicts: { readonly parseable: readonly string[]; readonly not: readonly string[] } = JSON.parse(
  readFileSync(new URL('../../test/great-expectations/dateutil.json', import.meta.url), 'utf8'),
);

describe('isDateutilText', () => {
  it('takes what dateutil takes, and nothing else', () => {
    expect(verdicts.parseable.filter((text) => !isDateutilText(text))).toEqual([]);
    expect(verdicts.not.filter((text) => isDateutilText(text))).toEqual([]);
  });

  it('takes what dateutil takes on some days only: what is left out is of a month with 31 days, in a leap year', () => {
    expect(['31', 'Feb 29', 'Feb 30', '32 Jan 2020'].map(isDateutilText)).toEqual([true, true, false, false]);
  });

  it('takes no text of more than 1,000 characters', () => {
    expect(isDateutilText(`${' '.repeat(900)}2024-01-31`)).toBe(true);
    expect(isDateutilText(`${' '.repeat(1000)}2024-01-31`)).toBe(false);
    expect(isDateutilText('1.'.repeat(500_000))).toBe(false);
  });
});
