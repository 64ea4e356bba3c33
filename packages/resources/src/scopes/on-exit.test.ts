import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openScope, type Scope, ScopeClosedError, ScopeError, withScope } from '../index.ts';

/** An exit that writes down what it was told. */
function told(log: unknown[], answer?: boolean): (error: unknown) => boolean | void {
  return (error) => {
    log.push(error);
    return answer;
  };
}

const forever = ({ signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

describe('scope.onExit', () => {
  it('is told nothing when nothing failed, in its turn among the disposers', async () => {
    const log: unknown[] = [];
    await withScope({}, (scope) => {
      scope.defer(() => log.push('first in'));
      scope.onExit(told(log));
      scope.defer(() => log.push('last in'));
    });
    expect(log).toEqual(['last in', undefined, 'first in']);
  });

  it('is told the error of the body, and is waited for', async () => {
    const error = new Error('body');
    const log: unknown[] = [];
    const failing = withScope({}, (scope) => {
      scope.defer(() => log.push('first in'));
      scope.onExit(async (caught) => {
        await setImmediate();
        log.push(caught);
      });
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(log).toEqual([error, 'first in']);
  });

  it('is told of a disposer that failed before it, and of several errors as one', async () => {
    const log: unknown[] = [];
    const failing = withScope({}, (scope) => {
      scope.onExit(told(log));
      scope.defer(() => Promise.reject(new Error('disk')));
      scope.onExit(told(log));
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow('2 errors in one scope: body: body; dispose: disk');
    expect(log).toEqual([new Error('body'), expect.any(ScopeError)]);
    expect(log[1]).toMatchObject({ errors: [new Error('body'), new Error('disk')], origins: ['body', 'dispose'] });
  });

  it('is told of a failure also when what was thrown is undefined', async () => {
    const log: unknown[] = [];
    const failing = withScope({}, (scope) => {
      scope.onExit(told(log));
      throw undefined;
    });
    await expect(failing).rejects.toBe(undefined);
    expect(log).toMatchObject([{ code: 'DEX_SCOPE', message: '1 error in one scope: body: undefined' }]);
  });

  it('handles the error by true: later exits see none, and withScope returns what handled makes', async () => {
    const log: unknown[] = [];
    const error = new Error('body');
    const result = withScope({ handled: (caught) => ({ instead: caught }) }, (scope) => {
      scope.onExit(told(log));
      scope.onExit(told(log, true));
      scope.onExit(told(log, false));
      throw error;
    });
    await expect(result).resolves.toEqual({ instead: error });
    expect(log).toEqual([error, error, undefined]);
  });

  it('handles nothing without the handled option when the body failed, since there is nothing to return', async () => {
    const log: unknown[] = [];
    const error = new Error('body');
    const failing = withScope({}, (scope) => {
      scope.onExit(told(log, true));
      scope.onExit(told(log, true));
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(log).toEqual([error, error]);
  });

  it('handles the failure of a disposer or a task while there is the result of the body', async () => {
    const disposer = withScope({}, (scope) => {
      scope.onExit(() => true);
      scope.defer(() => Promise.reject(new Error('disk')));
      return 7;
    });
    await expect(disposer).resolves.toBe(7);
    const task = withScope({ handled: () => 'not needed' }, (scope) => {
      scope.onExit(async () => true);
      scope.spawn(() => Promise.reject(new Error('lost')));
      return 7;
    });
    await expect(task).resolves.toBe(7);
  });

  it('makes what handled makes when a task failed and the body was cancelled by it', async () => {
    const result = withScope({ handled: (error) => error }, async (scope) => {
      scope.onExit(() => true);
      scope.spawn(async () => setImmediate().then(() => Promise.reject('lost')));
      await forever(scope);
    });
    await expect(result).resolves.toBe('lost');
  });

  it('handles only with true, and only when it is an exit', async () => {
    for (const take of [
      // @ts-expect-error neither true nor false
      (scope: Scope) => scope.onExit(() => 1),
      (scope: Scope) => scope.defer(() => true),
      (scope: Scope) => scope.defer(async () => true),
      (scope: Scope) => scope.adopt(1, () => true),
      // @ts-expect-error a disposer returns nothing
      (scope: Scope) => scope.use({ [Symbol.asyncDispose]: async () => true }),
      // @ts-expect-error a disposer returns nothing
      (scope: Scope) => void scope.use(Promise.resolve({ [Symbol.asyncDispose]: async () => true })),
    ]) {
      const failing = withScope({ handled: () => 'handled' }, (scope) => {
        take(scope);
        throw new Error('body');
      });
      await expect(failing).rejects.toThrow('body');
    }
  });

  it('does nothing by true when nothing failed', async () => {
    await expect(withScope({ handled: () => 8 }, (scope) => (scope.onExit(() => true), 7))).resolves.toBe(7);
  });

  it('adds its error to that of the body', async () => {
    const failing = withScope({}, (scope) => {
      scope.onExit(() => Promise.reject(new Error('rollback')));
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow('2 errors in one scope: body: body; dispose: rollback');
  });

  it('changes nothing by throwing what it was told', async () => {
    const error = new Error('body');
    const failing = withScope({}, (scope) => {
      scope.onExit((caught) => {
        throw caught;
      });
      throw error;
    });
    await expect(failing).rejects.toBe(error);

    const log: unknown[] = [];
    const several = withScope({}, (scope) => {
      scope.onExit((caught) => {
        log.push(caught);
        throw caught;
      });
      scope.defer(() => Promise.reject(new Error('disk')));
      throw error;
    });
    await expect(several).rejects.toMatchObject({ errors: [error, new Error('disk')] });
  });

  it('replaces the error with one whose cause it is', async () => {
    const error = new Error('body');
    const log: unknown[] = [];
    const translated = withScope({}, (scope) => {
      scope.onExit(told(log));
      scope.onExit((cause) => {
        throw new Error('translated', { cause });
      });
      throw error;
    });
    await expect(translated).rejects.toMatchObject({ message: 'translated', cause: error });
    expect(log).toEqual([expect.objectContaining({ message: 'translated' })]);
  });

  it('sees what failed since the error was handled, and that alone', async () => {
    const log: unknown[] = [];
    const result = withScope({ handled: () => 8 }, (scope) => {
      scope.onExit(told(log));
      scope.defer(() => Promise.reject(new Error('disk')));
      scope.onExit(() => true);
      throw new Error('body');
    });
    await expect(result).rejects.toThrow('disk');
    expect(log).toEqual([new Error('disk')]);
  });

  it('reports what disposers threw since, when it has handled what they threw before', async () => {
    const log: unknown[] = [];
    const result = withScope({ handled: () => 'handled' }, (scope) => {
      scope.defer(() => Promise.reject('third'));
      scope.defer(() => Promise.reject('second'));
      scope.onExit(told(log, true));
      scope.defer(() => Promise.reject('first'));
      throw new Error('body');
    });
    await expect(result).rejects.toMatchObject({ errors: ['second', 'third'] });
    expect(log).toMatchObject([{ errors: [new Error('body'), 'first'] }]);
  });

  it('handles several errors at once', async () => {
    const result = withScope({ handled: () => 'handled' }, (scope) => {
      scope.onExit(() => true);
      scope.onExit(() => Promise.reject('second'));
      scope.onExit(() => Promise.reject('first'));
    });
    await expect(result).resolves.toBeUndefined();
  });

  it('sees the error that an exit before it made of another, be it wrapped or thrown again', async () => {
    const error = new TypeError('body');
    const running = withScope({}, (scope) => {
      scope.onExit((cause) => {
        throw new Error('wrapped', { cause });
      });
      scope.onExit((caught) => {
        throw caught;
      });
      throw error;
    });
    await expect(running).rejects.toMatchObject({ message: 'wrapped', cause: error });
  });

  it('throws what handled throws', async () => {
    const failing = withScope({ handled: () => Promise.reject(new Error('no fallback')) }, (scope) => {
      scope.onExit(() => true);
      throw new Error('body');
    });
    await expect(failing).rejects.toThrow('no fallback');
  });

  it('is told in openScope what tasks and disposers threw, and handles that', async () => {
    const log: unknown[] = [];
    const scope = openScope();
    scope.onExit(told(log));
    scope.onExit(told(log, true));
    scope.defer(() => Promise.reject('disk'));
    scope.spawn(() => Promise.reject('lost'));
    await scope.close();
    expect(log).toMatchObject([{ errors: ['lost', 'disk'] }, undefined]);
  });

  it('moves with the resources, and sees the failures of the new scope', async () => {
    const log: unknown[] = [];
    const moved = await withScope({}, (scope) => {
      scope.onExit(told(log, true));
      return scope.move();
    });
    expect(log).toEqual([]);
    moved.defer(() => Promise.reject('disk'));
    await moved.close();
    expect(log).toEqual(['disk']);
  });

  it('is told at once that the scope is closed when it comes late, and may rethrow that', async () => {
    const log: unknown[] = [];
    const scope = openScope();
    await scope.close();
    expect(() => scope.onExit(told(log))).toThrow(ScopeClosedError);
    expect(() =>
      scope.onExit(async (error) => {
        throw error;
      }),
    ).toThrow(ScopeClosedError);
    expect(log).toEqual([expect.any(ScopeClosedError)]);
    await setImmediate();
  });

  it('refuses what is no function', async () => {
    await using scope = openScope();
    // @ts-expect-error not a function
    expect(() => scope.onExit(true)).toThrow('Option "scope.onExit" must be a function, got true.');
    // @ts-expect-error not a function
    await expect(withScope({ handled: 7 }, () => 1)).rejects.toThrow('Option "withScope.handled" must be a function');
  });
});

describe('an abort of the outer signal', () => {
  it('is told to exits in withScope, but nothing handles it', async () => {
    const log: unknown[] = [];
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal, handled: () => 'handled' }, async (scope) => {
      scope.onExit(told(log, true));
      scope.onExit(told(log, true));
      await forever(scope);
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(log).toEqual(['enough', 'enough']);
  });

  it('remains when what it led to is handled', async () => {
    const log: unknown[] = [];
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal, handled: () => 'handled' }, async (scope) => {
      scope.onExit(told(log, true));
      scope.onExit(told(log, true));
      await forever(scope).catch(() => Promise.reject('flush'));
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(log).toMatchObject([{ errors: ['enough', 'flush'] }, 'enough']);
  });

  it('is reported as its reason, also when an exit wraps it', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.onExit((cause) => {
        throw new Error('rolled back', { cause });
      });
      await forever(scope);
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
  });

  it('is not told to exits of openScope, whose block passed the signal', async () => {
    const log: unknown[] = [];
    const scope = openScope({ signal: AbortSignal.abort('enough') });
    void scope.signal;
    scope.onExit(told(log));
    await scope.close();
    expect(log).toEqual([undefined]);
  });
});
