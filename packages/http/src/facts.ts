/** What every error of a request tells about it. */
export interface RequestFacts {
  readonly method: string;
  /** Redacted. */
  readonly url: string;
  readonly attempt: number;
  /** Whether it may be sent again although it may have had its effect. */
  readonly repeatable: boolean;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY', 'TRACE']);

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1 */
export function isSafe(method: string): boolean {
  return safeMethods.has(method);
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
export function isIdempotent(method: string): boolean {
  return isSafe(method) || method === 'PUT' || method === 'DELETE';
}

const secretName =
  /key|token|secret|passw|pwd|credential|auth|sess(?:ion|id)|signature|hmac|xsrf|bearer|jwt|assertion|^(?:sig|code)$|(?:^|[-_])(?:otp|pass|pin|sid)$/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** The URL as it may stand in logs: query values whose names sound secret become `REDACTED`. */
export function redact(url: URL): string {
  if (url.search === '') return url.href;
  const shown = new URL(url);
  for (const name of new Set(shown.searchParams.keys())) {
    if (secretName.test(name)) shown.searchParams.set(name, 'REDACTED');
  }
  return shown.href;
}
