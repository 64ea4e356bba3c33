import fc from 'fast-check';
import { expect } from 'vitest';
import { openSyncScope, ScopeClosedError, ScopeError } from '../src/index.ts';

const step = fc.record({ do: fc.constantFrom('use', 'adopt', 'defer', 'move'), fails: fc.boolean() });

/** Whatever it is handed, in time or late, is disposed of once, in order, and every error is thrown. */
export const syncScopeProperty = fc.property(fc.array(step, { maxLength: 20 }), fc.nat(20), (steps, closesAt) => {
  let scope = openSyncScope();
  const log: string[] = [];
  let held: string[] = [];
  const failing = new Set<string>();
  const close = (): void => {
    let caught: unknown;
    try {
      scope.close();
    } catch (error) {
      caught = error;
    }
    expect(log.splice(0)).toEqual(held.toReversed());
    const errors = caught instanceof ScopeError ? caught.errors : caught === undefined ? [] : [caught];
    expect(errors).toEqual(held.filter((name) => failing.has(name)).toReversed());
    held = [];
  };
  for (const [index, { do: how, fails }] of steps.entries()) {
    if (index === closesAt) close();
    const name = `${how} ${index}`;
    const dispose = (): void => {
      log.push(name);
      if (fails) throw name;
    };
    const take = (): void => {
      if (how === 'use') scope.use({ [Symbol.dispose]: dispose });
      if (how === 'adopt') scope.adopt(name, dispose);
      if (how === 'defer') scope.defer(dispose);
      if (how === 'move') scope = scope.move();
    };
    if (scope.disposed) {
      expect(take).toThrow(ScopeClosedError);
      expect(log.splice(0)).toEqual(how === 'move' ? [] : [name]);
      continue;
    }
    take();
    if (how === 'move') continue;
    held.push(name);
    if (fails) failing.add(name);
  }
  close();
  close();
});
