import { Socket } from 'node:net';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { checkInteger, checkNumber, OptionError } from '@dataenginex/core';
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { connectPublic } from './public-networks.ts';

export type TlsOptions = SecureContextOptions &
  Pick<ConnectionOptions, 'checkServerIdentity' | 'rejectUnauthorized' | 'servername'>;

/** How connections are made. */
export interface ConnectionsOptions {
  /** Connections to one origin; further requests wait for one. @default 128 */
  connections?: number | undefined;
  /** For making a connection, TLS included, in milliseconds; also for one to a proxy. @default 10_000 */
  connectTimeoutMs?: number | undefined;
  /** Whether HTTP/2 is offered to servers that are spoken to by TLS. @default false */
  http2?: boolean | undefined;
  /** Goes to TLS as it is: `ca`, `cert`, `key`, `servername`, `minVersion` and so on. */
  tls?: TlsOptions | undefined;
  /** The path of a Unix domain socket or Windows pipe to connect to, whatever the URL's host. */
  socketPath?: string | undefined;
  /**
   * The URL of a proxy; `false` for none. An `https:` one needs a host name: Node 26 refuses TLS with an IP address that
   * undici gives as its server's name.
   *
   * @default from the environment's HTTP_PROXY, HTTPS_PROXY and NO_PROXY; never for a loopback address
   */
  proxy?: string | URL | false | undefined;
  /**
   * Refuses to connect to addresses that are not public: loopback, private, link-local and the like, also when a name
   * or a redirect leads there. For URLs that come from outside. Proxies of the environment are then not used.
   *
   * @default false
   */
  denyPrivateNetworks?: boolean | undefined;
  /** An undici dispatcher to send through, in place of all these. It stays yours to close. @default one of its own */
  dispatcher?: Dispatcher | undefined;
}

/**
 * @param closing Ends connections that are still being made, but for those through a proxy.
 * @throws {OptionError} When an option cannot work, or two contradict each other.
 */
export function createDispatcher(options: ConnectionsOptions, closing: AbortSignal): Dispatcher {
  const { connections = 128, connectTimeoutMs = 10_000, http2 = false, tls, socketPath, proxy, dispatcher } = options;
  const { denyPrivateNetworks = false } = options;
  checkInteger('createClient.connections', connections, { min: 1 });
  checkNumber('createClient.connectTimeoutMs', connectTimeoutMs, { min: 1, max: 2 ** 31 - 1 });
  if (dispatcher !== undefined) {
    const others = { connectTimeoutMs: options.connectTimeoutMs, http2: options.http2, tls, socketPath, proxy };
    for (const [name, value] of Object.entries({ ...others, denyPrivateNetworks: options.denyPrivateNetworks })) {
      if (value !== undefined) throw without(name, 'a dispatcher', typeof value);
    }
    return dispatcher;
  }
  if (denyPrivateNetworks && proxy)
    throw without('proxy', 'denyPrivateNetworks, which a proxy would get around', 'one');
  if (denyPrivateNetworks && socketPath !== undefined) throw without('socketPath', 'denyPrivateNetworks', socketPath);
  if (proxy && socketPath !== undefined) throw without('socketPath', 'a proxy', socketPath);

  const timeout = connectTimeoutMs;
  const connectOptions: buildConnector.BuildOptions = { ...tls, timeout, allowH2: http2, preferH2: http2 };
  const agentOptions = { connections, allowH2: http2 };
  const proxyOptions = { ...agentOptions, proxyTls: { timeout }, requestTls: connectOptions };
  if (proxy) {
    const { uri, token } = readProxy('createClient.proxy', proxy);
    return new ProxyAgent({ ...proxyOptions, uri, ...(token !== undefined && { token }) });
  }
  const connect = denyPrivateNetworks
    ? connectPublic(connectOptions)
    : buildConnector({ ...connectOptions, ...(socketPath && { socketPath }) });
  const agent = { ...agentOptions, connect: connectUntil(closing, connect) };
  if (denyPrivateNetworks || proxy === false || socketPath !== undefined) return new Agent(agent);
  const httpProxy = proxyInEnvironment('http_proxy');
  const httpsProxy = proxyInEnvironment('https_proxy');
  if (httpProxy === '' && httpsProxy === '') return new Agent(agent);
  const noProxy = [process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '', ...loopback].join(',');
  return new EnvHttpProxyAgent({ ...agent, ...proxyOptions, httpProxy, httpsProxy, noProxy });
}

/** undici ends what is connected; what is still being connected would go on until its timeout. */
function connectUntil(closing: AbortSignal, connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    let isMade = false;
    let socket: unknown;
    const end = (): void => {
      if (socket instanceof Socket) socket.destroy(closing.reason);
    };
    socket = connect(target, (...made) => {
      isMade = true;
      closing.removeEventListener('abort', end);
      callback(...made);
    });
    if (!isMade) closing.addEventListener('abort', end, { once: true });
  };
}

function without(name: string, what: string, got: unknown): OptionError {
  return new OptionError(`createClient.${name}`, `left out beside ${what}`, got);
}

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Empty where there is none; as elsewhere, `host:port` stands for an http: URL. */
function proxyInEnvironment(name: 'http_proxy' | 'https_proxy'): string {
  const value = process.env[name] ?? process.env[name.toUpperCase()] ?? '';
  if (value === '') return '';
  const url = value.includes('://') ? value : `http://${value}`;
  readProxy(`process.env.${name.toUpperCase()}`, url);
  return url;
}

/** Never shows what was got: a proxy's URL may hold a password. */
function readProxy(option: string, proxy: string | URL): { uri: string; token: string | undefined } {
  const url = URL.parse(String(proxy));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new OptionError(option, 'an http: or https: URL', 'another');
  }
  const { username, password } = url;
  if (username === '') return { uri: url.href, token: undefined };
  const credentials = decoded(option, `${username}:${password}`);
  url.username = '';
  url.password = '';
  return { uri: url.href, token: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function decoded(option: string, credentials: string): string {
  try {
    return decodeURIComponent(credentials);
  } catch {
    throw new OptionError(option, 'a URL whose credentials are percent-encoded', 'another');
  }
}
