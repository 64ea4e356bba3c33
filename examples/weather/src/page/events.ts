import type { ServerResponse } from 'node:http';
import type { View } from '../model.ts';

const intervalMs = 100;
const heartbeatMs = 15_000;

/**
 * Sends `event: run` with the run's state: at once, then after changes, at most ten times a second and never without
 * the last one. A reader slower than that misses states in between, not the last; nothing is queued for it.
 *
 * @returns Ends the stream, after a state that was still to be sent.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function sendEvents(view: View, response: ServerResponse): () => void {
  let stale = true;
  let pause: NodeJS.Timeout | undefined;

  const write = () => {
    stale = false;
    try {
      response.write(`event: run\ndata: ${JSON.stringify(view.run())}\n\n`);
    } catch {
      response.destroy(); // the listener runs inside the pipeline, which a broken view must not bring down
    }
  };
  const send = () => {
    if (!stale || pause !== undefined || response.writableNeedDrain || response.destroyed) return;
    write();
    pause = setTimeout(() => {
      pause = undefined;
      send();
    }, intervalMs);
  };

  const subscription = view.subscribe(() => {
    stale = true;
    send();
  });
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, heartbeatMs);
  response.on('drain', send);
  response.once('close', () => {
    subscription[Symbol.dispose]();
    clearInterval(heartbeat);
    clearTimeout(pause);
  });

  response.write('retry: 1000\n\n');
  send();
  return () => {
    if (stale) write();
    response.end();
  };
}
