import { DexError } from '@dataenginex/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BodyFailed, BrokenOff } from './layers/exchange.ts';
import type { RequestFacts } from './facts.ts';
import { type Fields, fieldOf, type Head, toHeaders } from './layers/message.ts';
import { BlockedAddress } from './connections/public-networks.ts';

/** The base of what a request rejects with, unless the caller aborted: then it is `signal.reason`. */
export abstract class HttpError extends DexError {
  readonly method: string;
  /** Without user name and password, and with the values of secret query parameters replaced by `REDACTED`. */
  readonly url: string;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Whether sending the same request again is safe and may help. */
  abstract readonly retryable: boolean;

  constructor(facts: RequestFacts, what: string, options: ErrorOptions & { before?: string } = {}) {
    const onAttempt = facts.attempt > 1 ? ` (attempt ${facts.attempt})` : '';
    super(`${facts.method} ${facts.url} ${what}${onAttempt}${options.before ?? ''}.`, options);
    this.method = facts.method;
    this.url = facts.url;
    this.attempt = facts.attempt;
  }
}

/** The server answered, but not with 2xx. */
export class StatusError extends HttpError {
  override readonly name = 'StatusError';
  readonly code = 'DEX_HTTP_STATUS';
  readonly retryable: boolean;
  readonly status: number;
  /** The first 512 characters of the body. */
  readonly bodyStart: string;
  /** What `Retry-After` asks for, in milliseconds from when the answer came. */
  readonly retryAfterMs: number | undefined;
  readonly #fields: Fields;
  #headers: Headers | undefined;

  constructor(facts: RequestFacts, { status, fields }: Head, bodyStart: string) {
    super(facts, `answered ${status}${quote(bodyStart)}`);
    this.retryable = facts.repeatable && retryableStatuses.has(status);
    this.status = status;
    this.bodyStart = bodyStart;
    this.retryAfterMs = parseRetryAfter(fieldOf(fields, 'retry-after'), Date.now());
    this.#fields = fields;
  }

  /** Not among what is logged of an error: they may hold a session's cookie. */
  get headers(): Headers {
    return (this.#headers ??= toHeaders(this.#fields));
  }
}

/** No whole answer came: refused, reset, cut off, not HTTP, or no such host. `cause` tells which. */
export class NetworkError extends HttpError {
  override readonly name = 'NetworkError';
  readonly code = 'DEX_HTTP_NETWORK';
  readonly retryable: boolean;
  /** The status, when the answer broke off after its headers. */
  readonly status: number | undefined;

  constructor(facts: RequestFacts, failure: unknown) {
    const cause = failure instanceof BrokenOff ? failure.cause : failure;
    super(facts, `failed: ${failure instanceof Error ? reasonOf(failure) : String(failure)}`, { cause });
    this.retryable = !isMisuse(cause) && (facts.repeatable || neverSent(cause));
    this.status = failure instanceof BrokenOff ? failure.status : undefined;
  }
}

/** The address is not public, and `denyPrivateNetworks` refuses it. Nothing was sent. */
export class BlockedAddressError extends HttpError {
  override readonly name = 'BlockedAddressError';
  readonly code = 'DEX_HTTP_BLOCKED_ADDRESS';
  readonly retryable = false;
  readonly host: string;
  readonly address: string;

  constructor(facts: RequestFacts, cause: BlockedAddress) {
    super(facts, `was refused: ${cause.message}`, { cause });
    this.host = cause.host;
    this.address = cause.address;
  }
}

/** A redirect that is not followed: one too many, to an unsafe place, or nowhere. */
export class RedirectError extends HttpError {
  override readonly name = 'RedirectError';
  readonly code = 'DEX_HTTP_REDIRECT';
  readonly retryable = false;
  /** Where the request has been, in order, redacted; last where it was to go next, if that is a URL. */
  readonly urls: readonly string[];

  constructor(facts: RequestFacts, what: string, urls: readonly string[]) {
    super(facts, what);
    this.urls = urls;
  }
}

/** The token endpoint of `oauth2` gave no token; method and URL are those of the token request. */
export class TokenError extends HttpError {
  override readonly name = 'TokenError';
  readonly code = 'DEX_HTTP_TOKEN';
  readonly retryable: boolean;
  readonly status: number;
  /** The endpoint's own code, such as `invalid_client`. */
  readonly error: string | undefined;

