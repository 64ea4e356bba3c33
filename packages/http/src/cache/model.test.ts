import { expect, it, vi } from 'vitest';
import { cachedOrigin } from '../../test/cached-origin.ts';
import { memoryCache } from '../index.ts';

/** What the server says of an answer; times in seconds. */
interface Said {
  readonly maxAge: number;
  readonly sMaxage: number | undefined;
  readonly age: number;
  readonly flag: string;
  readonly vary: readonly string[];
}
type Asked = Readonly<Record<string, string | undefined>>;
interface Made extends Said {
  readonly url: string;
  readonly asked: Asked;
  readonly at: number;
  isDropped: boolean;
}

/** Numbers in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** RFC 9111, sections 3, 3.5, 4 and 4.1, as plainly as can be. */
function mayGive(made: Made, url: string, asked: Asked, isShared: boolean): boolean {
  const { flag, sMaxage, maxAge, age, at } = made;
  const isFresh = age + (Date.now() - at) / 1_000 < (isShared ? (sMaxage ?? maxAge) : maxAge);
  const isBound = flag === 'must-revalidate' || (isShared && sMaxage !== undefined);
  const isForAll = flag !== 'private' && (made.asked['authorization'] === undefined || isBound);
  const isKept = isShared ? isForAll : made.asked['authorization'] === asked['authorization'];
  const isOfUse = isKept && !made.isDropped && flag !== 'no-store' && flag !== 'no-cache';
  const matches = made.url === url && made.vary.every((name) => made.asked[name] === asked[name]);
  return isOfUse && matches && isFresh;
}

it.each(['private', 'shared'] as const)('a %s cache gives what may be given, and nothing else', async (mode) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (let seed = 0; seed < 20; seed++) {
      const random = mulberry32(seed);
      const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
      const made: Made[] = [];
      let asked: Asked = {};
      let said: Said | undefined;
      await using origin = await cachedOrigin(({ url = '', method }) => {
        if (method !== 'GET' || said === undefined) return {};
        made.push({ ...said, url, asked, at: Date.now(), isDropped: false });
        const { maxAge, sMaxage, flag, age, vary } = said;
        const shared = sMaxage === undefined ? '' : `s-maxage=${sMaxage}`;
        const control = `max-age=${maxAge}, ${shared}, ${flag}`;
        const headers = { 'cache-control': control, age: String(age), vary: [...vary] };
        return { headers, body: String(made.length - 1) };
      }, memoryCache({ mode }));
      for (let step = 0; step < 60; step++) {
        const url = pick(['/', '/b']);
        if (random() < 0.3) vi.setSystemTime(Date.now() + pick([1, 4, 20, 50]) * 1_000);
        if (random() < 0.1) {
          await origin.send('POST', url);
          for (const one of made) one.isDropped ||= one.url === url;
        }
        const value = (): string | undefined => pick([undefined, undefined, '1', '2']);
        asked = { 'x-a': value(), 'x-b': value(), authorization: value() };
        said = {
          maxAge: pick([0, 5, 60]),
          sMaxage: pick([undefined, undefined, 0, 30]),
          age: pick([0, 0, 10]),
          flag: pick(['', '', '', 'no-store', 'no-cache', 'private', 'must-revalidate']),
          vary: pick([[], ['x-a'], ['x-a', 'x-b']]),
        };
        const allowed = made.filter((one) => mayGive(one, url, asked, mode === 'shared'));
        const latest = made.findLast((one) => one.url === url);
        const got = await origin.get(url, asked);
        const at = `seed ${seed}, step ${step}`;
        if (got.cache.startsWith('hit')) expect(allowed, at).toContain(made[Number(got.text)]);
        else expect(allowed, at).not.toContain(latest);
      }
    }
  } finally {
    vi.useRealTimers();
  }
});
