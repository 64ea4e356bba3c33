import { hasValidator } from './conditional.ts';
import type { CredentialKeeper } from './credential.ts';
import { storedFields, type StoredResponse } from './entry.ts';
import { freshnessOf, mayStore } from './freshness.ts';
import { usefulMs } from './judge.ts';
import { parseContentRange } from './range.ts';
import { parseVary, selectorsOf } from './vary.ts';
import type { HttpCache } from './cache.ts';
import { fieldOf, type Head, type Outgoing } from '../layers/message.ts';

/** When a request went out and when its answer began. */
export interface Times {
  readonly requestedAt: number;
  readonly respondedAt: number;
}

/** All that is to be stored but the body, which comes later. */
export type Draft = Omit<StoredResponse, 'body'>;

/** For so long a response is kept to be validated, whether or not it is fresh. */
const maxValidateMs = 7 * 86_400_000;

/** What is to be stored of the answer to a GET; `undefined` when nothing is. */
export function draftOf(
  head: Head,
  times: Times,
  request: Outgoing,
  cache: HttpCache,
  keeper: CredentialKeeper,
): Draft | undefined {
  const { mode, staleIfErrorMs, maxEntryBytes } = cache;
  const { status, fields } = head;
  if (!mayStore(status, fields, mode, keeper.isAuthorized(request))) return undefined;
  const names = parseVary(fields);
  const range = status === 206 ? parseContentRange(fields) : undefined;
  if (names === undefined || (status === 206 && range === undefined)) return undefined;
  if (Number(fieldOf(fields, 'content-length')) > maxEntryBytes || isEndless(fieldOf(fields, 'content-type'))) {
    return undefined;
  }
  const selectors = selectorsOf(names, request.headers);
  if (keeper.isUnseen(request, selectors)) return undefined;
  const kept = storedFields(fields, mode);
  const onItsOwnMs = usefulMs(freshnessOf(head, times, mode), staleIfErrorMs);
  const keepMs = hasValidator(kept) ? Math.max(onItsOwnMs, maxValidateMs) : onItsOwnMs;
  if (keepMs <= 0) return undefined;
  return {
    status,
    fields: kept,
    ...times,
    selectors,
    credential: keeper.credentialOf(request),
    range,
    keepUntil: times.respondedAt + keepMs,
  };
}

function isEndless(contentType: string | undefined): boolean {
  return contentType !== undefined && /^text\/event-stream\b/i.test(contentType);
}
