import { describe, expect, it } from 'vitest';
import { fromChunks, pipe, run, type Sink } from '../src/index.ts';
import { Crash, memory, runUntilDone } from './checkpoints.ts';

/** Where a sink writes, and what is in it now. */
export interface Target {
  readonly sink: () => Sink<string, unknown>;
  readonly read: () => Promise<string>;
}

/** What every sink with `prepare` and `recover` keeps to. @param make Gives a target that nothing has been written to. */
export function describeSink(name: string, make: () => Promise<Target>): void {
  const letters = 'abcdefghij'.split('');

  describe(`${name}, as a sink`, () => {
    it('holds all items in order once the run has settled', async () => {
      const { sink, read } = await make();
      await run(letters, sink());
      expect(await read()).toBe('abcdefghij');
    });

    it('holds nothing of a run without checkpoints that failed', async () => {
      const { sink, read } = await make();
      const source = fromChunks(function* () {
        yield letters;
        throw new Crash();
      });
      await expect(run(source, sink())).rejects.toThrow(Crash);
      expect(await read()).toBe('');
    });

    it('may be aborted before anything was written', async () => {
      const { sink, read } = await make();
      const source = fromChunks<string>(() => {
        throw new Crash();
      });
      await expect(run(pipe(source), sink())).rejects.toThrow(Crash);
      expect(await read()).toBe('');
    });

    it('gets each item exactly once, wherever a run crashed', async () => {
      for (const at of ['prepare', 'save', 'commit', 'close'] as const) {
        for (let times = 1; times < 6; times += 1) {
          const { sink, read } = await make();
          const { store } = memory();
          let left = times;
          const crash = (step: string): void => {
            if (step === at && --left === 0) throw new Crash();
          };
          const crashing = (): Sink<string, unknown> => {
            const inner = sink();
            return {
              write: (items) => inner.write(items),
              async prepare() {
                const token = await inner.prepare?.();
                crash('prepare');
                return token;
              },
              async commit(token) {
                crash('commit');
                await inner.commit?.(token);
              },
              recover: (token) => inner.recover?.(token),
              async close() {
                await inner.close();
                crash('close');
              },
              abort: (reason) => inner.abort?.(reason),
            };
          };
          const failing = {
            ...store,
            async save(...saved: Parameters<typeof store.save>) {
              await store.save(...saved);
              crash('save');
            },
          };
          await runUntilDone(() => fromChunks(() => letters.map((letter) => [letter])), crashing, failing);
          expect(await read(), `${at} ${times}`).toBe('abcdefghij');
        }
      }
    });
  });
}
