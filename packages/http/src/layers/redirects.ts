import { checkInteger } from '@dataenginex/core';
import { type LayerContext, sendOn } from './deadline.ts';
import { RedirectError } from '../errors.ts';
import { isSecretName, redact } from '../facts.ts';
import { type Call, fieldOf, isReplayable, letGo, type Outgoing, type Reply, type Send } from './message.ts';
import { hasCredentials, isHttp } from '../url.ts';

export interface RedirectOptions {
  /** How many redirects a request follows; with 0 a 3xx is an answer like any other. @default 10 */
  maxRedirects?: number | undefined;
  /** Whether a redirect may lead from https: to http:. @default false */
  allowInsecureRedirects?: boolean | undefined;
}

/**
 * Follows redirects as RFC 9110 says and fetch does. What is secret stays with the origin that the user asked for, and
 * all of it together has the client's `timeoutMs`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function followRedirects(options: RedirectOptions, context: LayerContext, send: Send): Send {
  const { maxRedirects = 10, allowInsecureRedirects = false } = options;

  const follow = async (first: Reply, request: Outgoing, call: Call): Promise<Reply> => {
    const limit = call.maxRedirects ?? maxRedirects;
    if (limit === 0) return first;
    const urls = [redact(request.url)];
    let reply = first;
    let hop = request;
    while (leadsOn(reply)) {
      letGo(reply);
      hop = nextHop(reply, hop, urls, allowInsecureRedirects);
      if (urls.length > limit + 1) {
        const loop = new Set(urls).size < urls.length ? ', in a loop' : '';
        throw new RedirectError(reply.facts, `was redirected more than ${limit} times${loop}`, urls);
      }
      reply = await send(hop, call);
    }
    return { ...reply, redirectedTo: hop.url };
  };

  return async (request, call) => {
    const beganAt = performance.now();
    const reply = await send(request, call);
    if (!leadsOn(reply)) return reply;
    return sendOn(context, beganAt, (_request, within) => follow(reply, request, within), request, call);
  };
}

/** @throws {OptionError} */
export function checkMaxRedirects(option: string, value: number | undefined): void {
  if (value !== undefined) checkInteger(option, value, { min: 0, max: 100 });
}

/** Without a `Location` there is nowhere to go: the user gets the answer itself. */
function leadsOn({ status, fields }: Reply): boolean {
  return status >= 300 && statuses.has(status) && fields['location'] !== undefined;
}

const statuses = new Set([301, 302, 303, 307, 308]);

/** The request that a redirect asks for; its URL is added to `urls`. */
function nextHop(reply: Reply, request: Outgoing, urls: string[], allowInsecure: boolean): Outgoing {
  const url = readLocation(reply, request.url, urls);
  urls.push(redact(url));
  if (!allowInsecure && url.protocol === 'http:' && request.url.protocol === 'https:') {
    throw new RedirectError(reply.facts, 'was redirected from https: to http:, which is not allowed', urls);
  }
  const { status } = reply;
  let { method, body, headers } = request;
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status <= 302 && method === 'POST';
  if (becomesGet) {
    method = 'GET';
    body = null;
    headers = without(headers, isAboutContent);
  } else if (!isReplayable(body)) {
    throw new RedirectError(reply.facts, `was redirected with ${status}, and its body cannot be sent again`, urls);
  }
  if (url.origin === request.url.origin) return { ...request, url, method, body, headers };
  return { url, method, body, headers: without(headers, belongsToOrigin), isForeign: true };
}

function readLocation(reply: Reply, base: URL, urls: readonly string[]): URL {
  const refuse = (what: string): never => {
    throw new RedirectError(reply.facts, `was redirected to ${what}`, urls);
  };
  const location = fieldOf(reply.fields, 'location') ?? '';
  // bytes past ASCII come as Latin-1, but are UTF-8, as in fetch
  const url = URL.parse(Buffer.from(location, 'latin1').toString(), base.href);
  if (url === null || typeof reply.fields['location'] !== 'string') return refuse('what is not a URL');
  if (!isHttp(url)) return refuse(`a URL of ${url.protocol}`);
  if (hasCredentials(url)) return refuse('a URL with credentials');
  url.hash = '';
  return url;
}

function without(headers: Outgoing['headers'], isLeftOut: (name: string) => boolean): Outgoing['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isLeftOut(name)));
}

function isAboutContent(name: string): boolean {
  return /^(?:content-|digest$|repr-digest$|last-modified$)/.test(name);
}

/** What names or proves someone to one origin. A key against repetition is no secret, and without it the request may not be repeated. */
export function belongsToOrigin(name: string): boolean {
  return (
    name === 'host' || name === 'referer' || /cookie/.test(name) || (isSecretName(name) && name !== 'idempotency-key')
  );
}
