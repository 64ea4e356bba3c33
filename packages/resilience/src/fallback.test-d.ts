import { expectTypeOf } from 'vitest';
import { fallback, policy, retry } from './index.ts';

const fetchDaily = async (city: string, _options?: { signal?: AbortSignal }): Promise<number> => city.length;

// A value: the result or that.
const orNull = fallback(null)(retry()(fetchDaily));
expectTypeOf(orNull).toEqualTypeOf<
  (this: unknown, city: string, _options?: { signal?: AbortSignal }) => Promise<number | null>
>();
expectTypeOf(fallback(0)(fetchDaily)).returns.toEqualTypeOf<Promise<number>>();
expectTypeOf(fallback(null).run(async () => 1)).toEqualTypeOf<Promise<number | null>>();

// A function, of the error alone or of the arguments as well, at once or later.
expectTypeOf(fallback((error) => String(error))(fetchDaily)).returns.toEqualTypeOf<Promise<number | string>>();
const byCity = fallback(async (_error, city: string) => city);
expectTypeOf(byCity(fetchDaily)).returns.toEqualTypeOf<Promise<number | string>>();
void fallback((error) => error).run(async () => 1);
// @ts-expect-error the fallback takes a city
byCity(async (day: number) => day);
// @ts-expect-error under run there are no arguments
void byCity.run(async () => 1);
// @ts-expect-error an error is unknown
fallback((error: Error) => error.message);

// In a composition it would break the promise that a policy gives back what it was given.
// @ts-expect-error it wraps outside
policy(fallback(null), retry());

export class Weather {
  @fallback(0) async daily(city: string): Promise<number> {
    return city.length;
  }
  @fallback([]) async cities(): Promise<string[]> {
    return ['Seattle'];
  }
  @fallback((_error, city: string) => city.length) async hourly(city: string): Promise<number> {
    return city.length;
  }
  // @ts-expect-error the method promises a number
  @fallback(null) async rain(city: string): Promise<number> {
    return city.length;
  }
  // @ts-expect-error the fallback takes a city
  @fallback((_error, city: string) => city.length) async snow(day: number): Promise<number> {
    return day;
  }
}
