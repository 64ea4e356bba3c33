/** A controller whose signal counts the listeners it holds. */
export function countedController(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const held = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: object | boolean,
  ) => {
    held.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    held.delete(listener);
    remove(type, listener);
  };
  return { controller, listeners: () => held.size };
}

type EventListenerOrEventListenerObject = Parameters<AbortSignal['addEventListener']>[1];
