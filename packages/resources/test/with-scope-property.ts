import fc from 'fast-check';
import { expect } from 'vitest';
import { resource, type Scope, ScopeClosedError, ScopeError, trackLeaks, withScope } from '../src/index.ts';
import { countedController } from './counted-controller.ts';

type Answer = 'ignores' | 'handles' | 'rethrows' | 'wraps' | 'fails';
type Step =
  | { do: 'defer' | 'use' | 'useLater'; fails: boolean; ticks: number }
  | { do: 'exit' | 'generator' | 'asyncGenerator'; answer: Answer; ticks: number };

interface Plan {
  steps: Step[];
  tasks: { fails: boolean; ticks: number }[];
  body: 'returns' | 'throws';
  aborts: 'never' | 'in the body' | 'while disposing';
  handled: boolean;
  late: Step[];
}

const ticks = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('defer', 'use', 'useLater'), fails: fc.boolean(), ticks }),
  fc.record({
    do: fc.constantFrom('exit', 'generator', 'asyncGenerator'),
    answer: fc.constantFrom<Answer>('ignores', 'handles', 'rethrows', 'wraps', 'fails'),
    ticks,
  }),
);
const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(step, { maxLength: 10 }),
  tasks: fc.array(fc.record({ fails: fc.boolean(), ticks }), { maxLength: 3 }),
  body: fc.constantFrom('returns', 'throws'),
  aborts: fc.constantFrom('never', 'never', 'in the body', 'while disposing'),
  handled: fc.boolean(),
  late: fc.array(step, { maxLength: 3 }),
});

async function wait(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

/** Errors by name: the order in which body and tasks fail is no part of the promise. */
function namesIn(error: unknown): string[] {
  const errors = error instanceof ScopeError ? error.errors : error === undefined ? [] : [error];
  return errors.map((each) => (each instanceof Error ? each.message : String(each))).toSorted();
}

/** Hands the scope what the step says. Everything writes into `log` when it is disposed of, and what it was told. */
async function take(scope: Scope, each: Step, name: string, log: string[]): Promise<void> {
  if ('fails' in each) {
    const dispose = async (): Promise<void> => {
      log.push(name);
      await wait(each.ticks);
      if (each.fails) throw name;
    };
    if (each.do === 'defer') scope.defer(dispose);
    if (each.do === 'use') scope.use({ [Symbol.asyncDispose]: dispose });
    if (each.do === 'useLater') await scope.use(wait(each.ticks).then(() => ({ [Symbol.asyncDispose]: dispose })));
    return;
  }
  const answer = (error: unknown): boolean => {
    log.push(`${name} told ${namesIn(error).join()}`);
    if (each.answer === 'fails') throw name;
    if (error === undefined) return each.answer === 'handles';
    if (each.answer === 'rethrows') throw error;
    if (each.answer === 'wraps') throw new Error(name, { cause: error });
    return each.answer === 'handles';
  };
  if (each.do === 'exit') {
    scope.onExit(async (error) => {
      await wait(each.ticks);
      return answer(error);
    });
  }
  if (each.do === 'generator') {
    const made = resource(function* held() {
      let told: unknown;
      try {
        yield name;
      } catch (error) {
        told = error;
      }
      if (!answer(told) && told !== undefined) throw told;
    });
    scope.use(made());
  }
  if (each.do === 'asyncGenerator') {
    const made = resource(async function* held() {
      let told: unknown;
      try {
        yield name;
      } catch (error) {
        told = error;
      }
      await wait(each.ticks);
      if (!answer(told) && told !== undefined) throw told;
    });
    await scope.use(made());
  }
}

/** What should come of a plan, by a plain list. */
function predict({ steps, tasks, body, aborts, handled }: Plan): { log: string[]; outcome: string | string[] } {
  const log: string[] = [];
  const aborted = aborts === 'in the body';
  let failures = aborted ? [] : tasks.flatMap(({ fails }, index) => (fails ? [`task ${index}`] : []));
  if (body === 'throws') failures.push('body');
  const mayHandle = body === 'returns' || handled;
  const inFlight = (): string[] => [...(aborted ? ['abort'] : []), ...failures].toSorted();
  for (const [index, each] of [...steps.entries()].toReversed()) {
    const name = `step ${index}`;
    if ('fails' in each) {
      log.push(name);
      if (each.fails) failures.push(name);
      continue;
    }
    log.push(`${name} told ${inFlight().join()}`);
    if (each.answer === 'fails') failures.push(name);
    if (each.answer === 'handles' && mayHandle) failures = [];
    if (each.answer === 'wraps' && failures.length > 0) failures = [name];
  }
  const errors = inFlight();
  if (errors.length > 0) return { log, outcome: errors };
  return { log, outcome: body === 'returns' ? 'result' : 'handled' };
}

/**
 * Whatever fails, is handled or aborted: each resource is disposed of once, in order, when no task runs; exits are told
 * what is in flight; the right errors are thrown; what comes late is disposed of as well; and nothing is left.
 */
export const withScopeProperty = fc.asyncProperty(plan, async (wanted) => {
  using leaks = trackLeaks();
  const { controller, listeners } = countedController();
  const log: string[] = [];
  let running = 0;
  let scope: Scope | undefined;
  const handled = wanted.handled ? () => 'handled' : undefined;
  const ended = withScope({ signal: controller.signal, handled }, async (opened) => {
    scope = opened;
    if (wanted.aborts === 'in the body') controller.abort('abort');
    for (const [index, each] of wanted.steps.entries()) await take(scope, each, `step ${index}`, log);
    if (wanted.aborts === 'while disposing') scope.onExit(() => controller.abort('abort'));
    scope.onExit(() => expect(running).toBe(0));
    for (const [index, { fails, ticks: delay }] of wanted.tasks.entries()) {
      scope.spawn(async () => {
        running += 1;
        await wait(delay);
        running -= 1;
        if (fails) throw `task ${index}`;
      });
    }
    if (wanted.body === 'throws') throw 'body';
    return 'result';
  });
  const outcome: unknown = await ended.catch(namesIn);
  expect({ log, outcome }).toEqual(predict(wanted));

  log.length = 0;
  for (const [index, each] of wanted.late.entries()) {
    // A late disposer that fails is an unhandled rejection, as documented: none does here.
    const harmless: Step = 'fails' in each ? { ...each, fails: false } : { ...each, answer: 'rethrows' };
    await expect(take(scope!, harmless, `late ${index}`, log)).rejects.toThrow(ScopeClosedError);
  }
  await wait(20);
  expect(log.map((line) => line.replace(/ told.*/, '')).toSorted()).toEqual(
    wanted.late.map((_, index) => `late ${index}`),
  );
  expect(leaks.alive()).toEqual([]);
  expect(listeners()).toBe(0);
});
