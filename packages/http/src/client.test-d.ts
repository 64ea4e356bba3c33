import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { createClient } from './index.ts';

const api = createClient();
const Day = z.object({ tempMax: z.string().transform(Number) });

expectTypeOf(api.get('/').json()).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(api.get('/').json(Day)).toEqualTypeOf<Promise<{ tempMax: number }>>();
expectTypeOf(api.get('/').ndjson(Day)).toEqualTypeOf<AsyncIterable<{ tempMax: number }>>();

// @ts-expect-error a schema, not a type of one's own
void api.get('/').json({ tempMax: 1 });
// @ts-expect-error misspelt option
void api.get('/', { querry: {} });
// @ts-expect-error a query has no nested objects
void api.get('/', { query: { a: { b: 1 } } });
// @ts-expect-error a client has no such option
createClient({ timeout: 5 });
