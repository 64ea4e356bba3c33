import { expectTypeOf } from 'vitest';
import { type Bulkhead, bulkhead, type Policy, policy, rateLimit, retry } from '../index.ts';

export const plain: Policy = bulkhead();
expectTypeOf(bulkhead()).toEqualTypeOf<Bulkhead>();
expectTypeOf(bulkhead().active).toEqualTypeOf<number>();
// @ts-expect-error how many run is for reading
bulkhead().active = 1;
// @ts-expect-error misspelt option
bulkhead({ concurrency: 3 });
// @ts-expect-error misspelt bound
bulkhead({ concurrent: { maximum: 3 } });
void plain.run(async () => 1, { priority: 2 });
// @ts-expect-error a priority is a number
void plain.run(async () => 1, { priority: 'high' });

const urgent = bulkhead({ priority: (_city: string, urgency: number) => urgency });
expectTypeOf(urgent(async (city: string, _urgency: number, _days?: number) => city)).returns.toEqualTypeOf<
  Promise<string>
>();
// @ts-expect-error the priority is made from a number
urgent(async (city: string, _urgency: string) => city);
// @ts-expect-error composing keeps what its parts ask for
policy(retry(), urgent)(async (_city: number) => {});
// @ts-expect-error the priority is a number
bulkhead({ priority: (city: string) => city });

// @ts-expect-error a rate has a limit
rateLimit({});
const byCity = rateLimit({ limit: 1, key: (city: string) => city });
byCity(async (city: string, _days: number) => city);
// @ts-expect-error the key is made from a string
byCity(async (station: number) => station);
// @ts-expect-error a key is a string
rateLimit({ limit: 1, key: (station: number) => station });
