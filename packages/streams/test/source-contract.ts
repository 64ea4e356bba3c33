import { describe, expect, it } from 'vitest';
import { map, pipe, type PipeSource, run, take } from '../src/index.ts';
import { Crash, memory, runUntilDone } from './checkpoints.ts';

/** What every source that may be opened again keeps to. @param open Gives a source of at least 10 items, the same each time. */
export function describeSource<T>(name: string, open: () => PipeSource<T>): void {
  describe(`${name}, as a source`, () => {
    it('hands over the same items each time it is opened', async () => {
      const items = await Array.fromAsync(open());
      expect(items.length).toBeGreaterThanOrEqual(10);
      expect(await Array.fromAsync(pipe(open()))).toEqual(items);
    });

    it('gives the same to a consumer that waits as to one that does not', async () => {
      const items: T[] = [];
      for await (const item of pipe(open())) {
        await new Promise((resolve) => setImmediate(resolve));
        items.push(item);
      }
      expect(items).toEqual(await Array.fromAsync(open()));
    });

    it('can be left early, and aborted', async () => {
      expect(await Array.fromAsync(pipe(open(), take(2)))).toHaveLength(2);
      const controller = new AbortController();
      const sink = { write: () => controller.abort(new Crash()), close() {} };
      await expect(run(open(), sink, { signal: controller.signal })).rejects.toThrow(Crash);
    });

    it('goes on where it stood, wherever a run crashed', async () => {
      const whole = await Array.fromAsync(open());
      for (const every of [1, 4]) {
        const { kept, store, exactSink } = memory();
        const left = new Set([0, 3, 7, whole.length - 1]);
        let seen = 0;
        const crashing = () => {
          seen = kept.items.length;
          return pipe(
            open(),
            map((item) => {
              if (left.delete(seen)) throw new Crash();
              seen += 1;
              return item;
            }),
          );
        };
        await runUntilDone(crashing, exactSink, store, every);
        expect(kept.items).toEqual(whole);
      }
    });
  });
}
