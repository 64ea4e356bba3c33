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

const Page = z.object({ rows: z.array(Day), next: z.string().optional() });
expectTypeOf(api.paginate('/')).toEqualTypeOf<AsyncIterable<unknown>>();
expectTypeOf(api.paginate('/', { schema: Page })).toEqualTypeOf<AsyncIterable<z.output<typeof Page>>>();
expectTypeOf(api.paginate('/', { schema: Page, items: ({ rows }) => rows })).toEqualTypeOf<
  AsyncIterable<{ tempMax: number }>
>();
expectTypeOf(api.paginate('/', { items: () => [1] })).toEqualTypeOf<AsyncIterable<number>>();
void api.paginate('/', { schema: Page, next: (page, { pageNumber }) => page.next ?? { page: pageNumber } });
// @ts-expect-error without a schema a page is unknown
void api.paginate('/', { items: (page: number[]) => page });
// @ts-expect-error a page has no such field
void api.paginate('/', { schema: Page, items: ({ row }) => row });
// @ts-expect-error a page is read, not sent
void api.paginate('/', { json: 1 });
// @ts-expect-error neither a URL nor a query
void api.paginate('/', { next: () => 5 });

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