  constructor(facts: RequestFacts, status: number, what: string, error: string | undefined) {
    super(facts, what);
    this.retryable = isRetryableStatus(status);
    this.status = status;
    this.error = error;
  }
}

/** The time for the whole request, or for its last attempt, has passed. `cause` is the failure before, if there was one. */
export class RequestTimeoutError extends HttpError {
  override readonly name = 'RequestTimeoutError';
  readonly code = 'DEX_HTTP_TIMEOUT';
  readonly retryable: boolean;
  readonly timeoutMs: number;

  constructor(facts: RequestFacts, timeoutMs: number, cause: unknown) {
    const before = cause instanceof HttpError ? `; the attempt before: ${cause.message.replace(/\.$/, '')}` : '';
    super(facts, `did not finish within ${timeoutMs} ms`, { cause, before });
    this.retryable = facts.repeatable;
    this.timeoutMs = timeoutMs;
  }
}

/** The body of the request threw while it was sent: `cause` is what it threw. The connection is closed, nothing is repeated. */
export class RequestBodyError extends HttpError {
  override readonly name = 'RequestBodyError';
  readonly code = 'DEX_HTTP_REQUEST_BODY';
  readonly retryable = false;

  constructor(facts: RequestFacts, cause: unknown) {
    const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
    super(facts, `could not be sent, as its body failed: ${reason}`, { cause });
  }
}

/** A 2xx answer whose body is not what was asked for: another content type, not UTF-8, broken or truncated JSON. */
export class BodyError extends HttpError {
  override readonly name = 'BodyError';
  readonly code = 'DEX_HTTP_BODY';
  readonly retryable = false;
  /** The first 512 characters of the body. */
  readonly bodyStart: string;

  constructor(facts: RequestFacts, what: string, bodyStart: string, cause?: unknown) {
    super(facts, `${what}${quote(bodyStart)}`, { cause });
    this.bodyStart = bodyStart;
  }
}

/** The body was read, and the schema refuses it. */
export class SchemaError extends HttpError {
  override readonly name = 'SchemaError';
  readonly code = 'DEX_HTTP_SCHEMA';
  readonly retryable = false;
  /** What the schema found, each with its path. */
  readonly issues: readonly StandardSchemaV1.Issue[];

  constructor(facts: RequestFacts, issues: readonly StandardSchemaV1.Issue[], part = 'a body') {
    const shown = issues.slice(0, 3).map((issue) => `${pathOf(issue) || part}: ${issue.message}`);
    const more = issues.length > 3 ? ` and ${issues.length - 3} more` : '';
    super(facts, `sent ${part} that does not fit the schema: ${shown.join('; ')}${more}`);
    this.issues = issues;
  }
}

/** The body is larger than `maxBodyBytes`. What came is discarded and the connection closed. */
export class BodyTooLargeError extends HttpError {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'DEX_HTTP_BODY_TOO_LARGE';
  readonly retryable = false;
  readonly maxBodyBytes: number;

  constructor(facts: RequestFacts, maxBodyBytes: number) {
    super(facts, `sent a body of more than ${maxBodyBytes} bytes`);
    this.maxBodyBytes = maxBodyBytes;
  }
}

/** The downloaded file is not the one that was wanted. It was removed, so that the next download begins anew. */
export class ChecksumError extends HttpError {
  override readonly name = 'ChecksumError';
  readonly code = 'DEX_HTTP_CHECKSUM';
  readonly retryable: boolean;
  /** SHA-256, in hexadecimal. */
  readonly expected: string;
  readonly actual: string;

