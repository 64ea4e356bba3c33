import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrequentItems, HyperLogLog, Kll, type TableState } from '../index.ts';
import { SavedReader } from '../saved.ts';
import { keyOf } from '../values.ts';
import { hash } from './hash.ts';
import { Moments } from './moments.ts';
import { Shapes } from './shapes.ts';

const saved = (sketch: Pick<TableState, 'toJSON'>): SavedReader =>
  new SavedReader('sketch', JSON.parse(JSON.stringify(sketch)));

function hex(value: unknown): string {
  const halves = new Int32Array(2);
  hash(value, halves);
  return Array.from(halves, (half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Values of all kinds, few enough to meet. */
const values = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, -0, 1e300, Infinity, -Infinity, 2 ** 31, 2 ** 53),
  fc.constantFrom(1n, -3n, 2n ** 53n, 2n ** 80n, 2n ** 80n + 1n),
  fc.string({ maxLength: 9 }),
  fc.constantFrom('1', 'true', 'a'.repeat(41), `${'a'.repeat(41)}b`, '\ud800'),
  fc.boolean(),
  fc.constantFrom(new Date(0), new Date(1), '1970-01-01', { a: 1 }, { a: 2 }, [1], ['1']),
);

describe('hash', () => {
  it('is one for values that are equal, and no other', () => {
    fc.assert(
      fc.property(values, values, (a, b) => (keyOf(a) === keyOf(b)) === (hex(a) === hex(b))),
      { numRuns: 500 },
    );
    expect(hex(-0)).toBe(hex(0));
    expect(hex(1n)).toBe(hex(1));
    expect(hex(new Date(5))).toBe(hex(new Date(5)));
    expect(hex(null)).toBe(hex(Number.NaN));
  });

  it('stays as it is, since saved states hold it', () => {
    const known = [1, 0.1, '', 'Seattle', 'New York', true, new Date(0), 2n ** 64n, { a: [1] }, null].map(hex);
    expect(known).toMatchInlineSnapshot(`
      [
        "128e16b295665888",
        "db5882770eb9d4d0",
        "da1a9668f93a5c19",
        "fbe5cbc75ce9dfe5",
        "3a823e18bc69591d",
        "567b5cd15a295de3",
        "290b3de75a80a2b6",
        "45a0b90650813a36",
        "2a60c68541812c9c",
        "69991a71f7bc33d2",
      ]
    `);
  });
});

describe('HyperLogLog', () => {
  it('counts exactly up to a sixteenth of its registers', () => {
    for (const count of [0, 1, 10, 100, 1024]) {
      const counter = new HyperLogLog();
      for (let index = 0; index < 3 * count; index++) counter.add(`value ${index % count}`);
      expect(counter.estimate()).toBe(count);
    }
  });

  it('is, merged, in any grouping, what one counter of all would be', () => {
    const lists = fc.array(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 4, max: 12 }), (shards, precision) => {
        const counterOf = (numbers: number[]): HyperLogLog => {
          const counter = new HyperLogLog(precision);
          for (const number of numbers) counter.add(number);
          return counter;
        };
        const all = counterOf(shards.flat()).toJSON();
        const left = shards.map(counterOf).reduce((a, b) => (a.merge(b), a), counterOf([]));
        const right = shards.map(counterOf).reduceRight((b, a) => (a.merge(b), a), counterOf([]));
        expect(left.toJSON()).toEqual(all);
        expect(right.toJSON()).toEqual(all);
        expect(HyperLogLog.read(saved(left)).toJSON()).toEqual(all);
      }),
    );
  });

  it('estimates with each precision', () => {
    for (const precision of [4, 8, 18]) {
      const counter = new HyperLogLog(precision);
      for (let index = 0; index < 50_000; index++) counter.add(index);
      expect(Math.abs(counter.estimate() / 50_000 - 1)).toBeLessThan(3.2 / 2 ** (precision / 2));
    }
  });

  it('stays finite when registers are full', () => {
    const counter = new HyperLogLog(4);
    for (let register = 0; register < 8; register++) counter.addHash(register << 28, 0);
    for (let value = 0; value < 1000; value++) counter.add(value);
    const few = counter.estimate();
    for (let register = 8; register < 15; register++) counter.addHash(register << 28, 0);
    expect(few).toBeGreaterThan(1000);
    expect(counter.estimate()).toBeGreaterThan(few);
    expect(counter.estimate()).toBeLessThan(Infinity);
  });

  it('refuses what it cannot be', () => {
    expect(() => new HyperLogLog(3)).toThrow('HyperLogLog.precision');
    expect(() => new HyperLogLog(14).merge(new HyperLogLog(13))).toThrow('one of precision 14');
    const read = (json: unknown) => () => HyperLogLog.read(new SavedReader('counter', json));
    expect(read({ precision: 19, hashes: '' })).toThrow('precision must be from 4 to 18');
    expect(read({ precision: 14, hashes: '12' })).toThrow('hashes of 16');
    expect(read({ precision: 4, registers: '000000000000000' })).toThrow('16 registers');
    expect(read({ precision: 4, registers: '000000000000000\u007f' })).toThrow('16 registers');
    expect(read({ precision: 14 })).toThrow('hashes must be a text');
  });
});

