import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { fail, forever } from '../../test/tasks.ts';
import { type Scope, ScopeClosedError, ScopeError, type TaskContext, withScope } from '../index.ts';

describe('withScope', () => {
  it('returns what the body returned, after its tasks are done and its resources released', async () => {
    const log: string[] = [];
    const value = await withScope({}, async (scope) => {
      scope.defer(() => log.push('released'));
      scope.spawn(async ({ signal }) => {
        await setTimeout(5);
        log.push(signal.aborted ? 'cancelled' : 'task done');
        scope.spawn(async () => setImmediate().then(() => log.push('grandchild done')));
      });
      log.push('body done');
      return 7;
    });
    expect(value).toBe(7);
    expect(log).toEqual(['body done', 'task done', 'grandchild done', 'released']);
  });

  it('takes a body that is not async', async () => {
    await expect(withScope({}, () => 7)).resolves.toBe(7);
    await expect(
      withScope({}, () => {
        throw new Error('sync');
      }),
    ).rejects.toThrow('sync');
  });

  it('cancels the tasks when the body throws, waits for them, releases, and throws that error', async () => {
    const log: string[] = [];
    const error = new Error('body');
    await expect(
      withScope({}, async (scope) => {
        scope.defer(() => log.push('released'));
        scope.spawn(async (context) => forever(context).finally(() => log.push('cancelled')));
        throw error;
      }),
    ).rejects.toBe(error);
    expect(log).toEqual(['cancelled', 'released']);
  });

  it('cancels the body and the siblings when a task fails, and throws its error alone', async () => {
    const error = new Error('lost');
    const log: string[] = [];
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(async (context) => forever(context).finally(() => log.push('sibling')));
        scope.spawn(async () => setImmediate().then(() => Promise.reject(error)));
        await forever(scope).finally(() => log.push('body'));
      }),
    ).rejects.toBe(error);
    expect(log.toSorted()).toEqual(['body', 'sibling']);
  });

  it('cancels tasks that run when the body has returned long ago', async () => {
    await expect(
      withScope({}, (scope) => {
        scope.spawn(forever);
        scope.spawn(async () => setTimeout(5).then(() => Promise.reject(new Error('late'))));
      }),
    ).rejects.toThrow('late');
  });

  it('reports an error once, also when the body got it from the task', async () => {
    const error = new Error('lost');
    await expect(withScope({}, async (scope) => scope.spawn(() => Promise.reject(error)).result)).rejects.toBe(error);
  });

  it('reports an error that is not the first once as well', async () => {
    const second = new Error('second');
    await expect(
      withScope({}, async (scope) => {
        const late = scope.spawn(async (context) => forever(context).catch(() => Promise.reject(second)));
        scope.spawn(() => Promise.reject(new Error('first')));
        await late.result;
      }),
    ).rejects.toMatchObject({ message: '2 errors in one scope: task: first; task: second' });
  });

  it('waits for a task that is spawned in the moment the last one ends', async () => {
    const log: string[] = [];
    await withScope({}, (scope) => {
      const moment = Promise.withResolvers<void>();
      scope.spawn(() => moment.promise);
      void moment.promise.then(() =>
        scope.spawn(async ({ signal }) => {
          await setTimeout(5);
          log.push(signal.aborted ? 'cancelled' : 'done');
        }),
      );
      setImmediate().then(() => moment.resolve(), moment.reject);
    });
    expect(log).toEqual(['done']);
  });

  it('reports the failure of a task even when the body caught it', async () => {
    await expect(
      withScope({}, async (scope) => {
        await scope.spawn(() => Promise.reject(new Error('lost'))).result.catch(() => {});
      }),
    ).rejects.toThrow('lost');
  });

  it('reports body, tasks and disposers together, in the order they failed', async () => {
    await expect(
      withScope({}, async (scope) => {
        scope.defer(() => Promise.reject(new Error('last')));
        scope.defer(() => Promise.reject(new Error('disk')));
        scope.spawn(
          async (context) => {
            await forever(context).catch(() => {});
            throw new Error('flush');
          },
          { name: 'writer' },
        );
        throw new Error('boom');
      }),
    ).rejects.toMatchObject({
      message: '4 errors in one scope: body: boom; task "writer": flush; dispose: disk; dispose: last',
      origins: ['body', 'task "writer"', 'dispose', 'dispose'],
    });
  });

  it('lets the body end its tasks by closing the scope, and reports the errors itself', async () => {
    const log: string[] = [];
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(forever);
        scope.defer(() => log.push('released'));
        await scope.close();
        log.push('body');
        return 7;
      }),
    ).resolves.toBe(7);
    expect(log).toEqual(['released', 'body']);

    await expect(
      withScope({}, async (scope) => {
        scope.defer(() => Promise.reject(new Error('disk')));
        await scope.close();
        log.push('still here');
      }),
    ).rejects.toThrow('disk');
    expect(log.at(-1)).toBe('still here');
  });

  it('ends when a scope is closed that nobody waits for, and the body returns meanwhile', async () => {
    const log: string[] = [];
    await withScope({}, (scope) => {
      scope.defer(() => log.push('released'));
      scope.spawn(async (context) => forever(context).catch(async () => setImmediate()));
      void scope.close();
    });
    expect(log).toEqual(['released']);
  });

  it('waits for a task that is spawned while the scope is closed, in the moment the last one ends', async () => {
    for (let ticks = 0; ticks < 10; ticks += 1) {
      const log: string[] = [];
      await withScope({}, async (scope) => {
        scope.defer(() => log.push('released'));
        const last = scope.spawn(async () => setImmediate());
        void scope.close();
        await last.result;
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
        scope.shield(async () => setImmediate().then(() => log.push('shielded')));
      }).catch(() => log.push('refused'));
      expect(['shielded,released', 'released,refused']).toContain(log.join());
    }
  });

  it('rejects when all the body has to throw is that it closed the scope', async () => {
    await expect(
      withScope({}, async (scope) => {
        const task = scope.spawn(async ({ signal }) => setTimeout(5).then(() => signal.throwIfAborted()));
        await scope.close();
        await task.result;
      }),
    ).rejects.toThrow(ScopeClosedError);
  });

  it('aborts its signal when it is over, so that nothing outlives it', async () => {
    const signal = await withScope({}, (scope) => scope.signal);
    expect(signal.aborted).toBe(true);
  });

  it('lets resources that were moved out live on', async () => {
    const log: string[] = [];
    const moved = await withScope({}, (scope) => {
      scope.defer(() => log.push('released'));
      return scope.move();
    });
    expect(log).toEqual([]);
    await moved.close();
    expect(log).toEqual(['released']);
  });
});

