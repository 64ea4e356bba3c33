import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { open } from '../test/open.ts';
import { serve } from '../test/server.ts';
import { basic, createClient, oauth2, StatusError } from './index.ts';

const secret = 'S3CRET';

async function setUp() {
  const server = await serve((_request, response) => {
    response.writeHead(500, { 'set-cookie': 'id=C00KIE' }).end('oops');
  });
  const api = createClient({
    baseUrl: server.url,
    retry: false,
    auth: basic('ada', secret),
    headers: { 'x-api-key': secret },
    hooks: { beforeRequest: ({ headers }) => void (headers['x-hook'] = secret) },
    sign: () => ({ 'x-signed': secret }),
  });
  open.push(server, api);
  return { api, url: server.url };
}

/** What of a value gets into logs. */
function logged(value: unknown): string {
  return `${inspect(value, { depth: 20 })} ${JSON.stringify(value)}`;
}

const request = { json: { password: secret }, headers: { cookie: secret }, query: { token: secret } };

describe('secrets', () => {
  it('are not in what is logged of a client, its auth, a request or a response', async () => {
    const { api, url } = await setUp();
    const response = await api.post('/', { ...request, throwHttpErrors: false }).response();
    open.push(response);
    const auth = oauth2({ tokenUrl: url, clientId: 'ada', clientSecret: secret });
    for (const value of [api, auth, basic('ada', secret), api.post('/', request), response]) {
      expect(logged(value)).not.toContain(secret);
    }
  });

  it('are not in what is logged of an error, which has the headers all the same', async () => {
    const { api } = await setUp();
    const error: unknown = await api
      .post('/', request)
      .text()
      .catch((thrown: unknown) => thrown);
    expect(logged(error)).not.toMatch(/S3CRET|C00KIE/);
    expect(error instanceof StatusError && error.headers.get('set-cookie')).toBe('id=C00KIE');
  });

  it('are not in the error for a proxy whose credentials do not decode', () => {
    const create = () => createClient({ proxy: `http://us%er:${secret}@proxy.example` });
    expect(create).toThrow('Option "createClient.proxy" must be');
    expect(create).not.toThrow(secret);
  });

  it('are not in the error for an auth that is none', () => {
    const create = () => createClient({ baseUrl: 'http://api.example', auth: JSON.parse(`"${secret}"`) });
    expect(create).toThrow('Option "createClient.auth" must be');
    expect(create).not.toThrow(secret);
  });

  it('may not come into the URL by a hook', async () => {
    const { api } = await setUp();
    const hooked = api.extend({ hooks: { beforeRequest: ({ url }) => void (url.password = secret) } });
    const error: unknown = await hooked
      .get('/')
      .text()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DEX_OPTION', option: 'hooks.beforeRequest' });
    expect(logged(error)).not.toContain(secret);
  });
});
