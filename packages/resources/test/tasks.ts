import type { TaskContext } from '../src/index.ts';

/** Never ends by itself; once its signal aborts, it rejects with the reason. */
export const forever = async ({ signal }: TaskContext): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as unknown);
    else signal.addEventListener('abort', () => reject(signal.reason as unknown), { once: true });
  });

/** A task that fails in its first tick. */
export const fail = (message: string) => async (): Promise<never> => Promise.reject(new Error(message));
