import type { Outgoing } from '../layers/message.ts';
import { mergeHeaders, normalizeHeaders, type RequestHeaders } from '../request-headers.ts';

/** What a signature is made of. */
export interface SignRequest {
  readonly method: string;
  /** A copy. */
  readonly url: URL;
  /** Names in lower case. `host` is not among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it is sent; `null` where there is none, undefined where it is made while it is sent. */
  readonly body: string | Uint8Array | null | undefined;
  readonly signal: AbortSignal;
}

/** Makes headers for one attempt, such as a signature with the time in it. */
export type Signer = (request: SignRequest) => RequestHeaders | Promise<RequestHeaders>;

export interface SignOptions {
  /** Called for each attempt to the origin of `baseUrl`, and for no other. What it returns is added to the headers. */
  sign?: Signer | undefined;
}

/** @throws {OptionError} When what the signer returns cannot be headers. */
export async function signed(sign: Signer, request: Outgoing, signal: AbortSignal): Promise<Outgoing> {
  const { method, url, headers, body } = request;
  const whole = body === null || typeof body === 'string' || body instanceof Uint8Array ? body : undefined;
  const added = await sign({ method, url: new URL(url), headers, body: whole, signal });
  return { ...request, headers: mergeHeaders(headers, normalizeHeaders('createClient.sign()', added)) };
}
