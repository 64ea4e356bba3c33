import { setTimeout } from 'node:timers/promises';
import type { TaskContext } from '../src/index.ts';

/** Goes on until its signal aborts, and then rejects in Node's way: with an AbortError whose cause is the reason. */
export const forever = async ({ signal }: TaskContext): Promise<never> => {
  await setTimeout(60_000, null, { signal });
  throw new Error('Nobody cancelled this task for a minute.');
};

/** A task that fails in its first tick. */
export const fail = (message: string) => async (): Promise<never> => Promise.reject(new Error(message));
