import { getEventListeners } from 'node:events';

/** A controller, with the number of listeners that its signal holds. */
export function countedController(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  return { controller, listeners: () => getEventListeners(controller.signal, 'abort').length };
}