describe('the outer signal of withScope', () => {
  it('cancels body and tasks, and rejects with its reason after the release', async () => {
    const { controller, listeners } = countedController();
    const log: string[] = [];
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.defer(() => log.push('released'));
      scope.spawn(async (context) => forever(context).finally(() => log.push('task')));
      await forever(scope).finally(() => log.push('body'));
    });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(log.toSorted()).toEqual(['body', 'released', 'task']);
    expect(log.at(-1)).toBe('released');
    expect(listeners()).toBe(0);
  });

  it('is waited for nowhere when it aborted before: the body does not run', async () => {
    let ran = false;
    await expect(
      withScope({ signal: AbortSignal.abort('before') }, () => {
        ran = true;
      }),
    ).rejects.toBe('before');
    expect(ran).toBe(false);
  });

  it('rejects also when the body ignored it, with or without a look at the signal', async () => {
    for (const look of [false, true]) {
      const { controller, listeners } = countedController();
      const running = withScope({ signal: controller.signal }, async (scope) => {
        if (look) void scope.signal;
        await setTimeout(5);
        return 7;
      });
      controller.abort('meanwhile');
      await expect(running).rejects.toBe('meanwhile');
      expect(listeners()).toBe(0);
    }
  });

  it('rejects with the reason when the body used the signal itself, in Node’s way', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async () => forever(controller));
    controller.abort('node');
    await expect(running).rejects.toBe('node');
  });

  it('cancels tasks after the body has returned', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, (scope) => void scope.spawn(forever));
    await setImmediate();
    controller.abort('meanwhile');
    await expect(running).rejects.toBe('meanwhile');
  });

  it('stands first among the errors it led to', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.defer(() => Promise.reject(new Error('disk')));
      await forever(scope);
    });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toMatchObject({
      message: '2 errors in one scope: signal: enough; dispose: disk',
      origins: ['signal', 'dispose'],
    });
  });

  it('adds nothing when a task has failed before', async () => {
    const controller = new AbortController();
    const error = new Error('lost');
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.spawn(() => Promise.reject(error));
      await forever(controller);
    });
    await setImmediate();
    controller.abort('too late');
    await expect(running).rejects.toBe(error);
  });

  it('rejects with its reason also when an earlier listener of the signal closes the scope', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async (scope) => {
      controller.signal.addEventListener('abort', () => void scope.close());
      scope.spawn(async ({ signal }) => setTimeout(60_000, null, { signal }));
      return 'a result';
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
  });

  it('is not reported again by a task that wraps the AbortError of Node', async () => {
    const boom = new Error('boom');
    const running = withScope({}, async (scope) => {
      scope.spawn(async ({ signal }) =>
        setTimeout(60_000, null, { signal }).catch((cause: unknown) => {
          throw new Error('No answer.', { cause });
        }),
      );
      scope.spawn(async () => Promise.reject(boom));
    });
    await expect(running).rejects.toBe(boom);
  });

  it('does not interrupt the release', async () => {
    const { controller, listeners } = countedController();
    const log: string[] = [];
    await expect(
      withScope({ signal: controller.signal }, (scope) => {
        void scope.signal;
        scope.defer(() => log.push('second'));
        scope.defer(async () => {
          controller.abort('late');
          await setImmediate();
          log.push('first');
        });
        return 7;
      }),
    ).resolves.toBe(7);
    expect(log).toEqual(['first', 'second']);
    expect(listeners()).toBe(0);
  });

  it('refuses what is no signal', async () => {
    // @ts-expect-error not a signal
    await expect(withScope({ signal: {} }, () => 1)).rejects.toThrow(
      'Option "withScope.signal" must be an AbortSignal',
    );
  });

  it('refuses what is no body', async () => {
    // @ts-expect-error the options come first
    await expect(withScope(async () => 1)).rejects.toThrow(
      'Option "withScope.body" must be a function, got undefined.',
    );
    // @ts-expect-error not a function
    await expect(withScope({}, 1)).rejects.toThrow('Option "withScope.body" must be a function, got 1.');
  });
});

