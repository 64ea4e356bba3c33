import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import type { ServerSentEvent } from '@dataenginex/streams';
import { createClient, type SseEvent, type RequestOptions } from './index.ts';

const api = createClient();
const Day = z.object({ tempMax: z.string().transform(Number) });

expectTypeOf(api.get('/').json()).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(api.get('/').json(Day)).toEqualTypeOf<Promise<{ tempMax: number }>>();
expectTypeOf(api.get('/').ndjson(Day)).toEqualTypeOf<AsyncIterable<{ tempMax: number }>>();

expectTypeOf(api.get('/').sse()).toEqualTypeOf<AsyncIterable<ServerSentEvent>>();
expectTypeOf(api.get('/').sse({ reconnect: 3 })).toEqualTypeOf<AsyncIterable<ServerSentEvent>>();
expectTypeOf(api.get('/').sse(Day, { reconnect: false })).toEqualTypeOf<AsyncIterable<SseEvent<{ tempMax: number }>>>();

void api.post('/', { body: new Blob([]) });
void api.post('/', { body: () => new ReadableStream<Uint8Array>() });
// @ts-expect-error a request body is no number
void api.post('/', { body: 5 });
// @ts-expect-error an array is no stream
void api.post('/', { body: ['x'] });
// @ts-expect-error a misspelt option of sse
void api.get('/').sse({ reconect: false });
// @ts-expect-error true is no count
void api.get('/').sse(Day, { reconnect: true });
// @ts-expect-error a schema, not a type of one's own
void api.get('/').json({ tempMax: 1 });
// @ts-expect-error misspelt option
void api.get('/', { querry: {} });
// @ts-expect-error a query has no nested objects
void api.get('/', { query: { a: { b: 1 } } });
// @ts-expect-error a client has no such option
createClient({ timeout: 5 });

interface DaysQuery {
  readonly city: string;
  limit?: number;
  tags?: readonly string[] | undefined;
  until?: Date | null;
}
declare const days: DaysQuery;
void api.get('/days', { query: days });
void api.request('REPORT', '/days', { query: days });
const options: RequestOptions = { query: { city: 'Seattle', limit: undefined } };
void api.post('/days', options);

interface Nested {
  readonly at: { readonly latitude: number };
}
declare const nested: Nested;
// @ts-expect-error a property that is an object
void api.get('/days', { query: nested });
// @ts-expect-error a query is no text
void api.get('/days', { query: 'a=1' });
// @ts-expect-error misspelt option beside a query of one's own type
void api.get('/days', { query: days, heders: {} });
