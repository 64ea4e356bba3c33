import { randomUUID } from 'node:crypto';
import type { CacheMode } from './freshness.ts';
import { digest, isPersonal, type Selector } from './vary.ts';
import type { ClientOptions } from '../client-options.ts';
import type { Outgoing } from '../layers/message.ts';

/**
 * Whose answers are whose, on a cache that several clients may have. What a client signs with, and how it connects, does
 * not stand in the headers that the cache sees.
 */
export class CredentialKeeper {
  readonly #isShared: boolean;
  readonly #sign: object | undefined;
  readonly #origin: string | undefined;
  /** Empty for connections that lead wherever their URL says. */
  readonly #connection: string;

  constructor(mode: CacheMode, options: ClientOptions, origin: string | undefined) {
    this.#isShared = mode === 'shared';
    this.#sign = options.sign;
    this.#origin = origin;
    this.#connection = connectionOf(options);
  }

  /** Whether it goes out with an `Authorization`, or a signature that is one. */
  isAuthorized(request: Outgoing): boolean {
    return request.headers['authorization'] !== undefined || this.#isSigned(request);
  }

  /**
   * What a stored answer to the request is kept for. A private cache keeps what was asked for with credentials, a cookie
   * or a key for those alone, whatever the server says of them. A shared one stores it only where the server lets it, for
   * all; what it keeps is never that of a private one in the same store.
   */
  credentialOf(request: Outgoing, withCookie = true): string | null {
    if (this.#isShared) return this.#connection === '' ? null : this.#connection;
    let held = this.#connection;
    if (this.#sign !== undefined && this.#isSigned(request)) held += nameOf(this.#sign);
    const { headers } = request;
    for (const name in headers) {
      if (isPersonal(name) && (withCookie || name !== 'cookie')) held += `\n${name}:${headers[name]}`;
    }
    return held === '' ? '' : digest(held);
  }

  /**
   * Whether what `Vary` names may be what the request is signed with, which is not seen here: nobody can tell whether what
   * is stored is for it. A private cache keeps it for its signer anyhow.
   */
  isUnseen(request: Outgoing, selectors: readonly Selector[]): boolean {
    return this.#isShared && this.#isSigned(request) && selectors.some(([name]) => isPersonal(name));
  }

  #isSigned({ url }: Outgoing): boolean {
    return this.#sign !== undefined && url.origin === this.#origin;
  }
}

/** The same URL means another server behind another socket, and another user or trust with other TLS options. */
function connectionOf({ socketPath, tls, denyPrivateNetworks }: ClientOptions): string {
  if (socketPath === undefined && tls === undefined && denyPrivateNetworks !== true) return '';
  return digest(JSON.stringify([socketPath, tls, denyPrivateNetworks], withNames));
}

function withNames(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? nameOf(value) : value;
}

const names = new WeakMap<object, string>();

/** Nothing but itself tells one function from another: what is kept for it is of no use to other processes. */
function nameOf(one: object): string {
  const name = names.get(one) ?? randomUUID();
  names.set(one, name);
  return name;
}
