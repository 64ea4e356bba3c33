import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import { fail, forever } from '../../test/tasks.ts';
import { race, type TaskContext } from '../index.ts';

describe('race', () => {
  it('returns what the first to settle returns, when the others have been cancelled and have ended', async () => {
    const log: string[] = [];
    const slow = async (context: TaskContext) => {
      try {
        await forever(context);
      } finally {
        await setTimeout(3);
        log.push('slow ended');
      }
    };
    await expect(race([slow, async () => setImmediate('fast'), slow])).resolves.toBe('fast');
    expect(log).toEqual(['slow ended', 'slow ended']);
  });

  it('fails as the first to settle fails', async () => {
    await expect(race([forever, async () => setImmediate().then(fail('lost'))])).rejects.toThrow(/^lost$/);
  });

  it('is decided by the first in the list when all settle at once', async () => {
    await expect(race([() => 1, () => 2])).resolves.toBe(1);
    await expect(race([() => 1, forever])).resolves.toBe(1);
  });

  it('takes any iterable, and starts all of it', async () => {
    let started = 0;
    function* tasks() {
      for (let index = 0; index < 20; index += 1) {
        yield async (context: TaskContext) => {
          started += 1;
          return index === 19 ? index : forever(context);
        };
      }
    }
    await expect(race(tasks())).resolves.toBe(19);
    expect(started).toBe(20);
  });

  it('fails, although it is won, when one of the others fails by more than its cancellation', async () => {
    const flush = async (context: TaskContext) => forever(context).catch(fail('disk'));
    await expect(race([flush, () => 'won'])).rejects.toThrow(/^disk$/);
    await expect(race([flush, () => 'won', async (context) => forever(context).catch(fail('net'))])).rejects.toThrow(
      '2 errors in one scope: task "flush": disk; task "2": net',
    );
    await expect(race([flush, fail('lost')])).rejects.toThrow(
      '2 errors in one scope: task "1": lost; task "flush": disk',
    );
  });

  it('ignores what the others return', async () => {
    await expect(race([async (context) => forever(context).catch(() => 'second'), () => 'first'])).resolves.toBe(
      'first',
    );
  });

  it('is cancelled by its signal, with its reason, and leaves no listener on it', async () => {
    const { controller, listeners } = countedController();
    let ended = 0;
    const task = async (context: TaskContext) => forever(context).finally(() => (ended += 1));
    const running = race([task, task], { signal: controller.signal });
    await setImmediate();
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    expect(ended).toBe(2);
    expect(listeners()).toBe(0);

    const won = countedController();
    await expect(race([() => 1, task], { signal: won.controller.signal })).resolves.toBe(1);
    expect(won.listeners()).toBe(0);
    await expect(race([task], { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(ended).toBe(3);
  });

  it('fails with the reason of an abort that comes before the first has settled, whatever the tasks make of it', async () => {
    const controller = new AbortController();
    const running = race([async (context) => forever(context).catch(() => 'kept on')], { signal: controller.signal });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
  });

  it('keeps its result when the abort comes while the others end', async () => {
    const controller = new AbortController();
    const late = async (context: TaskContext) =>
      forever(context).catch(async () => {
        controller.abort('late');
        await setImmediate();
      });
    await expect(race([late, () => 'won'], { signal: controller.signal })).resolves.toBe('won');
  });

  it('refuses what is no signal, by its own name', async () => {
    // @ts-expect-error a controller
    await expect(race([() => 1], { signal: new AbortController() })).rejects.toThrow('Option "race.signal" must be');
  });

  it('refuses an empty list, and what is not a function, before it starts anything', async () => {
    let started = 0;
    await expect(race([])).rejects.toMatchObject({
      code: 'DEX_OPTION',
      message: 'Option "race.tasks" must be one task or more, got an array of 0.',
    });
    // @ts-expect-error not a function
    await expect(race([() => (started += 1), 'text'])).rejects.toThrow('Option "race.tasks[1]" must be a function');
    expect(started).toBe(0);
  });
});
