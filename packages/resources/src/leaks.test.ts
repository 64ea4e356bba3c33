import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Leak, openScope, track, trackLeaks, untrack, withScope } from './index.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const names = (leaks: readonly Leak[]): string[] => leaks.map(({ name }) => name);

/** Collects until the finalizers have run, for which there is no promise. */
async function collectUntil(done: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !done(); round += 1) {
    collect();
    await setImmediate();
  }
}

describe('trackLeaks', () => {
  it('knows what is alive, in the order it was made, until it is disposed of', async () => {
    using leaks = trackLeaks();
    const [first, second] = [openScope(), openScope()];
    const third = {};
    track(third, 'socket');
    expect(names(leaks.alive())).toEqual(['Scope', 'Scope', 'socket']);
    const closing = first.close();
    expect(names(leaks.alive())).toEqual(['Scope', 'socket']);
    await Promise.all([closing, second.close()]);
    untrack(third);
    untrack(third);
    expect(leaks.alive()).toEqual([]);
  });

  it('tells where something was made, and nothing of its own frames', async () => {
    using leaks = trackLeaks();
    function openStation(): object {
      const station = {};
      track(station, 'station');
      return station;
    }
    const station = openStation();
    const [leak] = leaks.alive();
    expect(leak?.stack.split('\n')[0]).toMatch(/^ +at openStation \(.*leaks\.test\.ts:\d+:\d+\)$/);
    untrack(station);
  });

  it('tracks the scope of withScope while it runs, and a moved scope in place of the first', async () => {
    using leaks = trackLeaks();
    const moved = await withScope({}, (scope) => {
      expect(names(leaks.alive())).toEqual(['Scope']);
      return scope.move();
    });
    expect(leaks.alive()).toHaveLength(1);
    await moved.close();
    expect(leaks.alive()).toEqual([]);
  });

  it('does not know what was made before it was opened or after it was closed', async () => {
    const before = openScope();
    const leaks = trackLeaks();
    const meanwhile = openScope();
    await before.close();
    expect(leaks.alive()).toHaveLength(1);
    leaks.close();
    expect(leaks.alive()).toEqual([]);
    const after = openScope();
    expect(leaks.alive()).toEqual([]);
    leaks.close();
    await Promise.all([meanwhile.close(), after.close()]);
  });

  it('may be opened several times, each for what is made from then on', () => {
    using outer = trackLeaks();
    const [one, two] = [{}, {}];
    track(one, 'one');
    {
      using inner = trackLeaks();
      track(two, 'two');
      expect(names(inner.alive())).toEqual(['two']);
    }
    expect(names(outer.alive())).toEqual(['one', 'two']);
    untrack(one);
    untrack(two);
    expect(outer.alive()).toEqual([]);
  });

  it('reports what was collected without being disposed of, once, and nothing else', async () => {
    const reported: Leak[] = [];
    using leaks = trackLeaks({ onLeak: (leak) => reported.push(leak) });
    let collected = false;
    const sentinel = new FinalizationRegistry(() => (collected = true));
    await (async () => {
      const forgotten = openScope();
      forgotten.defer(() => {});
      void forgotten.signal;
      const closed = openScope();
      sentinel.register(closed, null);
      await closed.close();
    })();
    const held = {};
    track(held, 'held');
    await collectUntil(() => collected && reported.length > 0);
    expect(collected).toBe(true);
    expect(names(reported)).toEqual(['Scope']);
    expect(reported[0]?.stack).toContain('leaks.test.ts');
    expect(names(leaks.alive())).toEqual(['held']);
    untrack(held);
  });

  it('reports a collected scope although a signal that lives on has cancelled nothing yet', async () => {
    const reported: Leak[] = [];
    using leaks = trackLeaks({ onLeak: (leak) => reported.push(leak) });
    const { signal } = new AbortController();
    (() => void openScope({ signal }).signal)();
    await collectUntil(() => reported.length > 0);
    expect(names(reported)).toEqual(['Scope']);
    expect(leaks.alive()).toEqual([]);
  });

  it('reports nothing once it is closed', async () => {
    const reported: Leak[] = [];
    const leaks = trackLeaks({ onLeak: (leak) => reported.push(leak) });
    let collected = false;
    const sentinel = new FinalizationRegistry(() => (collected = true));
    (() => {
      const forgotten = {};
      sentinel.register(forgotten, null);
      track(forgotten, 'forgotten');
    })();
    leaks.close();
    await collectUntil(() => collected);
    await setImmediate();
    expect(collected).toBe(true);
    expect(reported).toEqual([]);
  });

  it('refuses a handler that is no function', () => {
    // @ts-expect-error not a function
    expect(() => trackLeaks({ onLeak: true })).toThrow('Option "trackLeaks.onLeak" must be a function');
  });
});
