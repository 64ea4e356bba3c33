import { randomUUID } from 'node:crypto';
import { OptionError } from '@dataenginex/core';
import { checkHeaderValue, type RequestHeaders } from '../request-headers.ts';

/**
 * The header by which a server knows a request that it has seen before.
 *
 * @throws {OptionError} When the key is neither `true` nor text that a header can hold.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function idempotencyHeaders(key: unknown): RequestHeaders {
  if (key === undefined) return none;
  if (key === true) return { 'idempotency-key': randomUUID() };
  if (key === '' || typeof key !== 'string') throw new OptionError('request.idempotencyKey', 'true or a key', key);
  checkHeaderValue('request.idempotencyKey', key);
  return { 'idempotency-key': key };
}

const none: RequestHeaders = {};
