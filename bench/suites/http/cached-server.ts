import { createServer } from 'node:http';
import { serve } from '../../src/server.ts';
import { record } from './record.ts';

const body = JSON.stringify(record);

serve(
  createServer((_request, response) => {
    response.writeHead(200, {
      'cache-control': 'max-age=3600',
      'content-type': 'application/json',
      etag: '"day"',
      vary: 'accept-encoding',
    });
    response.end(body);
  }),
);