describe('Kll', () => {
  const of = (numbers: Iterable<number>, k = 256): Kll => {
    const sketch = new Kll(k);
    for (const number of numbers) sketch.add(number);
    return sketch;
  };

  it('is exact while there are few numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 }), (numbers) => {
        const sketch = of(numbers);
        const sorted = numbers.toSorted((a, b) => a - b || 0);
        for (const share of [0, 0.1, 0.25, 0.5, 0.9, 1]) {
          const wanted = sorted[Math.max(0, Math.ceil(share * numbers.length) - 1)] ?? 0;
          expect(sketch.quantile(share) - wanted || 0).toBe(0);
          expect(sketch.rank(wanted)).toBe(numbers.filter((number) => number <= wanted).length / numbers.length);
        }
      }),
    );
  });

  it('keeps count, extremes and its bound of memory, merged and saved', () => {
    const all = of([]);
    for (let shard = 0; shard < 20; shard++) {
      all.merge(of(Array.from({ length: 3000 }, (_, index) => index * 20 + shard)));
    }
    expect([all.count, all.min, all.max]).toEqual([60_000, 0, 59_999]);
    for (const share of [0.01, 0.25, 0.5, 0.75, 0.99]) {
      expect(Math.abs(all.quantile(share) / 60_000 - share)).toBeLessThan(0.01);
      expect(Math.abs(all.rank(share * 60_000) - share)).toBeLessThan(0.01);
    }
    const again = Kll.read(saved(all));
    expect(again.toJSON()).toEqual(all.toJSON());
    expect(JSON.stringify(all).length).toBeLessThan(12_000);
    for (let index = 0; index < 5000; index++) {
      all.add(index);
      again.add(index);
    }
    expect(again.toJSON()).toEqual(all.toJSON());
  });

  it('keeps the weight of all numbers in its bound, with the smallest k too', () => {
    const sketch = of(Array.from({ length: 200_000 }, (_, index) => index), 16); // prettier-ignore
    // Reading refuses one that is too long, or whose items do not weigh as much as was added.
    expect(Kll.read(saved(sketch)).count).toBe(200_000);
    expect(Math.abs(sketch.quantile(0.5) / 200_000 - 0.5)).toBeLessThan(0.1);
  });

  it('merges with itself and with small ones', () => {
    const sketch = of(Array.from({ length: 10_000 }, (_, index) => index));
    sketch.merge(sketch);
    sketch.merge(of([-1]));
    sketch.merge(of([]));
    expect([sketch.count, sketch.min]).toEqual([20_001, -1]);
    expect(Math.abs(sketch.quantile(0.5) - 5000)).toBeLessThan(100);
  });

  it('takes infinities, no NaN, and answers NaN when empty', () => {
    const sketch = of([Infinity, Number.NaN, -Infinity, 1]);
    expect([sketch.count, sketch.min, sketch.quantile(0.5), sketch.max]).toEqual([3, -Infinity, 1, Infinity]);
    const empty = of([]);
    expect([empty.min, empty.max, empty.quantile(0.5), empty.rank(0)]).toEqual([NaN, NaN, NaN, NaN]);
    expect(Kll.read(saved(empty)).min).toBe(NaN);
  });

  it('refuses what it cannot be', () => {
    expect(() => new Kll(15)).toThrow('Kll.k');
    expect(() => new Kll(256, 0)).toThrow('Kll.seed');
    expect(() => new Kll().merge(new Kll(128))).toThrow('one of k 256');
    expect(() => of([1]).quantile(1.1)).toThrow('a share from 0 to 1');
    const whole = { k: 16, count: 1, min: 1, max: 1, random: 1, coins: [null], levels: ['AAAAAAAA8D8='] };
    const read = (json: object) => () => Kll.read(new SavedReader('sketch', { ...whole, ...json }));
    expect(read({})().quantile(0.5)).toBe(1);
    expect(read({ k: 15 })).toThrow('k must be from 16');
    expect(read({ random: 0 })).toThrow('random must be from 1');
    expect(read({ count: 2 })).toThrow('count must be 1');
    expect(read({ levels: ['AAAA'] })).toThrow('levels.0 must be numbers of 8 bytes');
    expect(read({ coins: [2] })).toThrow('coins.0 must be 0, 1 or null');
    expect(read({ count: 65, levels: [Buffer.alloc(65 * 8).toString('base64')] })).toThrow('at most 64 numbers');
  });
});

