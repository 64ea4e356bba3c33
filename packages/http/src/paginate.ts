import { checkFunction, checkInteger, OptionError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkSchema, decodeJson, validate } from './bodies/body.ts';
import type { RequestOptions } from './request-options.ts';
import { readContent } from './bodies/content.ts';
import { PaginationError } from './errors.ts';
import { redact } from './facts.ts';
import { findLink } from './link-header.ts';
import { fieldOf, type Fields, type Outgoing, type Reply, toHeaders } from './layers/message.ts';
import { perform, type RequestPlan } from './perform.ts';
import { belongsToOrigin } from './layers/redirects.ts';
import type { BodyOptions } from './bodies/request-body.ts';
import { hasCredentials, isHttp, type Query, toSearchParams } from './url.ts';

/** What is known of a page beside its body. */
export interface PageContext {
  /** Where it came from. */
  readonly url: URL;
  readonly headers: Headers;
  /** From 1. */
  readonly pageNumber: number;
}

/**
 * Where the next page is: a URL, which may be relative to that of the page, or what changes in its query. Nothing, or an
 * empty text, is the end.
 */
export type NextPage = string | URL | Query | false | null | undefined;

/** Options of `paginate`: those of a request, which hold for each page but for `query`, and these. */
export interface PaginateOptions<Page, Item> extends Omit<
  RequestOptions,
  keyof BodyOptions | 'idempotencyKey' | 'onUploadProgress' | 'throwHttpErrors'
> {
  /** Reads each page. @default none: pages are `unknown` */
  schema?: StandardSchemaV1 | undefined;
  /** What a page holds. @default the page itself */
  items?: ((page: Page) => Iterable<Item>) | undefined;
  /** @default what the `Link` header has as `rel="next"` */
  next?: ((page: Page, context: PageContext) => NextPage) | undefined;
  /** Pages at most, up to 1,000,000; one more is an error. @default 1_000 */
  maxPages?: number | undefined;
  /** Whether to follow to another origin, without what is secret: `Authorization`, cookies, keys. @default false */
  crossOrigin?: boolean | undefined;
}

/** Options without a schema, whose pages are `unknown`. */
type Unread<Item> = PaginateOptions<unknown, Item> & { readonly schema?: undefined };

type Read<S extends StandardSchemaV1, Item> = PaginateOptions<StandardSchemaV1.InferOutput<S>, Item> & {
  readonly schema: S;
};

export interface Paginate {
  /**
   * What a list holds that comes in pages, page by page: the items of each, or the pages themselves where `items` does
   * not say what is in them. The next page is asked for once all of one has been taken. Each iteration begins anew.
   *
   * @throws {PaginationError} At a next page that was there before, is on another origin, is no URL, or is one too many.
   * @throws {HttpError} When the request of a page fails, or its body is not what was wanted.
   * @throws {OptionError} At once, when an option cannot work.
   */
  <S extends StandardSchemaV1, Item = StandardSchemaV1.InferOutput<S>>(
    path: string | URL,
    options: Read<S, Item>,
  ): AsyncIterable<Item>;
  <Item = unknown>(path: string | URL, options?: Unread<Item>): AsyncIterable<Item>;
}

/** @param planOf What a GET takes. */
export function createPaginate(planOf: (path: string | URL, options: RequestOptions) => RequestPlan): Paginate {
  function paginate<S extends StandardSchemaV1, Item>(path: string | URL, options: Read<S, Item>): AsyncIterable<Item>;
  function paginate<Item>(path: string | URL, options?: Unread<Item>): AsyncIterable<Item>;
  function paginate(path: string | URL, options: PaginateOptions<unknown, unknown> = {}): AsyncIterable<unknown> {
    const { schema, items, next, maxPages = 1_000, crossOrigin = false, ...request } = options;
    checkSchema('paginate.schema', schema);
    checkFunction('paginate.items', items);
    checkFunction('paginate.next', next);
    checkInteger('paginate.maxPages', maxPages, { min: 1, max: 1_000_000 });
    if (typeof crossOrigin !== 'boolean') throw new OptionError('paginate.crossOrigin', 'true or false', crossOrigin);
    const plan = planOf(path, request);
    return { [Symbol.asyncIterator]: () => readPages(plan, { schema, items, next, maxPages, crossOrigin }) };
  }
  return paginate;
}

