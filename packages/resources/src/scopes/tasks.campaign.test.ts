import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedController } from '../../test/counted-controller.ts';
import {
  all,
  race,
  type Scope,
  ScopeError,
  ScopeTimeoutError,
  type TaskContext,
  trackLeaks,
  withScope,
} from '../index.ts';

const scale = Number(process.env['DEX_CAMPAIGN'] ?? 0.02);

type Step =
  | { do: 'wait'; ticks: number; heeds: boolean }
  | { do: 'sleep' | 'fail' | 'abort' }
  | { do: 'close' }
  | { do: 'defer'; ticks: number; fails: boolean }
  | { do: 'spawn'; steps: Step[] }
  | { do: 'shield'; steps: Step[]; timeoutMs: number }
  | { do: 'scope'; steps: Step[]; linked: boolean; caught: boolean }
  | { do: 'all' | 'race'; tasks: Step[][]; concurrency: number; caught: boolean };

const ticks = fc.integer({ min: 0, max: 6 });
const { steps: schedule } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 6, size: 'max' }),
  step: fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('wait'), ticks, heeds: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fail') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('close') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('defer'), ticks, fails: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('spawn'), steps: tie('steps') }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('shield'), steps: tie('steps'), timeoutMs: fc.constantFrom(0, 60_000) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('scope'),
        steps: tie('steps'),
        linked: fc.boolean(),
        caught: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('all', 'race'),
        tasks: fc.array(tie('steps'), { minLength: 1, maxLength: 4 }),
        concurrency: fc.integer({ min: 1, max: 3 }),
        caught: fc.boolean(),
      }),
    },
  ),
}));

/** A failure that nothing explains but itself: each is to be reported once. */
class Fault extends Error {}

/** What an error says, a scope's error of several taken apart. */
function parts(error: unknown): unknown[] {
  return error instanceof ScopeError ? error.errors.flatMap(parts) : [error];
}

class Run {
  readonly outer = countedController();
  readonly reason = new Error('outer');
  readonly thrown: unknown[] = [];
  readonly reported: unknown[] = [];
  readonly wrong: string[] = [];
  /** Bodies and tasks under way, generators not closed, and disposers not called. */
  open = 0;
  events = 0;

  async start(steps: Step[]): Promise<void> {
    const error: unknown = await this.#scope(steps, this.outer.controller.signal).catch((caught: unknown) => caught);
    if (error === undefined) return;
    const told = parts(error);
    if (new Set(told).size < told.length) this.wrong.push('An error was reported twice.');
    this.reported.push(...told);
  }

  /** Runs a scope that keeps its own books: what of it runs, and what it is to dispose of next. */
  async #scope(steps: Step[], signal: AbortSignal | undefined): Promise<void> {
    const books = { running: 0, held: [] as number[] };
    await withScope({ signal }, async (scope) => this.#work(steps, scope, { scope, books }));
    if (books.running > 0) this.wrong.push('A scope ended before its tasks.');
    if (books.held.length > 0) this.wrong.push('A scope ended before its disposers.');
  }

