import { Readable } from 'node:stream';
import { OptionError } from '@dataenginex/core';
import type { Attempt } from '@dataenginex/resilience';
import type { Dispatcher } from 'undici';
import { startOf } from '../bodies/body.ts';
import { HttpError, isRetryableStatus, isTimeout, NetworkError, RequestTimeoutError, StatusError } from '../errors.ts';
import { exchange } from './exchange.ts';
import { isIdempotent, redact, type RequestFacts } from '../facts.ts';
import { type Call, isReplayable, letGo, type Outgoing, type Reply, type Send } from './message.ts';
import { OpenBodies } from './open-bodies.ts';
import type { PolicyOf } from './policies.ts';
import { traced } from './telemetry.ts';

/** What all requests of a client go through. */
export interface Transport {
  readonly dispatcher: Dispatcher;
  readonly policyOf: PolicyOf;
  /** Aborts when the client closes. */
  readonly closing: AbortSignal;
  readonly prepare?: Prepare | undefined;
}

/** Changes a request for one attempt; `error` is what the attempt before threw. */
export type Prepare = (
  request: Outgoing,
  attempt: { readonly attempt: number; readonly error: unknown; readonly signal: AbortSignal },
) => Promise<Outgoing>;

/** Sends requests, each in as many attempts as the policy of its origin makes. */
export function createAttempts(transport: Transport): Send {
  const open = new OpenBodies(transport.closing);
  return (request, call) => new Attempts(transport, open, request, call).run();
}

/** The attempts of one request. */
class Attempts {
  readonly #transport: Transport;
  readonly #open: OpenBodies;
  readonly #request: Outgoing;
  readonly #call: Call;
  #facts: RequestFacts;
  #mayBeSent = false;
  #failure: unknown;
  #lastSignal: AbortSignal | undefined;
  /** What came with its body still to read, and is let go of unless it is what the policy gives. */
  #opened: Reply[] | undefined;
  /** What came with a status that is worth another attempt, by the error it was thrown as. */
  #refusals: Map<unknown, Reply> | undefined;

  constructor(transport: Transport, open: OpenBodies, request: Outgoing, call: Call) {
    const { url, method, body } = request;
    this.#transport = transport;
    this.#open = open;
    this.#request = request;
    this.#call = call;
    const repeatable = isReplayable(body) && (call.repeatable || isIdempotent(method));
    this.#facts = { method, url: redact(url), attempt: 1, repeatable };
  }

  async run(): Promise<Reply> {
    const { closing, policyOf } = this.#transport;
    const { url, method } = this.#request;
    const { signal } = this.#call;
    const signals = signal === undefined ? closing : [signal, closing];
    let reply: Reply | undefined;
    try {
      reply = await policyOf(url.origin, method).run((attempt) => this.#attempt(attempt), { signal: signals });
      // a policy of the user's may give what it likes
      if (typeof reply?.status !== 'number') throw new OptionError('createClient.policy', wanted, typeof reply);
      return reply;
    } catch (error) {
      reply = this.#refusals?.get(error);
      if (reply !== undefined) return reply;
      if (signal?.aborted === true || closing.aborted || !isTimeout(error)) throw error;
      throw new RequestTimeoutError(
        this.#facts,
        error.timeoutMs,
        this.#failure instanceof HttpError ? this.#failure : error,
      );
    } finally {
      for (const refusal of this.#refusals?.values() ?? []) if (refusal !== reply) letGo(refusal);
      for (const opened of this.#opened ?? []) if (opened !== reply) letGo(opened);
    }
  }

  async #attempt({ signal, attempt }: Attempt): Promise<Reply> {
    // Whatever the policy says, nothing is sent twice that may have had its effect.
    if (this.#mayBeSent && !this.#facts.repeatable) {
      if (this.#lastSignal?.aborted === true) throw this.#lastSignal.reason;
      throw this.#failure ?? new NetworkError(this.#facts, underWay);
    }
    this.#letGoOfRefusals();
    const facts = { ...this.#facts, attempt };
    this.#facts = facts;
    this.#mayBeSent = true;
    this.#lastSignal = signal;
    const { last, sent } = this.#call;
    if (last) last.facts = facts;
    const resends = sent === undefined ? attempt - 1 : sent.times++;
    const { prepare } = this.#transport;
    try {
      const prepared =
        prepare === undefined ? this.#request : await prepare(this.#request, { attempt, error: this.#failure, signal });
      const reply = await traced({ request: prepared, facts, signal, resends }, (request) =>
        this.#send(request, signal, facts),
      );
      if (isRetryableStatus(reply.status)) throw this.#refusalOf(reply);
      if (reply.body instanceof Readable) (this.#opened ??= []).push(reply);
      return reply;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      this.#failure = error;
      if (last) last.failure = error;
      if (error instanceof NetworkError && error.retryable) this.#mayBeSent = false;
      throw error;
    }
  }

  #send(request: Outgoing, signal: AbortSignal, facts: RequestFacts): Promise<Reply> {
    const { dispatcher } = this.#transport;
    const sent = exchange({ dispatcher, request, call: this.#call, signal, facts });
    if (this.#call.whole) return sent;
    return sent.then((reply) => {
      if (reply.body instanceof Readable) this.#open.add(reply.body);
      return reply;
    });
  }

  /** A body that is still to come holds a connection, which the next attempt may have to wait for. */
  #letGoOfRefusals(): void {
    for (const [error, refusal] of this.#refusals ?? []) {
      if (refusal.body instanceof Uint8Array) continue;
      letGo(refusal);
      this.#refusals?.delete(error);
    }
  }

  #refusalOf(reply: Reply): StatusError {
    const isPlain = reply.fields['content-encoding'] === undefined;
    const refusal = new StatusError(reply.facts, reply, isPlain ? startOf(reply.body) : '');
    this.#refusals ??= new Map();
    this.#refusals.set(refusal, reply);
    return refusal;
  }
}

const wanted = 'one that gives what its function gave';

/** A policy began a second attempt of a request that is not safe to repeat before the first had ended. */
const underWay = 'an attempt that may not be repeated is under way';
