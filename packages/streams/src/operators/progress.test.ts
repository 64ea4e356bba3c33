import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { delay, watched } from '../../test/sources.ts';
import { batch, fromChunks, map, pipe, progress, type Progress, run } from '../index.ts';

function recorder() {
  const reports: Progress[] = [];
  return { reports, onProgress: (report: Progress) => void reports.push(report) };
}

describe('progress', () => {
  it('lets the items through and reports the whole at the end', async () => {
    const { reports, onProgress } = recorder();
    const rows = pipe([1, 2, 3], progress({ onProgress, total: 3 }), batch(2));
    expect(await Array.fromAsync(rows)).toEqual([[1, 2], [3]]);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ done: 3, total: 3, remainingMs: 0, isOver: true });
    expect(reports[0]?.perSecond).toBeGreaterThan(0);
  });

  it('reports as it goes, counts what was taken, and foretells the rest from the rate', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { reports, onProgress } = recorder();
    const source = fromChunks(async function* () {
      for (let page = 0; page < 20; page += 1) {
        await delay(5);
        yield [1, 2, 3, 4, 5];
      }
    });
    const running = run(pipe(source, progress({ onProgress, total: 100, everyMs: 20 })));
    await vi.advanceTimersByTimeAsync(200);
    await running;
    expect(reports.length).toBeGreaterThan(2);
    const halfway = reports.find(({ done }) => done >= 30 && done <= 80);
    if (halfway === undefined) throw new Error('no report on the way');
    const { done, perSecond, remainingMs = NaN, elapsedMs } = halfway;
    expect(halfway.isOver).toBe(false);
    expect(remainingMs).toBeCloseTo(((100 - done) / perSecond) * 1000, 6);
    expect(perSecond).toBeGreaterThan(100);
    expect(perSecond).toBeLessThan(1_100);
    expect(elapsedMs).toBeGreaterThanOrEqual(20);
    expect(reports.at(-1)).toMatchObject({ done: 100, remainingMs: 0, isOver: true });
  });

  it('goes on reporting while nothing comes, with a rate that falls', async () => {
    const { reports, onProgress } = recorder();
    async function* stalled() {
      yield 1;
      await delay(200);
      yield 2;
    }
    await run(pipe(stalled(), progress({ onProgress, everyMs: 2, total: 2 })));
    const waiting = reports.filter(({ done, isOver }) => done === 1 && !isOver);
    expect(waiting.length).toBeGreaterThan(5);
    expect(waiting.at(-1)?.perSecond).toBe(0);
    expect(waiting.at(-1)?.remainingMs).toBeUndefined();
  });

  it('does not count what has not been taken', async () => {
    const { reports, onProgress } = recorder();
    const rows = pipe(
      fromChunks(() => [[1], [2]]),
      progress({ onProgress, everyMs: 5 }),
    );
    for await (const n of rows) {
      await delay(30);
      expect(reports.at(-1)?.done).toBe(n - 1);
    }
  });

  it('weighs items, and knows no remaining time without a total', async () => {
    const { reports, onProgress } = recorder();
    await run(pipe(['ab', 'c'], progress({ onProgress, amountOf: ({ length }) => length })));
    expect(reports[0]).toMatchObject({ done: 3, total: undefined, remainingMs: undefined });
  });

  it('makes no last report when the pipe fails or is left, and leaves no timer behind', async () => {
    const { reports, onProgress } = recorder();
    const { items } = watched(10);
    const watch = progress<number>({ onProgress, everyMs: 5 });
    for await (const _ of pipe(items(), watch)) break;
    const failing = pipe(
      [1],
      watch,
      map(() => {
        throw new Error('bad');
      }),
    );
    await expect(run(failing)).rejects.toThrow('bad');
    const stuck = watched(1, { hangs: true });
    await expect(run(pipe(stuck.items(), watch), undefined, { signal: AbortSignal.timeout(5) })).rejects.toThrow();
    const before = reports.length;
    expect(reports.some(({ isOver }) => isOver)).toBe(false);
    await delay(30);
    expect(reports).toHaveLength(before);
  });

  it('fails as an operator when one of its functions throws, be it in a timer', async () => {
    const cause = new Error('screen');
    const onProgress = ({ isOver }: Progress) => {
      if (!isOver) throw cause;
    };
    const { seen, items } = watched(Infinity);
    const slow = pipe(
      items(),
      map((n) => n),
      progress({ onProgress, everyMs: 5 }),
    );
    await expect(run(slow)).rejects.toMatchObject({ operator: 'progress', place: 2, cause });
    expect(seen.closed).toBe(1);
    const last = progress({
      onProgress: () => {
        throw cause;
      },
    });
    await expect(run(pipe([1], last))).rejects.toMatchObject({ operator: 'progress', cause });
    const amountOf = (n: number): number => {
      if (n === 2) throw cause;
      return n;
    };
    await expect(run(pipe([1, 2], progress({ onProgress, amountOf })))).rejects.toMatchObject({
      operator: 'progress',
      position: { index: 1 },
    });
  });

  it('refuses what cannot work and names it', () => {
    const onProgress = () => {};
    // @ts-expect-error somebody must be told
    expect(() => progress({})).toThrow('Option "progress.onProgress" must be a function, got undefined.');
    expect(() => progress({ onProgress, total: NaN })).toThrow('Option "progress.total"');
    expect(() => progress({ onProgress, everyMs: 0 })).toThrow('Option "progress.everyMs"');
    // @ts-expect-error not a function
    expect(() => progress({ onProgress, amountOf: 'bytes' })).toThrow('Option "progress.amountOf"');
  });
});