  async #task(steps: Step[], context: TaskContext, own: Own): Promise<void> {
    own.books.running += 1;
    await this.#work(steps, context, own).finally(() => {
      own.books.running -= 1;
    });
  }

  async #work(steps: Step[], { signal }: TaskContext, own?: Own): Promise<void> {
    this.open += 1;
    try {
      for (const step of steps) {
        this.events += 1;
        if (await this.#step(step, signal, own)) return;
      }
    } finally {
      this.open -= 1;
    }
  }

  /** Returns true when the rest of the steps is to be left out. */
  async #step(step: Step, signal: AbortSignal, own: Own | undefined): Promise<boolean | void> {
    switch (step.do) {
      case 'wait':
        return this.#wait(step.ticks, step.heeds ? signal : undefined);
      case 'sleep':
        return setImmediate();
      case 'fail':
        throw this.#fault();
      case 'abort':
        return this.outer.controller.abort(this.reason);
      case 'scope':
        return this.#caught(step.caught, signal, this.#scope(step.steps, step.linked ? signal : undefined));
      case 'all':
        return this.#caught(step.caught, signal, all(this.#tasks(step.tasks), { ...step, signal }));
      case 'race':
        return this.#caught(step.caught, signal, race(this.#tasks(step.tasks), { signal }));
      case 'close':
      case 'defer':
      case 'spawn':
      case 'shield':
        return own === undefined ? undefined : this.#onScope(step, own);
    }
  }

  async #onScope(step: Extract<Step, { do: 'close' | 'defer' | 'spawn' | 'shield' }>, own: Own): Promise<boolean> {
    const { scope } = own;
    if (step.do === 'close') {
      void scope.close(); // without waiting: a task must not wait for the closing of its own scope
      return true;
    }
    if (step.do === 'defer' && !scope.disposed) this.#defer(step.ticks, step.fails, own);
    if (step.do === 'spawn') scope.spawn(async (context) => this.#task(step.steps, context, own));
    if (step.do === 'shield') {
      const { timeoutMs } = step;
      scope.shield(
        async (context) => {
          try {
            await this.#task(step.steps, context, own);
          } finally {
            const { aborted, reason } = context.signal;
            if (aborted && !(reason instanceof ScopeTimeoutError && timeoutMs === 0))
              this.wrong.push('A shield broke.');
          }
        },
        { timeoutMs },
      );
    }
    return false;
  }

  #defer(delay: number, fails: boolean, { scope, books }: Own): void {
    const id = this.events;
    books.held.push(id);
    this.open += 1;
    scope.defer(async () => {
      if (books.running > 0) this.wrong.push('Something was disposed of before the tasks had ended.');
      if (books.held.pop() !== id) this.wrong.push('Something was disposed of twice or out of turn.');
      await this.#wait(delay, undefined);
      this.open -= 1;
      if (fails) throw this.#fault();
    });
  }

  *#tasks(lists: Step[][]): Generator<(context: TaskContext) => Promise<void>> {
    this.open += 1;
    try {
      for (const steps of lists) yield async (context) => this.#work(steps, context);
    } finally {
      this.open -= 1;
    }
  }

  /** Whoever catches the error of a scope was told of all in it, save what the scope was cancelled with from outside. */
  async #caught(caught: boolean, signal: AbortSignal, running: Promise<unknown>): Promise<void> {
    try {
      await running;
    } catch (error) {
      if (!caught) throw error;
      const known = signal.aborted ? parts(signal.reason) : [];
      this.reported.push(...parts(error).filter((part) => !known.includes(part)));
    }
  }

  async #wait(count: number, signal: AbortSignal | undefined): Promise<void> {
    for (let tick = 0; tick < count; tick += 1) {
      await Promise.resolve();
      signal?.throwIfAborted();
    }
  }

  #fault(): Fault {
    const fault = new Fault(`fault ${this.thrown.length}`);
    this.thrown.push(fault);
    return fault;
  }
}

interface Own {
  scope: Scope;
  books: { running: number; held: number[] };
}

describe('scopes and tasks under any schedule', () => {
  const numRuns = Math.ceil(10_000 * scale);

  it(
    `settle when nothing runs, dispose of each resource once, and report each error once (${numRuns} schedules)`,
    { timeout: 120_000 + numRuns * 20 },
    async () => {
      const rejections: unknown[] = [];
      const onRejection = (error: unknown): void => void rejections.push(error);
      process.on('unhandledRejection', onRejection);
      using leaks = trackLeaks();
      await fc.assert(
        fc.asyncProperty(schedule, async (steps) => {
          const run = new Run();
          await run.start(steps);
          const { events } = run;
          expect({ open: run.open, wrong: run.wrong, listeners: run.outer.listeners() }).toEqual({
            open: 0,
            wrong: [],
            listeners: 0,
          });
          const faults = run.reported.filter((error) => error instanceof Fault);
          expect(new Set(faults)).toEqual(new Set(run.thrown));
          expect(faults).toHaveLength(run.thrown.length);
          expect(leaks.alive()).toEqual([]);
          await setImmediate();
          expect(run.events).toBe(events);
          expect(rejections).toEqual([]);
        }),
        { numRuns, timeout: 10_000 }, // ends and shrinks a schedule that hangs
      );
      process.off('unhandledRejection', onRejection);
    },
  );
});
