import { createServer } from 'node:http';
import { serve } from '../../src/server.ts';

// What a scenario calls, in a process of its own. `/faults?unavailable=0.2` sets what fails from now on; `/` is a call.

let faults = new URLSearchParams();
let calls = 0;
let random = seededRandom();

/** The same faults for every contender: the n-th call after they were set meets the n-th number. */
function seededRandom(seed = 1): () => number {
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}

serve(
  createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream');
    if (pathname === '/faults') {
      faults = searchParams;
      random = seededRandom();
      response.end(String(calls));
      return;
    }
    calls += 1;
    const [unavailable = 0, reset = 0, hang = 0] = ['unavailable', 'reset', 'hang'].map((kind) =>
      Number(faults.get(kind)),
    );
    const drawn = random();
    if (drawn < unavailable) response.writeHead(503).end();
    else if (drawn < unavailable + reset) request.socket.resetAndDestroy();
    else if (drawn >= unavailable + reset + hang) response.end('sunny');
  }),
);