describe('what else holds of tasks', () => {
  it('takes no task once it is over, however it ended', async () => {
    let left: Scope | undefined;
    await withScope({}, (scope) => void (left = scope));
    expect(() => left?.spawn(() => 1)).toThrow(ScopeClosedError);
    await withScope({}, (scope) => {
      left = scope;
      throw new Error('boom');
    }).catch(() => {});
    expect(() => left?.spawn(() => 1)).toThrow(ScopeClosedError);
  });

  it('starts a task at once, also when the scope is cancelled in the same tick', async () => {
    const log: string[] = [];
    await withScope({}, async (scope) => {
      scope.spawn(async (context) => {
        log.push('started');
        await forever(context).finally(() => log.push('cancelled'));
      });
      log.push('spawned');
      await scope.close();
    });
    expect(log).toEqual(['started', 'spawned', 'cancelled']);
  });

  it('stays cancelled: whatever is given the signal later ends at once as well', async () => {
    const log: unknown[] = [];
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(fail('lost'));
        for (let i = 0; i < 2; i += 1) {
          await forever(scope).catch((error: unknown) => log.push(error));
        }
      }),
    ).rejects.toThrow(/^lost$/);
    expect(log).toMatchObject([{ cause: { message: 'lost' } }, { cause: { message: 'lost' } }]);
  });

  it('can be cancelled again and again, a scope after the other', async () => {
    for (const reason of ['one', 'two']) {
      const controller = new AbortController();
      const running = withScope({ signal: controller.signal }, (scope) => void scope.spawn(forever));
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
    }
    await expect(withScope({}, () => 7)).resolves.toBe(7);
  });

  it('ends one task alone by a signal of its own, and not its siblings', async () => {
    const log: string[] = [];
    const own = new AbortController();
    await withScope({}, async (scope) => {
      scope.spawn(async ({ signal }) =>
        withScope({ signal: AbortSignal.any([signal, own.signal]) }, forever).catch((error: unknown) =>
          log.push(String(error)),
        ),
      );
      scope.spawn(async ({ signal }) => setTimeout(5).then(() => log.push(signal.aborted ? 'cancelled' : 'goes on')));
      own.abort('enough');
    });
    expect(log).toEqual(['enough', 'goes on']);
  });

  it('is not troubled by a cancellation when its tasks have ended', async () => {
    const controller = new AbortController();
    await withScope({ signal: controller.signal }, async (scope) => {
      await scope.spawn(() => 1).result;
      await scope.close();
      controller.abort('late');
    });
  });

  it('hands a task the async context of the call that spawned it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = await withScope({}, (scope) => {
      const { result } = storage.run('request 7', () =>
        scope.spawn(async () => setImmediate().then(() => storage.getStore())),
      );
      return result;
    });
    expect(seen).toBe('request 7');
    expect(storage.getStore()).toBeUndefined();
  });

  it('refuses a task that was called instead of handed over', async () => {
    await expect(
      // @ts-expect-error a promise
      withScope({}, (scope) => void scope.spawn(setImmediate())),
    ).rejects.toThrow('Option "scope.spawn" must be a function, got an object (Promise).');
  });
});

