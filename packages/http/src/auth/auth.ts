import { OptionError } from '@dataenginex/core';
import { type LayerContext, sendOn, waitFor } from '../layers/deadline.ts';
import { type Call, isReplayable, letGo, type Outgoing, type Send } from '../layers/message.ts';
import { isPromise } from '../layers/until-aborted.ts';

/** What a request proves its right with: made by `bearer`, `basic` or `oauth2`. */
export interface Auth {
  /** @internal */
  open(send: Send): Credentials;
}

export interface AuthOptions {
  /** Sets `Authorization` on requests to the origin of `baseUrl`, and on no other. A request's own header goes before it. */
  auth?: Auth | undefined;
}

/** Hands out values of `Authorization`. */
export interface Credentials {
  authorization(signal: AbortSignal | undefined): string | Promise<string>;
  /** Told of a value that was answered with 401. Without it another would be no better. */
  refuse?(authorization: string): void;
}

/**
 * A token, or what makes one: it is called for each request, so it should keep the token while that is good.
 *
 * ```ts
 * import { bearer, createClient } from '@dataenginex/http';
 *
 * await using api = createClient({ baseUrl: 'https://api.example.com', auth: bearer('mF_9.B5f-4.1JqM') });
 * bearer('two words'); // throws Option "bearer.token" must be the token alone, in visible ASCII characters
 * ```
 *
 * @throws {OptionError} When the token cannot stand in a header; from a function, the request rejects with it.
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function bearer(
  token: string | ((options: { signal: AbortSignal | undefined }) => string | Promise<string>),
): Auth {
  if (typeof token !== 'function') return fixed(bearerValue(token));
  const authorization = (signal: AbortSignal | undefined): string | Promise<string> => {
    const made = token({ signal });
    return isPromise(made) ? Promise.resolve(made).then(bearerValue) : bearerValue(made);
  };
  return { open: () => ({ authorization }) };
}

/**
 * A user name and a password, sent with each request.
 *
 * @throws {OptionError} When one has a control character, or the user name a colon.
 * @see https://www.rfc-editor.org/rfc/rfc7617
 */
export function basic(user: string, password: string): Auth {
  if (!/^[^\p{Cc}:]*$/u.test(user))
    throw new OptionError('basic.user', 'free of colons and control characters', 'another');
  if (!/^\P{Cc}*$/u.test(password)) throw new OptionError('basic.password', 'free of control characters', 'another');
  return fixed(basicValue(user, password));
}

function fixed(value: string): Auth {
  return { open: () => ({ authorization: () => value }) };
}

/** @throws {OptionError} */
export function bearerValue(token: string): string {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  const shown = typeof token === 'string' ? token && 'another' : typeof token; // never the token itself
  throw new OptionError('bearer.token', 'the token alone, in visible ASCII characters', shown);
}

export function basicValue(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Sets `Authorization` on what goes to the origin; where it is refused and another can be had, once more. */
export function authorize(credentials: Credentials, origin: string, context: LayerContext, send: Send): Send {
  const ask = (request: Outgoing, call: Call): string | Promise<string> => {
    const value = credentials.authorization(call.signal);
    return typeof value === 'string' ? value : waitFor(context, request, call, value);
  };
  return async (request, call) => {
    if (request.headers['authorization'] !== undefined || request.url.origin !== origin) return send(request, call);
    const beganAt = performance.now();
    const first = await ask(request, call);
    const reply = await send(withAuthorization(request, first), call);
    if (reply.status !== 401 || credentials.refuse === undefined) return reply;
    credentials.refuse(first);
    if (!isReplayable(request.body)) return reply;
    letGo(reply);
    const second = await ask(request, call);
    return sendOn(context, beganAt, send, withAuthorization(request, second), call);
  };
}

function withAuthorization(request: Outgoing, authorization: string): Outgoing {
  return { ...request, headers: { ...request.headers, authorization } };
}
