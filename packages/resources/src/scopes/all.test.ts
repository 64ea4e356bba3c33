import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { fail, forever } from '../../test/tasks.ts';
import { all, type TaskContext, withScope } from '../index.ts';

/** Counts how many of its tasks run, and have run, at once. */
function gauge() {
  const state = { running: 0, most: 0, started: 0, ended: 0 };
  const task = (work: (context: TaskContext) => Promise<unknown>) => async (context: TaskContext) => {
    state.started += 1;
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    try {
      return await work(context);
    } finally {
      state.running -= 1;
      state.ended += 1;
    }
  };
  return { state, task };
}

describe('all', () => {
  it('returns what the tasks return, in their order, whenever they end', async () => {
    const results = await all([
      async ({ signal }) => setTimeout(4, signal.aborted, { signal }),
      () => 'sync',
      async () => setImmediate(7),
    ]);
    expect(results).toEqual([false, 'sync', 7]);
    await expect(all([])).resolves.toEqual([]);
  });

  it('runs 8 at once by default, and as many as it is told', async () => {
    for (const [options, most] of [
      [{}, 8],
      [{ concurrency: 3 }, 3],
      [{ concurrency: 1 }, 1],
      [{ concurrency: Infinity }, 20],
    ] as const) {
      const { state, task } = gauge();
      await all(
        Array.from({ length: 20 }, (_, index) => task(async () => setTimeout(index % 3))),
        options,
      );
      expect(state).toEqual({ running: 0, most, started: 20, ended: 20 });
    }
  });

  it('cancels the others when one fails, starts no more, and settles when all have ended', async () => {
    const { state, task } = gauge();
    const running = all(
      [
        task(async (context) =>
          forever(context).catch(async () => setTimeout(5).then(() => Promise.reject(context.signal.reason))),
        ),
        task(async () => setImmediate().then(fail('lost'))),
        task(forever),
        task(forever),
      ],
      { concurrency: 3 },
    );
    await expect(running).rejects.toThrow(/^lost$/);
    expect(state).toEqual({ running: 0, most: 3, started: 3, ended: 3 });
  });

  it('starts nothing after a task that fails at once', async () => {
    const { state, task } = gauge();
    await expect(all([fail('lost'), task(forever)])).rejects.toThrow('lost');
    await expect(all([fail('lost'), task(forever)], { concurrency: 1 })).rejects.toThrow('lost');
    expect(state.ended).toBe(state.started);
    const sync = (): never => {
      throw new Error('sync');
    };
    await expect(all([task(forever), sync])).rejects.toThrow('sync');
    expect(state.running).toBe(0);
  });

  it('reports several failures with the names of the tasks, or their places', async () => {
    const flush = async (context: TaskContext) => forever(context).catch(fail('disk'));
    await expect(all([fail('lost'), flush, async (context) => forever(context).catch(fail('late'))])).rejects.toThrow(
      '3 errors in one scope: task "0": lost; task "flush": disk; task "2": late',
    );
  });

  it('asks a generator for the next task only when it can start', async () => {
    const asked: number[] = [];
    const moments = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    function* tasks() {
      for (const [index, moment] of moments.entries()) {
        asked.push(index);
        yield () => moment.promise;
      }
    }
    const running = all(tasks(), { concurrency: 2 });
    await setImmediate();
    expect(asked).toEqual([0, 1]);
    moments[1]?.resolve(11);
    await setImmediate();
    expect(asked).toEqual([0, 1, 2]);
    moments[0]?.resolve(10);
    moments[2]?.resolve(12);
    await setImmediate();
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    moments[4]?.resolve(14);
    moments[3]?.resolve(13);
    await expect(running).resolves.toEqual([10, 11, 12, 13, 14]);
  });

  it.each(['fails', 'aborts'] as const)(
    'closes a generator, and asks it for no more, when something %s',
    async (how) => {
      const controller = new AbortController();
      const log: string[] = [];
      function* tasks() {
        try {
          yield forever;
          yield async () => {
            await setImmediate();
            if (how === 'fails') throw new Error('lost');
            controller.abort(new Error('lost'));
          };
          log.push('asked again');
          yield forever;
        } finally {
          log.push('closed');
        }
      }
      await expect(all(tasks(), { concurrency: 2, signal: controller.signal })).rejects.toThrow(/^lost$/);
      expect(log).toEqual(['closed']);
    },
  );

  it('fails with what its generator throws, and cancels the tasks', async () => {
    const { state, task } = gauge();
    function* tasks() {
      yield task(forever);
      throw new Error('no more');
    }
    await expect(all(tasks())).rejects.toThrow(/^no more$/);
    expect(state).toMatchObject({ started: 1, ended: 1 });
  });

  it('is cancelled by its signal, with its reason, and leaves no listener on it', async () => {
    const { controller, listeners } = countedController();
    const { state, task } = gauge();
    const running = all([task(forever), task(forever), task(forever)], { concurrency: 2, signal: controller.signal });
    await setImmediate();
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(state).toEqual({ running: 0, most: 2, started: 2, ended: 2 });
    expect(listeners()).toBe(0);
    await all([() => 1], { signal: countedController().controller.signal });
    await expect(all([task(forever)], { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(state.started).toBe(2);
  });

  it('is cancelled with the scope whose signal it is given', async () => {
    const { state, task } = gauge();
    await expect(
      withScope({}, async (scope) => {
        scope.spawn(async () => setImmediate().then(fail('sibling')));
        await all([task(forever), task(forever)], scope);
      }),
    ).rejects.toThrow(/^sibling$/);
    expect(state).toMatchObject({ running: 0, ended: 2 });
  });

  it('refuses what is no signal, by its own name', async () => {
    // @ts-expect-error a controller
    await expect(all([], { signal: new AbortController() })).rejects.toThrow('Option "all.signal" must be');
  });

  it('refuses what it cannot run', async () => {
    const { state, task } = gauge();
    for (const concurrency of [0, -1, 1.5, NaN]) {
      await expect(all([task(forever)], { concurrency })).rejects.toThrow(
        'Option "all.concurrency" must be an integer from 1 to Infinity',
      );
    }
    // @ts-expect-error not a function
    await expect(all([task(forever), Promise.resolve(1)])).rejects.toThrow(
      'Option "all.tasks[1]" must be a function, got an object (Promise).',
    );
    expect(state).toMatchObject({ running: 0, started: 1 });
  });

  it('takes 10,000 tasks', async () => {
    const { state, task } = gauge();
    const results = await all(Array.from({ length: 10_000 }, (_, index) => task(async () => index)));
    expect(results).toHaveLength(10_000);
    expect(results[9_999]).toBe(9_999);
    expect(state.most).toBe(8);
  });
});
