import { type CheckpointStore, type PipeSource, run, type Sink } from '../src/index.ts';

/** What outlives a crash. */
export function memory() {
  const kept = { checkpoint: undefined as string | undefined, items: [] as unknown[], calls: [] as string[] };
  const store: CheckpointStore = {
    load: async () => kept.checkpoint,
    async save(checkpoint) {
      kept.calls.push('save');
      kept.checkpoint = checkpoint;
    },
  };
  /** Can take back what was written after a checkpoint. */
  const exactSink = (): Sink<unknown, number> => ({
    write: (items) => void kept.items.push(...items),
    prepare() {
      kept.calls.push('prepare');
      return kept.items.length;
    },
    commit: (token) => void kept.calls.push(`commit ${JSON.stringify(token)}`),
    recover(token) {
      kept.calls.push(`recover ${JSON.stringify(token)}`);
      kept.items.length = Number(token);
    },
    close: () => kept.items.length,
    abort: () => void kept.calls.push('abort'),
  });
  const plainSink = (): Sink<unknown, number> => ({
    write: (items) => void kept.items.push(...items),
    close: () => kept.items.length,
  });
  return { kept, store, exactSink, plainSink };
}

/** Thrown where a process would end. */
export class Crash extends Error {}

/** Runs what `open` gives until it ends, each time after the crash before. @returns How many runs it took. */
export async function runUntilDone<T>(
  open: () => PipeSource<T>,
  sink: () => Sink<T, unknown>,
  store: CheckpointStore,
  everyItems = 1,
): Promise<number> {
  for (let runs = 1; ; runs += 1) {
    try {
      await run(open(), sink(), { checkpoint: { store, everyItems } });
      return runs;
    } catch (error) {
      if (!hasCrashed(error)) throw error;
    }
  }
}

function hasCrashed(error: unknown): boolean {
  return error instanceof Crash || (error instanceof Error && error.cause instanceof Crash);
}
