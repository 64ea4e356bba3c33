import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import { createAttempts } from './layers/attempts.ts';
import type { Credentials } from './auth/auth.ts';
import {
  checkClientOptions,
  type ClientOptions,
  extendOptions,
  given,
  touchesConnections,
  touchesPolicies,
} from './client-options.ts';
import { observeConnections } from './connections/connection-metrics.ts';
import { createDispatcher } from './connections/dispatcher.ts';
import { ClientClosedError } from './errors.ts';
import { choosePolicies, type PolicyOf } from './layers/policies.ts';

/** What a client holds, and shares with those that are made from it where their options leave it alone. */
export interface Holdings {
  readonly options: ClientOptions;
  readonly dispatcher: Dispatcher;
  readonly policyOf: PolicyOf;
  readonly credentials: Credentials | undefined;
  /** Aborts when this client closes, or one that it was made from. */
  readonly closing: AbortSignal;
  readonly close: () => Promise<void>;
}

/** @throws {OptionError} When an option cannot work, or two contradict each other. */
export function openHoldings(own: ClientOptions, parent?: Holdings): Holdings {
  parent?.closing.throwIfAborted();
  const added = given(own);
  const options = parent === undefined ? added : extendOptions(parent.options, added);
  checkClientOptions(options);
  const controller = new AbortController();
  const closing = parent === undefined ? controller.signal : AbortSignal.any([controller.signal, parent.closing]);
  setMaxListeners(0, closing);

  const isShared = parent !== undefined && !touchesConnections(added);
  const dispatcher = isShared ? parent.dispatcher : createDispatcher(options, closing);
  const policyOf = parent === undefined || touchesPolicies(added) ? choosePolicies(options) : parent.policyOf;
  const isOwn = !isShared && dispatcher !== options.dispatcher;
  const stopObserving = isOwn ? observeConnections(dispatcher) : undefined;
  let ended: Promise<void> | undefined;
  const end = (): void => {
    stopObserving?.();
    if (isOwn) ended = dispatcher.destroy(new ClientClosedError());
  };
  // only what has connections of its own has to hear of the end, so that others may be dropped without a close
  if (!isShared) closing.addEventListener('abort', end, { once: true });

  const { auth } = options;
  const credentials =
    parent !== undefined && auth === parent.options.auth
      ? parent.credentials
      : auth?.open(createAttempts({ dispatcher, policyOf, closing }));
  const close = async (): Promise<void> => {
    controller.abort(new ClientClosedError());
    await ended;
  };
  return { options, dispatcher, policyOf, credentials, closing, close };
}
