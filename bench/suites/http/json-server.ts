import { createServer } from 'node:http';
import { serve } from '../../src/server.ts';
import { record } from './record.ts';

const body = JSON.stringify(record);

serve(
  createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(body);
  }),
);
