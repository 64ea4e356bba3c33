import { checkFunction, OptionError } from '@dataenginex/core';
import { type LayerContext, sendOn, waitFor } from './deadline.ts';
import { type Call, isReplayable, letGo, type Outgoing, type Reply, type Send, toHeaders } from './message.ts';
import { checkOptionNames } from '../option-names.ts';
import { mergeHeaders, normalizeHeaders } from '../request-headers.ts';
import { isPromise } from './until-aborted.ts';
import { hasCredentials } from '../url.ts';

/** A request that is about to be sent. What a hook changes in it is checked as if it had been given as an option. */
export interface HookRequest {
  readonly method: string;
  /** A copy; `beforeRequest` may change its query. */
  readonly url: URL;
  /** Names in lower case, to be changed, added and deleted. */
  readonly headers: Record<string, string | undefined>;
}

/** Why a request is about to be sent again. */
export interface RetryHookEvent {
  /** What the attempt before threw; for a status such as 503 a `StatusError`. */
  readonly error: unknown;
  /** The attempt that is about to begin, from 2. */
  readonly attempt: number;
  /** Its headers may be changed. */
  readonly request: HookRequest;
}

/** An answer, before it is handed out or thrown. */
export interface ResponseHookEvent {
  readonly method: string;
  /** Where it came from in the end, redacted. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly redirected: boolean;
  /** Whether a hook has answered `'retry'` before. */
  readonly retried: boolean;
}

type BeforeRequest = (request: HookRequest) => void | Promise<void>;
type BeforeRetry = (event: RetryHookEvent) => void | Promise<void>;
type AfterResponse = (event: ResponseHookEvent) => undefined | 'retry' | void | Promise<undefined | 'retry' | void>;

/** Functions of the user's on a request's way, called in order; what one throws is what the request rejects with. */
export interface Hooks {
  /** Before a request is sent, and again where a redirect stays at its origin. At another origin it is not called. */
  beforeRequest?: BeforeRequest | readonly BeforeRequest[] | undefined;
  /** Before an attempt that follows on a failed one. */
  beforeRetry?: BeforeRetry | readonly BeforeRetry[] | undefined;
  /** After the last redirect, whatever the status; `'retry'` sends the request again from the start, once. */
  afterResponse?: AfterResponse | readonly AfterResponse[] | undefined;
}

export interface HookOptions {
  hooks?: Hooks | undefined;
}

/** Hooks, checked. */
export interface HookLists {
  readonly beforeRequest: readonly BeforeRequest[];
  readonly beforeRetry: readonly BeforeRetry[];
  readonly afterResponse: readonly AfterResponse[];
}

const hookNames = { beforeRequest: true, beforeRetry: true, afterResponse: true } as const;

/** @throws {OptionError} When a hook is not a function, or there is no such hook. */
export function listHooks(given: Hooks = {}): HookLists {
  checkOptionNames('createClient.hooks', given, hookNames);
  const { beforeRequest, beforeRetry, afterResponse } = given;
  const lists = {
    beforeRequest: list(beforeRequest),
    beforeRetry: list(beforeRetry),
    afterResponse: list(afterResponse),
  };
  for (const [name, hooks] of Object.entries(lists)) {
    for (const hook of hooks) checkFunction(`createClient.hooks.${name}`, hook);
  }
  return lists;
}

/** Those of one client before those of another. */
export function joinHooks(first: Hooks | undefined, second: Hooks | undefined): Hooks {
  const [a, b] = [listHooks(first), listHooks(second)];
  return {
    beforeRequest: [...a.beforeRequest, ...b.beforeRequest],
    beforeRetry: [...a.beforeRetry, ...b.beforeRetry],
    afterResponse: [...a.afterResponse, ...b.afterResponse],
  };
}

/** A hook may set what is secret, which no redirect takes to another origin. */
export function withBeforeRequest(hooks: HookLists['beforeRequest'], context: LayerContext, send: Send): Send {
  if (hooks.length === 0) return send;
  return async (request, call) => {
    if (request.isForeign === true) return send(request, call);
    const draft = copyOf(request);
    for (const hook of hooks) await settle(hook(draft), context, request, call);
    const { origin, pathname } = draft.url;
    const isMoved = origin !== request.url.origin || pathname !== request.url.pathname;
    if (isMoved || hasCredentials(draft.url)) refuseUrl('beforeRequest');
    draft.url.hash = '';
    return send({ ...request, url: draft.url, headers: checkedHeaders('beforeRequest', draft) }, call);
  };
}

/** The request of another attempt; the cache, which is past, knows it by its URL. */
export async function runBeforeRetry(
  hooks: HookLists['beforeRetry'],
  request: Outgoing,
  { error, attempt }: Pick<RetryHookEvent, 'error' | 'attempt'>,
): Promise<Outgoing> {
  const draft = copyOf(request);
  for (const hook of hooks) await hook({ error, attempt, request: draft });
  if (draft.url.href !== request.url.href) refuseUrl('beforeRetry');
  return { ...request, headers: checkedHeaders('beforeRetry', draft) };
}

export function withAfterResponse(hooks: HookLists['afterResponse'], context: LayerContext, send: Send): Send {
  if (hooks.length === 0) return send;

  /** Whether a hook wants the request sent again. */
  const tell = async (reply: Reply, request: Outgoing, call: Call, retried: boolean): Promise<boolean> => {
    const { status, fields, facts, redirectedTo } = reply;
    const event = {
      method: facts.method,
      url: facts.url,
      status,
      headers: toHeaders(fields),
      redirected: redirectedTo !== undefined,
      retried,
    };
    let again = false;
    try {
      for (const hook of hooks) if ((await settle(hook(event), context, request, call)) === 'retry') again = true;
    } catch (error) {
      letGo(reply);
      throw error;
    }
    return again;
  };

  return async (request, call) => {
    const beganAt = performance.now();
    const reply = await send(request, call);
    const again = await tell(reply, request, call, false);
    if (!again || !isReplayable(request.body)) return reply;
    letGo(reply);
    const second = await sendOn(context, beganAt, send, request, call);
    await tell(second, request, call, true);
    return second;
  };
}

function list<T>(hooks: T | readonly T[] | undefined): readonly T[] {
  if (hooks === undefined) return [];
  return isList(hooks) ? hooks : [hooks];
}

/** `Array.isArray`, which does not know of readonly arrays. */
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function copyOf({ method, url, headers }: Outgoing): HookRequest {
  return { method, url: new URL(url), headers: { ...headers } };
}

function checkedHeaders(hook: string, { headers }: HookRequest): Record<string, string> {
  return mergeHeaders(normalizeHeaders(`hooks.${hook}.headers`, headers));
}

function refuseUrl(hook: keyof Hooks): never {
  const kept = hook === 'beforeRequest' ? 'one that leaves the URL but for its query' : 'one that leaves the URL';
  throw new OptionError(`hooks.${hook}`, kept, 'another');
}

/** A hook that promises nothing is not waited for. */
function settle<T>(value: T | Promise<T>, context: LayerContext, request: Outgoing, call: Call): T | Promise<T> {
  return isPromise(value) ? waitFor(context, request, call, value) : value;
}
