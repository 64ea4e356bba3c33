import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forever } from '../../test/tasks.ts';
import { openScope, ScopeClosedError, ScopeTimeoutError, withScope } from '../index.ts';

describe('scope.shield', () => {
  it('is not cancelled with its scope, and is waited for before the release', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.defer(() => log.push('released'));
      scope.shield(async ({ signal }) => {
        await setTimeout(5);
        log.push(signal.aborted ? 'cancelled' : 'flushed');
      });
      await forever(scope);
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(log).toEqual(['flushed', 'released']);
  });

  it.each(['throws', 'closes', 'aborts'] as const)(
    'starts in a scope that is cancelled already: the body %s',
    async (how) => {
      const controller = new AbortController();
      const log: string[] = [];
      await withScope({ signal: controller.signal }, async (scope) => {
        scope.spawn(async (context) => {
          try {
            await forever(context);
          } finally {
            const saved = await scope.shield(async ({ signal }) => setTimeout(1, !signal.aborted)).result;
            log.push(saved ? 'saved' : 'cancelled');
          }
        });
        scope.defer(() => log.push('released'));
        if (how === 'aborts') controller.abort('enough');
        if (how === 'closes') await scope.close();
        if (how === 'throws') throw new Error('boom');
      }).catch(() => {});
      expect(log).toEqual(['saved', 'released']);
    },
  );

  it('returns the result and the name of the task', async () => {
    await using scope = openScope();
    const flush = scope.shield(async function flushRows() {
      return 7;
    });
    expect(flush.name).toBe('flushRows');
    await expect(flush.result).resolves.toBe(7);
    expect(scope.shield(() => 8, { name: 'other' }).name).toBe('other');
  });

  it('reports a failure as that of a task, and cancels what is not shielded', async () => {
    const log: string[] = [];
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(async (context) => forever(context).finally(() => log.push('cancelled')));
        scope.shield(async () => setTimeout(1).then(() => log.push('shielded')));
        scope.shield(async () => Promise.reject(new Error('disk')), { name: 'flush' });
      }),
    ).rejects.toThrow('disk');
    expect(log).toEqual(['cancelled', 'shielded']);

    await expect(
      withScope({}, async (scope) => {
        scope.shield(async () => setImmediate().then(() => Promise.reject(new Error('disk'))), { name: 'flush' });
        throw new Error('boom');
      }),
    ).rejects.toThrow('2 errors in one scope: body: boom; task "flush": disk');
  });

  it('does not report an echo of the cancellation it waited for itself', async () => {
    await expect(
      withScope({}, async (scope) => {
        scope.shield(async () => forever(scope));
        throw new Error('boom');
      }),
    ).rejects.toThrow(/^boom$/);
  });

  it('keeps its signal from everything that cancels the scope, also from what it is nested in', async () => {
    const controller = new AbortController();
    const seen: boolean[] = [];
    await withScope({ signal: controller.signal }, async (outer) => {
      await withScope(outer, async (inner) => {
        inner.shield(async ({ signal }) => {
          await withScope({ signal }, async (shielded) => {
            shielded.spawn(async (context) => {
              await setTimeout(2);
              seen.push(context.signal.aborted);
            });
          });
        });
        controller.abort('enough');
      });
    }).catch(() => {});
    expect(seen).toEqual([false]);
  });

  it('ends when something that it listens to itself aborts', async () => {
    const scope = openScope();
    const own = new AbortController();
    const task = scope.shield(async () => forever(own));
    own.abort('own');
    await expect(task.result).rejects.toMatchObject({ name: 'AbortError', cause: 'own' });
    await expect(scope.close()).rejects.toMatchObject({ cause: 'own' });
  });

  it('covers what is inside it, and nothing after', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const running = withScope({ signal: controller.signal }, async (scope) => {
      const inside = scope.shield(async ({ signal }) => {
        controller.abort('enough');
        await setTimeout(1, null, { signal });
        log.push(scope.signal.aborted ? 'shielded' : 'not cancelled yet');
      });
      await inside.result;
      await forever(scope).finally(() => log.push('cancelled'));
      log.push('not reached');
    });
    await expect(running).rejects.toBe('enough');
    expect(log).toEqual(['shielded', 'cancelled']);
  });

  it('waits for tasks of the cancelled scope that are not shielded', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const running = withScope({ signal: controller.signal }, async (scope) => {
      const task = scope.spawn(async (context) => forever(context).finally(() => log.push('task cancelled')));
      await scope.shield(async () => {
        controller.abort('enough');
        await task.result.catch(() => {});
        log.push('host goes on');
      }).result;
    });
    await expect(running).rejects.toBe('enough');
    expect(log).toEqual(['task cancelled', 'host goes on']);
  });

  it('is refused by a scope that is closed, and by one that disposes', async () => {
    const scope = openScope();
    let ran = false;
    let thrown: unknown;
    const shield = (): unknown => scope.shield(() => (ran = true));
    scope.defer(() => {
      try {
        shield();
      } catch (error) {
        thrown = error;
      }
    });
    await scope.close();
    expect(thrown).toBeInstanceOf(ScopeClosedError);
    expect(shield).toThrow(ScopeClosedError);
    expect(ran).toBe(false);
  });

  it('refuses what is not a function', async () => {
    await using scope = openScope();
    // @ts-expect-error a promise: the task was called
    expect(() => scope.shield(Promise.resolve())).toThrow('Option "scope.shield" must be a function, got an object');
  });

  it.each([-1, 0.5, NaN, 2 ** 31, Infinity])('refuses %s as its time', async (timeoutMs) => {
    await using scope = openScope();
    expect(() => scope.shield(() => 1, { timeoutMs })).toThrow('Option "scope.shield.timeoutMs" must be an integer');
  });
});

describe('the time of a shield', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is 5 s, and then aborts its signal with an error that is reported', async () => {
    let reason: unknown;
    const running = withScope({}, async (scope) => {
      scope.shield(async (context) => forever(context).finally(() => (reason = context.signal.reason)), {
        name: 'flush',
      });
      throw new Error('boom');
    });
    const settled = expect(running).rejects.toThrow(
      '2 errors in one scope: body: boom; task "flush": The task "flush" did not end within 5000 ms.',
    );
    await vi.advanceTimersByTimeAsync(4_999);
    expect(reason).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expect(reason).toMatchObject({ name: 'ScopeTimeoutError', code: 'DEX_SCOPE_TIMEOUT', timeoutMs: 5_000 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is named also where the task has no name and wraps the reason', async () => {
    await using scope = openScope();
    const { result } = scope.shield(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('Aborted.', { cause: signal.reason })));
        }),
      { timeoutMs: 50 },
    );
    await vi.advanceTimersByTimeAsync(50);
    await expect(result).rejects.toThrow(new ScopeTimeoutError('task', 50));
    await expect(scope.close()).rejects.toThrow('The task did not end within 50 ms.');
  });

  it('does not make an error of a task that ends well, only late', async () => {
    await using scope = openScope();
    const { result } = scope.shield(() => new Promise((resolve) => globalThis.setTimeout(resolve, 100, 'late')), {
      timeoutMs: 50,
    });
    await vi.advanceTimersByTimeAsync(100);
    await expect(result).resolves.toBe('late');
  });

  it('is no longer held once the task has ended', async () => {
    await using scope = openScope();
    await scope.shield(() => 1).result;
    await scope.shield(() => Promise.reject(new Error('disk'))).result.catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
    await scope.close().catch(() => {});
  });
});
