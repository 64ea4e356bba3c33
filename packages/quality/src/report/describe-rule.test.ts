import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract, describeRule, type Rule } from '../index.ts';

const Row = z.object({
  n: z.unknown(),
  s: z.unknown(),
  'a b': z.unknown(),
  x: z.number(),
  y: z.number(),
  t: z.string(),
});

/** The one rule that a contract has beside its schema's. */
const sentence = (rules: Parameters<typeof contract<typeof Row>>[2]): string => {
  const rule = contract('words', Row, rules).rules.at(-1)!;
  return describeRule(rule);
};

describe('describeRule', () => {
  it('says every rule about values in a sentence', () => {
    for (const [words, rules] of [
      ['n is null', (c) => [c.n.toBeNull()]],
      ['"a b" is not null, for at least 99.5% of values', (c) => [c['a b'].toNotBeNull({ mostly: 0.995 })]],
      ['n is unique', (c) => [c.n.toBeUnique()]],
      ['s is one of "sun", 1, null or true', (c) => [c.s.toBeInSet(['sun', 1, null, true])]],
      ['s is "sun"', (c) => [c.s.toBeInSet(['sun'])]],
      ['n is one of 0, 1, 2, 3, 4, 5, 6, 7 and 12 more', (c) => [c.n.toBeInSet([...Array(20).keys()])]],
      ['s is none of "x" or "y"', (c) => [c.s.toNotBeInSet(['x', 'y'])]],
      ['s is not "x"', (c) => [c.s.toNotBeInSet(['x'])]],
      ['n is between -60 and 60', (c) => [c.n.toBeBetween(-60, 60)]],
      ['n is 7', (c) => [c.n.toBeBetween(7, 7)]],
      ['n is above 0 and at most 1,000,000', (c) => [c.n.toBeBetween(0, 1e6, { strictMin: true })]],
      ['n is at least 2012-01-01T00:00:00.000Z', (c) => [c.n.toBeBetween(new Date('2012-01-01'), null)]],
      ['n is below 12345678901234567890', (c) => [c.n.toBeBetween(null, 12345678901234567890n, { strictMax: true })]],
      ['s is between "a" and "b"', (c) => [c.s.toBeBetween('a', 'b')]],
      ['n is never below the value before it', (c) => [c.n.toBeIncreasing()]],
      ['n is below the value before it', (c) => [c.n.toBeDecreasing({ strictly: true })]],
      ['n is less than 3 standard deviations from its mean', (c) => [c.n.zScoresToBeLessThan(3)]],
      [
        'n is less than 1 standard deviation above its mean',
        (c) => [c.n.zScoresToBeLessThan(1, { doubleSided: false })],
      ],
      ['n is within 1.5 interquartile ranges of its quartiles', (c) => [c.n.toNotBeOutliers()]],
      ['n is within 2 standard deviations of its mean', (c) => [c.n.toNotBeOutliers({ method: 'std', multiplier: 2 })]],
      ['s is between 1 and 3 characters long', (c) => [c.s.lengthsToBeBetween(1, 3)]],
      ['s is 1 character long', (c) => [c.s.lengthsToEqual(1)]],
      ['s matches /^[A-Z]+$/', (c) => [c.s.toMatchRegex(/^[A-Z]+$/)]],
      ['s does not match /x/', (c) => [c.s.toNotMatchRegex('x')]],
      ['s matches one of /a/ or /b/', (c) => [c.s.toMatchRegexList(['a', 'b'])]],
      ['s matches all of /a/ and /b/', (c) => [c.s.toMatchRegexList(['a', 'b'], { matchOn: 'all' })]],
      ['s matches none of /a/ and /b/', (c) => [c.s.toNotMatchRegexList(['a', 'b'])]],
      ['s is like "A%"', (c) => [c.s.toMatchLikePattern('A%')]],
      ['s is not like "A%"', (c) => [c.s.toNotMatchLikePattern('A%')]],
      ['s is like one of "A%" or "B%"', (c) => [c.s.toMatchLikePatternList(['A%', 'B%'])]],
      ['s is like none of "A%" and "B%"', (c) => [c.s.toNotMatchLikePatternList(['A%', 'B%'])]],
      ['s is a date in the format "%Y-%m"', (c) => [c.s.toMatchStrftimeFormat('%Y-%m')]],
      ['s is JSON', (c) => [c.s.toBeJsonParseable()]],
      ['n is an integer', (c) => [c.n.toBeOfType('integer')]],
      ['n is a number or a string', (c) => [c.n.toBeInTypeList(['number', 'string'])]],
      ['all of n is a date', (c) => [c.n.typeToBe('date')]],
      ['s satisfies "is an airport"', (c) => [c.s.toSatisfy('is an airport', () => true)]],
      [
        's is "x", where n is 1 and s is above 1 and not null and "a b" is one of 2 or 3',
        (c) => [c.s.toBeInSet(['x'], { where: { n: 1, s: { gt: 1, isNull: false }, 'a b': { in: [2, 3] } } })],
      ],
      [
        's is "x", where n is 7 and not 1 and none of 2 or 3 and at least 4 and below 5 and at most 6 and null',
        (c) => [
          c.s.toBeInSet(['x'], {
            where: { n: { ne: 1, notIn: [2, 3], gte: 4, lt: 5, lte: 6, eq: 7, isNull: true } },
          }),
        ],
      ],
    ] satisfies [string, Parameters<typeof sentence>[0]][]) {
      expect(sentence(rules)).toBe(words);
    }
  });

  it('says every rule about columns and tables in a sentence', () => {
    for (const [words, rules] of [
      ['the least n is at least 1', (c) => [c.n.minToBeBetween(1, null)]],
      ['the greatest n is at most 1', (c) => [c.n.maxToBeBetween(null, 1)]],
      ['the mean of n is between 0.5 and 2024', (c) => [c.n.meanToBeBetween(0.5, 2024)]],
      ['the median of n is at most 1', (c) => [c.n.medianToBeBetween(null, 1)]],
      ['the sum of n is at most 1', (c) => [c.n.sumToBeBetween(null, 1)]],
      ['the standard deviation of n is at most 1', (c) => [c.n.stdevToBeBetween(null, 1)]],
      ['the number of distinct values of n is at most 1', (c) => [c.n.uniqueValueCountToBeBetween(null, 1)]],
      [
        'the share of distinct values in n is at least 5%',
        (c) => [c.n.proportionOfUniqueValuesToBeBetween(0.05, null)],
      ],
      [
        'the share of rows that have a n is between 99.99% and 100%',
        (c) => [c.n.proportionOfNonNullValuesToBeBetween(0.9999, 1)],
      ],
      ['the most common s is "x"', (c) => [c.s.mostCommonValueToBeInSet(['x'])]],
      ['the values of s are among "x" and "y"', (c) => [c.s.distinctValuesToBeInSet(['x', 'y'])]],
      ['the values of s include "x"', (c) => [c.s.distinctValuesToContainSet(['x'])]],
      ['the values of s are "x" and "y", and each is there', (c) => [c.s.distinctValuesToEqualSet(['x', 'y'])]],
      [
        'of n, the 50% quantile is between 1 and 2 and the 99.9% quantile is at most 5',
        (c) => [c.n.quantileValuesToBeBetween({ 0.5: [1, 2], 0.999: [null, 5] })],
      ],
      [
        's is spread as expected, with a divergence of at most 0.1',
        (c) => [c.s.klDivergenceToBeLessThan({ values: ['x'], weights: [1] }, 0.1)],
      ],
      ['x equals y', (_, t) => [t.pairToBeEqual('x', 'y')]],
      ['x is greater than y', (_, t) => [t.pairAToBeGreaterThanB('x', 'y')]],
      ['x is at least y', (_, t) => [t.pairAToBeGreaterThanB('x', 'y', { orEqual: true })]],
      [
        'x and t are one of the pairs [1,"x"] or [2,"y"]',
        (_, t) => [
          t.pairToBeInSet('x', 't', [
            [1, 'x'],
            [2, 'y'],
          ]),
        ],
      ],
      ['n and s are unique together', (_, t) => [t.unique('n', 's')]],
      ['n, s and "a b" differ from each other in each row', (_, t) => [t.uniqueWithinRecord(['n', 's', 'a b'])]],
      ['n and s are equal in each row', (_, t) => [t.multicolumnValuesToBeEqual(['n', 's'])]],
      [
        'x and y sum to 1 in each row, for at least 50% of rows',
        (_, t) => [t.multicolumnSumToEqual(['x', 'y'], 1, { mostly: 0.5 })],
      ],
      ['each row satisfies "no hot rain"', (_, t) => [t.rowsToSatisfy('no hot rain', () => true)]],
      ['there is a column n', (c) => [c.n.toExist()]],
      ['n is the column at place 2, counted from 0', (c) => [c.n.toExist({ columnIndex: 2 })]],
      ['the columns are n and s, in this order', (_, t) => [t.columnsToMatchOrderedList(['n', 's'])]],
      ['the columns include n', (_, t) => [t.columnsToMatchSet(['n'], { exactMatch: false })]],
      ['there are 3 columns', (_, t) => [t.columnCountToEqual(3)]],
      ['the number of columns is at most 3', (_, t) => [t.columnCountToBeBetween(null, 3)]],
      ['there are 1,461 rows', (_, t) => [t.rowCountToEqual(1461)]],
      ['the number of rows is at least 1', (_, t) => [t.rowCountToBeBetween(1, null)]],
    ] satisfies [string, Parameters<typeof sentence>[0]][]) {
      expect(sentence(rules)).toBe(words);
    }
  });

  it("calls a schema's formats by their names", () => {
    const { rules } = contract('formats', z.object({ day: z.iso.date(), id: z.uuid() }));
    expect(rules.map(describeRule)).toEqual([
      'day is not null',
      'day is a string',
      'day has the format "date"',
      'id is not null',
      'id is a string',
      'id has the format "uuid"',
    ]);
  });

  it('cuts what is long', () => {
    const long = sentence((c) => [c.s.toBeInSet(['x'.repeat(1_000_000)])]);
    expect(long.length).toBeLessThan(100);
    const surrogates: Rule = contract('cut', Row, (c) => [c.s.toBeInSet(['😀'.repeat(100)])]).rules.at(-1)!;
    expect(describeRule(surrogates).isWellFormed()).toBe(true);
  });
});