describe('FrequentItems', () => {
  it('is exact up to twice its capacity', () => {
    const items = new FrequentItems(2);
    for (const value of ['a', 1, 'a', true, 1n, 'b', 'a', new Date(0)]) items.add(value);
    items.add('b', 3);
    expect(items.error).toBe(1);
    expect(items.items()[0]).toEqual({ value: 'b', count: 3, error: 1 });
    const few = new FrequentItems(3);
    for (const value of ['a', 1, 'a', true, 1n, 'b', 'a']) few.add(value);
    const counts = few.items().map(({ value, count, error }) => [value, count, error]);
    expect(counts).toEqual(expect.arrayContaining([['a', 3, 0], [1, 2, 0], [true, 1, 0], ['b', 1, 0]])); // prettier-ignore
    expect(counts.slice(0, 2)).toEqual([['a', 3, 0], [1, 2, 0]]); // prettier-ignore
  });

  it('bounds each count, however it is merged', () => {
    const lists = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 80 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 8 }), (shards, capacity) => {
        const merged = new FrequentItems(capacity);
        for (const shard of shards) {
          const items = new FrequentItems(capacity);
          for (const value of shard) items.add(value);
          merged.merge(FrequentItems.read(saved(items)));
        }
        const all = shards.flat();
        expect(merged.total).toBe(all.length);
        expect(merged.error).toBeLessThanOrEqual(all.length / (capacity + 1));
        const counted = new Map(merged.items().map(({ value, count }) => [value, count]));
        for (const value of new Set(all)) {
          const count = all.filter((other) => other === value).length;
          expect(counted.get(value) ?? 0).toBeLessThanOrEqual(count);
          expect((counted.get(value) ?? 0) + merged.error).toBeGreaterThanOrEqual(count);
        }
      }),
    );
  });

  it('tells long texts apart that begin alike, and holds their beginnings', () => {
    const items = new FrequentItems();
    for (const end of ['a', 'b', 'a']) items.add('x'.repeat(1000) + end);
    expect(items.items().map(({ value, count }) => [value, count])).toEqual([
      [`${'x'.repeat(39)}…`, 2],
      [`${'x'.repeat(39)}…`, 1],
    ]);
  });

  it('refuses what it cannot be', () => {
    expect(() => new FrequentItems(0)).toThrow('FrequentItems.capacity');
    expect(() => new FrequentItems(2).merge(new FrequentItems(3))).toThrow('one of capacity 2');
    const read = (json: object) => () =>
      FrequentItems.read(new SavedReader('items', { capacity: 1, total: 1, error: 0, items: [], ...json }));
    expect(read({ capacity: 0 })).toThrow('capacity must be from 1');
    expect(read({ items: [[1, 2, 'a']] })).toThrow('two halves of a hash, a value and its count');
    expect(read({ items: [[1, 2, 'a', 1], [1, 2, 'a', 1]] })).toThrow('items.1 must be there once'); // prettier-ignore
    expect(read({ items: [[1, 2, 'a', 1], [1, 3, 'b', 1], [1, 4, 'c', 1]] })).toThrow('one of at most 2'); // prettier-ignore
  });
});

