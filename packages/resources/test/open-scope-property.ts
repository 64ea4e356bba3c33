import fc from 'fast-check';
import { expect } from 'vitest';
import { openScope, type Scope, ScopeError } from '../src/index.ts';

type Ending = 'returns' | 'throws' | 'rejects';
type Hold = { do: 'use' | 'useAsync' | 'useLater' | 'adopt' | 'defer'; ending: Ending; ticks: number };
type Command = Hold | { do: 'spawn'; ending: Ending; ticks: number } | { do: 'move' } | { do: 'wait'; ticks: number };

const ticks = fc.integer({ min: 0, max: 3 });
const ending = fc.constantFrom<Ending>('returns', 'returns', 'throws', 'rejects');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('use', 'useAsync', 'useLater', 'adopt', 'defer'), ending, ticks }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('spawn'), ending, ticks }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ticks }) },
);

async function wait(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

/** A scope, and what a plain list says should come of it. */
class Model {
  readonly scope: Scope;
  held: string[] = [];
  failing: string[] = [];
  readonly failed: string[] = [];
  running = 0;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  spawn(name: string, end: Ending, delay: number): void {
    this.scope.spawn(async ({ signal }) => {
      this.running += 1;
      await wait(delay);
      if (end === 'throws' && !signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      }
      this.running -= 1;
      if (end === 'rejects') {
        this.failed.push(name);
        throw name;
      }
      signal.throwIfAborted();
    });
  }
}

class Run {
  readonly disposed: string[] = [];
  readonly models = [new Model(openScope())];
  closing: Model | undefined;

  async apply(step: Command, index: number): Promise<void> {
    const model = this.models.at(-1)!;
    if (step.do === 'wait') return wait(step.ticks);
    if (step.do === 'move') {
      const moved = new Model(model.scope.move());
      [moved.held, moved.failing] = [model.held.splice(0), model.failing.splice(0)];
      this.models.push(moved);
      return;
    }
    const name = `${step.do} ${index}`;
    if (step.do === 'spawn') return model.spawn(name, step.ending, step.ticks);
    model.held.push(name);
    if (step.ending !== 'returns') model.failing.push(name);
    this.#hold(model.scope, name, step);
  }

  #hold(scope: Scope, name: string, { do: how, ending: end, ticks: delay }: Hold): void {
    const dispose = (): void => {
      this.disposed.push(`${name}, ${this.closing?.running} tasks running`);
      if (end !== 'returns') throw name;
    };
    const disposeAsync = async (): Promise<void> => {
      await wait(delay);
      dispose();
    };
    const either = end === 'throws' ? dispose : disposeAsync;
    if (how === 'use') scope.use({ [Symbol.dispose]: dispose });
    if (how === 'useAsync') scope.use({ [Symbol.asyncDispose]: disposeAsync });
    if (how === 'useLater') void scope.use(wait(delay).then(() => ({ [Symbol.asyncDispose]: disposeAsync })));
    if (how === 'adopt') scope.adopt(name, either);
    if (how === 'defer') scope.defer(either);
  }
}

/** Whatever is called on it, it ends its tasks, disposes of all it holds once, in order, and reports every error. */
export const openScopeProperty = fc.asyncProperty(fc.array(command, { maxLength: 20 }), async (steps) => {
  const run = new Run();
  for (const [index, step] of steps.entries()) await run.apply(step, index);
  for (const model of run.models) {
    const { scope, held, failing, failed } = model;
    run.closing = model;
    const before = run.disposed.length;
    const error: unknown = await scope.close().catch((caught: unknown) => caught);
    expect(run.disposed.slice(before)).toEqual(held.map((name) => `${name}, 0 tasks running`).toReversed());
    const errors = error instanceof ScopeError ? error.errors : error === undefined ? [] : [error];
    expect(errors).toEqual([...failed, ...failing.toReversed()]);
    expect(scope.disposed).toBe(true);
    expect(scope.signal.aborted).toBe(true);
  }
});
