import { checkNumber, checkOneOf, OptionError } from '@dataenginex/core';
import { type Auth, basicValue, bearerValue, type Credentials } from './auth.ts';
import { readContent } from '../bodies/content.ts';
import { TokenError } from '../errors.ts';
import type { Call, Outgoing, Reply, Send } from '../layers/message.ts';
import { isHttp, hasCredentials } from '../url.ts';

/** Options of `oauth2`. */
export interface OAuth2Options {
  /** The token endpoint. */
  tokenUrl: string | URL;
  clientId: string;
  clientSecret: string;
  /** Scopes, with a space between them. */
  scope?: string | undefined;
  /** Further parameters of the token request, such as `audience` or `resource`. */
  params?: Readonly<Record<string, string>> | undefined;
  /** Where the client's id and secret go: into `Authorization`, or into the body. @default 'basic' */
  clientAuth?: 'basic' | 'body' | undefined;
  /** How long before its end a token is replaced, at most half its life. @default 30_000 */
  refreshBeforeMs?: number | undefined;
}

/**
 * OAuth 2.0 client credentials: a token is asked for when the first request needs one and replaced before it ends, by
 * one token request for all that wait. A 401 replaces it too and sends the request once more, if its body can be sent
 * again. Token requests go through the client, under its policy for their origin.
 *
 * ```ts
 * import { createClient, oauth2 } from '@dataenginex/http';
 *
 * const auth = oauth2({ tokenUrl: 'https://login.example.com/token', clientId: 'weather', clientSecret: 's3cret' });
 * await using api = createClient({ baseUrl: 'https://api.example.com', auth });
 * ```
 *
 * @throws {OptionError} At once, when an option cannot work.
 * @throws {TokenError} From the request, when the token endpoint answers with anything but a bearer token.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export function oauth2(options: OAuth2Options): Auth {
  const {
    tokenUrl,
    clientId,
    clientSecret,
    scope,
    params = {},
    clientAuth = 'basic',
    refreshBeforeMs = 30_000,
  } = options;
  const url = URL.parse(String(tokenUrl));
  if (url === null || !isHttp(url) || hasCredentials(url)) {
    throw new OptionError('oauth2.tokenUrl', 'an http: or https: URL without credentials', 'another');
  }
  for (const [name, value] of Object.entries({ clientId, clientSecret })) {
    if (typeof value !== 'string' || value === '')
      throw new OptionError(`oauth2.${name}`, 'a string that is not empty', 'another');
  }
  checkOneOf('oauth2.clientAuth', clientAuth, ['basic', 'body']);
  checkNumber('oauth2.refreshBeforeMs', refreshBeforeMs, { min: 0 });

  const form = new URLSearchParams({
    ...params,
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
  });
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  if (clientAuth === 'basic') headers['authorization'] = basicValue(formEncode(clientId), formEncode(clientSecret));
  else
    for (const [name, value] of Object.entries({ client_id: clientId, client_secret: clientSecret }))
      form.set(name, value);
  const request = { url, method: 'POST', headers, body: form.toString() };
  return { open: (send) => new ClientCredentials(request, clientSecret, refreshBeforeMs, send) };
}

/** A second token does no harm, so a failed token request is repeated; its answer is small. */
const call: Call = {
  signal: undefined,
  whole: true,
  maxBodyBytes: 2 ** 18,
  maxErrorBytes: undefined,
  repeatable: true,
};

class ClientCredentials implements Credentials {
  readonly #request: Outgoing;
  readonly #secret: string;
  readonly #refreshBeforeMs: number;
  readonly #send: Send;
  #current: { readonly authorization: string; readonly refreshAt: number } | undefined;
  #refresh: Promise<string> | undefined;

  constructor(request: Outgoing, secret: string, refreshBeforeMs: number, send: Send) {
    this.#request = request;
    this.#secret = secret;
    this.#refreshBeforeMs = refreshBeforeMs;
    this.#send = send;
  }

  /** No caller's signal ends a refresh that others may wait for; the client's policy bounds it. */
  authorization(): string | Promise<string> {
    if (this.#current !== undefined && Date.now() < this.#current.refreshAt) return this.#current.authorization;
    this.#refresh ??= this.#fetchToken().finally(() => {
      this.#refresh = undefined;
    });
    return this.#refresh;
  }

  /** Of many requests with one token, the first to be refused ends it. */
  refuse(authorization: string): void {
    if (this.#current?.authorization === authorization) this.#current = undefined;
  }

  async #fetchToken(): Promise<string> {
    const askedAt = Date.now();
    const reply = await this.#send(this.#request, call);
    const answer = await readAnswer(reply);
    const { status, facts } = reply;
    const { error, error_description: description } = answer;
    const refuse = (what: string): never => {
      const [code, reason] = [error, description].map((said) => this.#shown(said));
      const shown = [code, reason].filter((said) => said !== undefined).join(': ');
      throw new TokenError(facts, status, `${what}${shown === '' ? '' : ` (${shown})`}`, code);
    };
    if (status !== 200) return refuse(`gave no token: it answered ${status}`);
    const { access_token: token, token_type: type, expires_in: lifeS } = answer;
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return refuse('gave no token: its answer has none');
    const isBearer = type === undefined || (typeof type === 'string' && /^bearer$/i.test(type));
    if (!isBearer) return refuse('gave a token that is not of type bearer');
    const lifeMs = Number(lifeS ?? Infinity) * 1_000;
    if (!(lifeMs > 0)) return refuse('gave a token that has expired');
    const authorization = bearerValue(token);
    this.#current = { authorization, refreshAt: askedAt + lifeMs - Math.min(this.#refreshBeforeMs, lifeMs / 2) };
    return authorization;
  }

  /**
   * What the endpoint says, unless that repeats the secret.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
   */
  #shown(said: unknown): string | undefined {
    const isPlain = typeof said === 'string' && /^[\x20-\x7e]{1,200}$/.test(said);
    return isPlain && !said.includes(this.#secret) ? said : undefined;
  }
}

/** An empty one where there is no JSON object. */
async function readAnswer(reply: Reply): Promise<Record<string, unknown>> {
  try {
    const content = await readContent(reply, { ...call, decompress: true });
    const value: unknown = JSON.parse(new TextDecoder().decode(content));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}