interface Settled extends Pick<PaginateOptions<unknown, unknown>, 'schema' | 'items' | 'next'> {
  readonly maxPages: number;
  readonly crossOrigin: boolean;
}

async function* readPages(plan: RequestPlan, options: Settled): AsyncGenerator<unknown, void> {
  const { schema, items, next, maxPages, crossOrigin } = options;
  const { signal } = plan;
  const origin = plan.request.url;
  const seen = new Set<string>();
  let request: Outgoing | undefined = plan.request;
  for (let pageNumber = 1; request !== undefined; pageNumber++) {
    seen.add(request.url.href);
    const reply = await perform({ ...plan, request }, true, { accept: 'application/json' });
    const { fields, facts } = reply;
    const value = decodeJson(await readContent(reply, plan), fields, facts);
    const page = schema === undefined ? value : await validate(schema, value, facts, signal);
    if (items === undefined) yield page;
    else {
      for (const item of items(page)) {
        signal?.throwIfAborted();
        yield item;
      }
    }
    const url = reply.redirectedTo ?? request.url;
    const found = next === undefined ? linkedBy(fields) : next(page, { url, headers: toHeaders(fields), pageNumber });
    const nextUrl = resolveNext(found, url, reply);
    if (nextUrl === undefined) return;
    const fail = (reason: PaginationError['reason'], what: string): never => {
      throw new PaginationError(facts, reason, what, redact(nextUrl));
    };
    if (seen.has(nextUrl.href)) fail('loop', 'which was there before');
    if (pageNumber >= maxPages) fail('limit', `which is one more than ${maxPages}`);
    if (nextUrl.origin !== origin.origin) {
      const isDowngrade = origin.protocol === 'https:' && nextUrl.protocol === 'http:';
      if (!crossOrigin || isDowngrade) fail('origin', `which is not on ${origin.origin}`);
    }
    request = requestOf(plan.request, nextUrl);
  }
}

/** To another origin it takes nothing secret along. */
function requestOf(first: Outgoing, url: URL): Outgoing {
  if (url.origin === first.url.origin) return { ...first, url };
  const headers = Object.fromEntries(Object.entries(first.headers).filter(([name]) => !belongsToOrigin(name)));
  return { ...first, url, headers, isForeign: true };
}

function linkedBy(fields: Fields): string | undefined {
  const link = findLink(fieldOf(fields, 'link') ?? '', 'next');
  // bytes past ASCII come as Latin-1, but are UTF-8
  return link === undefined ? undefined : Buffer.from(link, 'latin1').toString();
}

/** @throws {PaginationError} When it is no URL to follow. */
function resolveNext(found: NextPage, from: URL, { facts }: Reply): URL | undefined {
  if (found === undefined || found === null || found === false || found === '') return undefined;
  if (typeof found === 'object' && !(found instanceof URL)) {
    const url = new URL(from);
    for (const name of Object.keys(found)) url.searchParams.delete(name);
    for (const [name, value] of toSearchParams(found, 'paginate.next()')) url.searchParams.append(name, value);
    return url;
  }
  const url = URL.parse(String(found), from.href);
  if (url === null) throw new PaginationError(facts, 'url', 'which is no URL', 'one that does not parse');
  if (!isHttp(url) || hasCredentials(url)) {
    throw new PaginationError(facts, 'url', 'which may not be followed', `a URL of ${url.protocol}`);
  }
  url.hash = '';
  return url;
}
