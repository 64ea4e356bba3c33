import { expectTypeOf } from 'vitest';
import { type Policy, policy, retry, timeout } from './index.ts';

const stack: Policy = policy(timeout(10), retry());

const daily = stack(async (city: string, _days?: number) => city.length);
expectTypeOf(daily).toEqualTypeOf<(this: unknown, city: string, _days?: number) => Promise<number>>();
// @ts-expect-error a wrapped function keeps the types of its arguments
void daily(5);
// @ts-expect-error only functions that return a promise
stack((city: string) => city);

const answer = stack.run(async ({ attempt, signal }) => [attempt, signal.aborted] as const);
expectTypeOf(answer).toEqualTypeOf<Promise<readonly [number, boolean]>>();
// @ts-expect-error an attempt has no such field
void stack.run(async ({ attempts }) => attempts);

// @ts-expect-error misspelt option
retry({ attempt: 3 });

export class Weather {
  @stack static async cities(): Promise<number> {
    return 2;
  }
  // @ts-expect-error not on a method that returns no promise
  @stack now(): number {
    return 2;
  }
  // @ts-expect-error not on a field
  @stack city = 'Seattle';
}

declare const byCity: Policy<[city: string, ...unknown[]]>;
byCity(async (city: string, _options?: { signal?: AbortSignal }) => city);
// @ts-expect-error the key is made from a string
byCity(async (station: number) => station);
// @ts-expect-error the key is made from an argument, so the wrapped function takes one
void byCity(async () => 'Seattle')();
policy(retry(), byCity, timeout(10))(async (city: string) => city);
// @ts-expect-error composing keeps what its parts ask for
policy(retry(), byCity, timeout(10))(async (station: number) => station);
expectTypeOf(policy('weather', byCity)).toEqualTypeOf<typeof byCity>();
// @ts-expect-error a policy that needs a key is not one for any function
export const any: Policy = byCity;