describe('Moments', () => {
  it('merges to what all numbers give', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [left, right, all] = [new Moments(), new Moments(), new Moments()];
        for (const number of a) left.add(number);
        for (const number of b) right.add(number);
        for (const number of [...a, ...b]) all.add(number);
        left.merge(right);
        expect([left.count, left.min, left.max]).toEqual([all.count, all.min, all.max]);
        expect(left.mean).toBeCloseTo(all.mean, 6);
        expect(left.deviation).toBeCloseTo(all.deviation, 4);
      }),
    );
  });

  it('keeps its digits far from zero', () => {
    const moments = new Moments();
    for (let index = 0; index < 1000; index++) moments.add(1e9 + (index % 2));
    expect(moments.mean).toBeCloseTo(1e9 + 0.5, 6);
    expect(moments.deviation).toBeCloseTo(Math.sqrt(250 / 999), 9);
  });

  it('leaves infinities out of the mean, and has none of no numbers', () => {
    const moments = new Moments();
    expect([moments.mean, moments.deviation, moments.min, moments.max]).toEqual([NaN, NaN, NaN, NaN]);
    for (const number of [1, Infinity, 3]) moments.add(number);
    expect([moments.count, moments.infinite, moments.mean, moments.max]).toEqual([3, 1, 2, Infinity]);
    expect(Moments.read(saved(moments))).toEqual(moments);
    expect(() => Moments.read(new SavedReader('moments', { count: 0, infinite: 1 }))).toThrow('at most the count');
  });
});

describe('Shapes', () => {
  it('tells runs by their length until there are many, then as one', () => {
    const shapes = new Shapes();
    for (const text of ['2012-01-01', '2012-01-02', 'ST-1', 'Zürich', 'a\u2026']) shapes.add(text);
    const counts = Object.fromEntries(shapes.items().map(({ shape, count }) => [shape, count]));
    expect(counts).toEqual({ '9999-99-99': 2, 'AA-9': 1, Aäaaaa: 1, 'a…': 1 });
    for (let length = 1; length < 80; length++) {
      shapes.add('x'.repeat(length));
      shapes.add('X'.repeat(length));
    }
    expect(shapes.exact).toBe(false);
    const runs = Object.fromEntries(shapes.items().map(({ shape, count }) => [shape, count]));
    expect(runs).toEqual({ '9-9-9': 2, 'A-9': 1, Aäa: 1, a: 40, 'a…': 40, A: 40, 'A…': 39 });
  });

  it('is the same in any grouping', () => {
    const texts = fc.array(fc.stringMatching(/^[aA1 é-]{0,60}$/), { maxLength: 90 });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [left, right, all] = [new Shapes(), new Shapes(), new Shapes()];
        for (const text of a) left.add(text);
        for (const text of b) right.add(text);
        for (const text of [...a, ...b]) all.add(text);
        right.merge(Shapes.read(saved(left)));
        expect(right.exact).toBe(all.exact);
        const total = (shapes: Shapes): number => shapes.items().reduce((sum, { count }) => sum + count, 0);
        if (all.items().length < 32) expect(right.toJSON()).toEqual(all.toJSON());
        else expect(total(right)).toBeLessThanOrEqual(a.length + b.length);
      }),
      { numRuns: 50 },
    );
  });
});
