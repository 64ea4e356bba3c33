import { createServer } from 'node:http';
import { serve } from '../../src/server.ts';
import { record } from './record.ts';

const body = JSON.stringify(record);
let served = 0;

// What is asked for twice is answered with an error, so that no subject goes past its cache unseen.
serve(
  createServer((_request, response) => {
    served += 1;
    if (served > 1) response.writeHead(410).end();
    else response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=86400' }).end(body);
  }),
);