describe('scopes in one another', () => {
  const failLater = (message: string) => async (context: TaskContext) => forever(context).catch(fail(message));

  it('pass a cancellation down, and its reason up alone, when the innermost has ended', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const running = withScope({ signal: controller.signal }, (outer) => {
      outer.spawn(async (context) =>
        withScope(context, async (inner) => {
          inner.defer(() => log.push('released'));
          inner.spawn(async (deep) => forever(deep).finally(() => log.push('innermost')));
          await forever(inner);
        }),
      );
      outer.spawn(forever);
    });
    await setImmediate();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toBe(controller.signal.reason);
    expect(log).toEqual(['innermost', 'released']);
  });

  it('report each error once, and the cancellation that led to it in the scope where it began only', async () => {
    await expect(
      withScope({}, async (outer) => {
        outer.spawn(fail('parent'), { name: 'outer' });
        await withScope(outer, async (inner) => {
          inner.spawn(failLater('child'), { name: 'inner' });
          await forever(inner);
        });
      }),
    ).rejects.toThrow('2 errors in one scope: task "outer": parent; body: child');

    await expect(
      withScope({}, async (outer) => {
        outer.spawn(fail('parent'), { name: 'outer' });
        await withScope(outer, async (middle) => {
          middle.defer(fail('disk'));
          await withScope(middle, async (inner) => {
            inner.spawn(failLater('one'));
            inner.spawn(failLater('two'));
            await forever(inner);
          });
        });
      }),
    ).rejects.toThrow(
      '2 errors in one scope: task "outer": parent; ' +
        'body: 2 errors in one scope: body: 2 errors in one scope: task: one; task: two; dispose: disk',
    );
  });

  it('keep what failed in one that a shield ran out of time for', async () => {
    await expect(
      withScope({}, (scope) => {
        scope.shield(async (context) => withScope(context, (inner) => failLater('disk')(inner)), { timeoutMs: 0 });
      }),
    ).rejects.toThrow('2 errors in one scope: signal: The task did not end within 0 ms.; body: disk');
  });

  it('report an error of several once that cancelled what is inside', async () => {
    await expect(
      withScope({}, async (outer) => {
        outer.spawn(
          async () =>
            withScope({}, (scope) => {
              scope.spawn(fail('one'));
              scope.spawn(fail('two'));
            }),
          { name: 'both' },
        );
        await withScope(outer, failLater('three'));
      }),
    ).rejects.toThrow('2 errors in one scope: task "both": 2 errors in one scope: task: one; task: two; body: three');
  });

  it('report what one failed with once, also when its task is awaited', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async (outer) => {
      const inner = async (context: TaskContext) =>
        withScope(context, (scope) => {
          scope.spawn(failLater('one'));
          scope.spawn(failLater('two'));
        });
      await outer.spawn(inner, { name: 'inner' }).result;
    });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow(
      '2 errors in one scope: signal: enough; task "inner": 2 errors in one scope: task: one; task: two',
    );
  });

  it('leave an error of several alone that says nothing of the cancellation', async () => {
    const inner = new ScopeError([
      { origin: 'task "a"', error: new Error('one') },
      { origin: 'task "b"', error: new Error('two') },
    ]);
    await expect(withScope({}, () => Promise.reject(inner))).rejects.toBe(inner);
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(fail('lost'));
        await forever(scope).catch(() => Promise.reject(inner));
      }),
    ).rejects.toMatchObject({ errors: [{ message: 'lost' }, inner] });
  });

  it('take an error of several for the cancellation when all of them are', async () => {
    const controller = new AbortController();
    const running = withScope({ signal: controller.signal }, async (scope) => {
      scope.spawn(async (context) => {
        await forever(context).catch(() => {});
        const { reason } = scope.signal;
        throw new ScopeError([
          { origin: 'signal', error: reason },
          { origin: 'body', error: new Error('wrapped', { cause: reason }) },
        ]);
      });
      await Promise.any([forever(scope), forever(scope)]);
    });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');

    const none = new AggregateError([]);
    await expect(withScope({}, (scope) => void scope.spawn(() => Promise.reject(none)))).rejects.toBe(none);
  });

  it('report the reason that cancelled the inner one alone in the outer, as any error', async () => {
    const [outerReason, innerReason] = [new Error('outer'), new Error('inner')];
    const [outerControl, innerControl] = [new AbortController(), new AbortController()];
    const running = withScope({ signal: outerControl.signal }, async () =>
      withScope({ signal: innerControl.signal }, async (inner) => {
        innerControl.abort(innerReason);
        await forever(inner).finally(() => outerControl.abort(outerReason));
      }),
    );
    await expect(running).rejects.toMatchObject({ origins: ['signal', 'body'], errors: [outerReason, innerReason] });
  });
});
