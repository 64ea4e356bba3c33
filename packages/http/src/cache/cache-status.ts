import { type Fields, fieldOf } from '../layers/message.ts';

/** Why a request went to the server. */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale' | 'partial';

/** What the cache did for a request. */
export interface CacheStatus {
  readonly forwarded?: Forwarded | undefined;
  /** What the server answered, where the reply has another status. */
  readonly forwardedStatus?: number | undefined;
  /** For how long the response stays fresh; negative when it is stale. */
  readonly ttlMs?: number | undefined;
  readonly stored?: boolean | undefined;
  /** The request of another caller was waited for. */
  readonly collapsed?: boolean | undefined;
  readonly detail?: string | undefined;
}

/**
 * The value of `Cache-Status`, behind those of the caches nearer to the server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9211
 */
export function describeStatus(status: CacheStatus, fields: Fields): string {
  const { forwarded, forwardedStatus, ttlMs, stored = false, collapsed = false, detail } = status;
  const before = fieldOf(fields, 'cache-status');
  let value = before === undefined || before === '' ? 'DEX' : `${before}, DEX`;
  value += forwarded === undefined ? '; hit' : `; fwd=${forwarded}`;
  if (forwardedStatus !== undefined) value += `; fwd-status=${forwardedStatus}`;
  if (ttlMs !== undefined) value += `; ttl=${Math.floor(ttlMs / 1_000)}`;
  if (stored) value += '; stored';
  if (collapsed) value += '; collapsed';
  return detail === undefined ? value : `${value}; detail=${detail}`;
}
