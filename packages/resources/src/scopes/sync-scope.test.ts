import { describe, expect, it } from 'vitest';
import { openSyncScope, ScopeClosedError, ScopeError, trackLeaks } from '../index.ts';

const resource = (log: string[], name: string): Disposable => ({ [Symbol.dispose]: () => void log.push(name) });

describe('openSyncScope', () => {
  it('disposes of everything at the end of the block, last in, first out, in the same tick', () => {
    const log: string[] = [];
    {
      using scope = openSyncScope();
      const used = resource(log, 'a');
      expect(scope.use(used)).toBe(used);
      expect(scope.adopt('b', (name) => log.push(name))).toBe('b');
      scope.defer(() => log.push('c'));
      expect(log).toEqual([]);
    }
    expect(log).toEqual(['c', 'b', 'a']);
  });

  it('passes null and undefined through', () => {
    using scope = openSyncScope();
    expect(scope.use(null)).toBe(null);
    expect(scope.use(undefined)).toBe(undefined);
  });

  it('refuses what it cannot dispose of at once, and names the call', () => {
    using scope = openSyncScope();
    // @ts-expect-error disposing of it takes time
    expect(() => scope.use({ [Symbol.asyncDispose]: async () => {} })).toThrow(
      'Option "scope.use" must be Disposable, null or undefined (scope.adopt takes anything else), got an object (Object).',
    );
    // @ts-expect-error a number holds nothing
    expect(() => scope.use(5)).toThrow('Option "scope.use" must be Disposable');
    // @ts-expect-error not a method
    expect(() => scope.use({ [Symbol.dispose]: 5 })).toThrow('Option "scope.use" must be disposed of by a method');
    // @ts-expect-error not a function
    expect(() => scope.adopt(1, 2)).toThrow('Option "scope.adopt" must be a function, got 2.');
    // @ts-expect-error not a function
    expect(() => scope.defer()).toThrow('Option "scope.defer" must be a function, got undefined.');
  });

  it('throws the one error of a disposer as it is, after the others ran', () => {
    const log: string[] = [];
    const error = new Error('disk');
    const scope = openSyncScope();
    scope.use(resource(log, 'a'));
    scope.defer(() => {
      throw error;
    });
    scope.use(resource(log, 'c'));
    expect(() => scope.close()).toThrow(error);
    expect(log).toEqual(['c', 'a']);
  });

  it('throws several errors as one, in the order they happened', () => {
    const scope = openSyncScope();
    for (const name of ['second', 'first']) {
      scope.defer(() => {
        throw name;
      });
    }
    let caught: unknown;
    try {
      scope.dispose();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ScopeError);
    expect(caught).toMatchObject({ errors: ['first', 'second'], origins: ['dispose', 'dispose'], cause: 'first' });
  });

  it('closes once, also when a disposer closes it', () => {
    const log: string[] = [];
    const scope = openSyncScope();
    scope.use(resource(log, 'a'));
    scope.defer(() => {
      scope.close();
      log.push('b');
    });
    expect(scope.disposed).toBe(false);
    scope.close();
    scope.close();
    expect(scope.disposed).toBe(true);
    expect(log).toEqual(['b', 'a']);
  });

  it('disposes at once of what it is handed late, and throws', () => {
    const log: string[] = [];
    const scope = openSyncScope();
    scope.close();
    expect(() => scope.use(resource(log, 'used'))).toThrow(ScopeClosedError);
    expect(() => scope.adopt('adopted', (name) => log.push(name))).toThrow(ScopeClosedError);
    expect(() => scope.defer(() => log.push('deferred'))).toThrow(ScopeClosedError);
    expect(log).toEqual(['used', 'adopted', 'deferred']);
    expect(() => scope.use(null)).toThrow(ScopeClosedError);
    expect(() => scope.move()).toThrow(ScopeClosedError);
  });

  it('gives the error of a late disposal as the cause', () => {
    const scope = openSyncScope();
    scope.close();
    const cause = new Error('disk');
    const late = (): void =>
      scope.defer(() => {
        throw cause;
      });
    expect(late).toThrow(ScopeClosedError);
    expect(late).toThrow(expect.objectContaining({ cause }));
  });

  it('hands its resources to a new scope, in order', () => {
    const log: string[] = [];
    let moved;
    {
      using scope = openSyncScope();
      scope.use(resource(log, 'a'));
      scope.use(resource(log, 'b'));
      moved = scope.move();
      expect(scope.disposed).toBe(true);
    }
    expect(log).toEqual([]);
    moved.use(resource(log, 'c'));
    moved[Symbol.dispose]();
    expect(log).toEqual(['c', 'b', 'a']);
  });

  it('is found as a leak until it is closed or moved', () => {
    using leaks = trackLeaks();
    const scope = openSyncScope();
    expect(leaks.alive()).toMatchObject([{ name: 'SyncScope' }]);
    const moved = scope.move();
    expect(leaks.alive()).toHaveLength(1);
    moved.close();
    expect(leaks.alive()).toEqual([]);
  });

  it('is named after itself by Object.prototype.toString', () => {
    expect(Object.prototype.toString.call(openSyncScope())).toBe('[object SyncScope]');
  });
});