  /** @param isPatched Whether a part of the file was there before, and may be at fault. */
  constructor(facts: RequestFacts, expected: string, actual: string, isPatched: boolean) {
    super(facts, `sent a file whose SHA-256 is ${actual}, not ${expected}`);
    this.retryable = isPatched;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A list in pages leads to where it is not followed, from the page that the error is of. */
export class PaginationError extends HttpError {
  override readonly name = 'PaginationError';
  readonly code = 'DEX_HTTP_PAGINATION';
  readonly retryable = false;
  /** A page that was there before, more pages than `maxPages`, another origin, or what is no URL to follow. */
  readonly reason: 'loop' | 'limit' | 'origin' | 'url';
  /** Redacted. */
  readonly nextUrl: string;

  constructor(facts: RequestFacts, reason: PaginationError['reason'], what: string, nextUrl: string) {
    super(facts, `named as the next page ${nextUrl}, ${what}`);
    this.reason = reason;
    this.nextUrl = nextUrl;
  }
}

/** A request was read twice. It is sent once, so ask once: `.response()` has status, headers and body together. */
export class BodyUsedError extends HttpError {
  override readonly name = 'BodyUsedError';
  readonly code = 'DEX_HTTP_BODY_USED';
  readonly retryable = false;

  constructor(facts: RequestFacts) {
    super(facts, 'was read before');
  }
}

/** The client was closed, before the request or while it was under way. */
export class ClientClosedError extends DexError {
  override readonly name = 'ClientClosedError';
  readonly code = 'DEX_HTTP_CLOSED';

  constructor() {
    super('The HTTP client is closed.');
  }
}

/**
 * Whether another attempt may help, for a policy of your own: an `HttpError` that says so, or an attempt that timed
 * out. The client itself refuses to send a request again that is not safe to repeat, whatever the policy says.
 *
 * ```ts
 * import { isRetryable } from '@dataenginex/http';
 * import { policy, retry } from '@dataenginex/resilience';
 *
 * const twice = policy(retry({ attempts: 2, retryIf: isRetryable }));
 * isRetryable(new Error('a bug')); // => false
 * ```
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof HttpError) return error.retryable;
  return isTimeout(error);
}

/** What undici threw, as an error of ours. */
export function describeFailure(error: unknown, facts: RequestFacts): unknown {
  const cause = error instanceof BrokenOff ? error.cause : error;
  if (cause instanceof BodyFailed) return new RequestBodyError(facts, cause.cause);
  if (cause instanceof BlockedAddress) return new BlockedAddressError(facts, cause);
  return cause instanceof HttpError || cause instanceof ClientClosedError ? cause : new NetworkError(facts, error);
}

/** What speaks against an origin, and opens its circuit: it is not there, too slow, or broken. */
export function isUpstreamFailure(error: unknown): boolean {
  if (error instanceof StatusError) return error.status >= 500;
  return error instanceof NetworkError || isTimeout(error);
}

/** What a timeout of resilience rejects with. */
export function isTimeout(error: unknown): error is Error & { readonly timeoutMs: number } {
  return codeOf(error) === 'DEX_TIMEOUT' && error instanceof Error && 'timeoutMs' in error;
}

/** Worth another attempt, and a failure in the eyes of a policy. */
export function isRetryableStatus(status: number): boolean {
  return retryableStatuses.has(status);
}

const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A connection that was never there; with several addresses, none of them. The same codes come from open ones as well. */
function neverSent(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(neverSent);
  if (codeOf(cause) === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return cause instanceof Error && 'syscall' in cause && /^(?:connect|getaddrinfo)$/.test(String(cause.syscall));
}

/** What undici refuses to send, and will refuse again. */
function isMisuse(cause: unknown): boolean {
  const codes = ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'];
  return codes.includes(codeOf(cause) ?? '');
}

/** By code, since `instanceof` does not survive two copies of a package in one process. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** An AggregateError, which Node makes when each address of a host fails, has an empty message. */
function reasonOf(error: Error): string {
  if (error.message !== '') return error.message.trim(); // OpenSSL's end in a line feed
  return 'code' in error ? String(error.code) : error.name;
}

function quote(bodyStart: string): string {
  return bodyStart === '' ? '' : `: ${JSON.stringify(bodyStart.slice(0, 120))}`;
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const path = issue.path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)) ?? [];
  return path.join('.');
}

/**
 * Seconds, of several the first, or a date, as milliseconds from `now`. Servers send fractions too.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d+(?:\.\d+)?(?=\s*(?:,|$))/.exec(value);
  if (seconds !== null) return Number(seconds[0]) * 1_000;
  // without a time of day `Date.parse` makes a date of "5, 5"
  const at = value.includes(':') ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
