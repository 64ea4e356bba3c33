import { createServer } from 'node:http';
import { serve } from '../src/server.ts';

serve(createServer((_request, response) => response.end(String(process.pid))));
