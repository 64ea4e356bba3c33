import { expectTypeOf } from 'vitest';
import { cache, coalesce, policy, retry, timeout } from './index.ts';

interface DailyOptions {
  readonly signal?: AbortSignal | undefined;
}

const byCity = coalesce({ key: (city: string) => city.toLowerCase() });

const daily = byCity(async (city: string, _options?: DailyOptions) => city.length);
expectTypeOf(daily).toEqualTypeOf<(this: unknown, city: string, _options?: DailyOptions) => Promise<number>>();
// A narrower argument is fine, since the key takes it as well.
byCity(async (city: 'Paris' | 'Seattle') => city);
// @ts-expect-error the key takes a string
byCity(async (day: number) => day);
// A function that needs no city still must be given one, for the key.
expectTypeOf(byCity(async (city?: string) => city)).toBeCallableWith('Paris');
expectTypeOf(byCity(async () => 1)).toBeCallableWith('Paris', 7);
// @ts-expect-error no city
void byCity(async (city?: string) => city)();
// @ts-expect-error a key is a string
coalesce({ key: (day: number) => day });
void byCity.run(async () => 1, { key: 'Paris' });

// Without one, any function; what its arguments are is told at run time.
coalesce()(async (day: Date) => day);

// It composes with policies that take any function, and keeps what the key asks for.
const stack = policy(timeout(10), byCity, retry());
expectTypeOf(stack(async (city: string, days: number) => city.length + days)).parameters.toEqualTypeOf<
  [city: string, days: number]
>();
// @ts-expect-error the key takes a string
stack(async (day: number) => day);

export class Weather {
  @byCity async daily(city: string): Promise<number> {
    return city.length;
  }
  // @ts-expect-error there is nothing to make the key from
  @byCity async all(): Promise<number> {
    return 1;
  }
  // @ts-expect-error the key takes a string
  @byCity async hourly(day: number): Promise<number> {
    return day;
  }
}

const kept = cache({ key: (city: string, days: number) => `${city} ${days}`, negativeIf: (result) => result === null });
const forecast = kept(async (city: string, days: number) => (days > 16 ? null : city));
expectTypeOf(forecast).toEqualTypeOf<(this: unknown, city: string, days: number) => Promise<string | null>>();
// @ts-expect-error the key takes a number of days as well
kept(async (city: string, days: string) => city + days);
// @ts-expect-error a result is not known when the cache is made
cache({ negativeIf: (result: string) => result === '' });
// @ts-expect-error misspelt option
cache({ ttl: 5 });
expectTypeOf(kept.size).toEqualTypeOf<number>();
// @ts-expect-error read only
kept.size = 0;
const named = policy('forecast', timeout(10), kept, byCity);
expectTypeOf(named(async (city: string, days: number) => city.length + days)).parameters.toEqualTypeOf<
  [city: string, days: number]
>();
// @ts-expect-error a composed policy asks for what the keys in it ask for
named(async (day: number) => day);
// @ts-expect-error composing takes the policy, not its members
policy(kept).invalidate();
