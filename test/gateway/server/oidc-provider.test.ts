import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import t from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';

/** What is used of the package, which has no types. */
interface OpenIdProvider {
  callback(): RequestListener;
  on(event: string, listener: (context: unknown, error: Error) => void): void;
}
type ProviderClass = new (issuer: string, options: object) => OpenIdProvider;

const { default: Provider } = (await import('oidc-provider' as string)) as {
  readonly default: ProviderClass;
};

t.test('a token of a real OpenID provider gets in, by its own description of itself', async (t) => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const server = createServer((request, response) => provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'robot',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'first' }] },
    scopes: ['read'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:sluice',
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          audience,
          scope: 'read write',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  provider.on('server_error', (_context, error) => t.fail(String(error)));
  const config = await parseConfig(
    `auth: { issuers: [{ issuer: "${issuer}", audience: ["urn:sluice"], keys: { discovery: true } }] }
methods: { foreign.v1.Foreign/Ask: { access: { scopes: [read] } }, foreign.v1.Foreign/Up: { access: { scopes: [admin] } } }`,
    'test.yaml',
  );
  const { url, lines } = await openForeign(t, { Ask: [{ out: await bytes({ text: 'a' }) }] }, { config });
  const answer = await http(`${issuer}/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from('robot:secret').toString('base64')}`,
    },
    body: 'grant_type=client_credentials&scope=read',
  });
  t.equal(answer.status, 200, answer.text);
  const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
  const call = async (name: string, bearer: string) => {
    const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${bearer}` };
    const json = name === 'Ask' ? { ...headers, 'content-type': 'application/json' } : headers;
    return (await http(url + method(name), { method: 'POST', headers: json, body: '{}' })).status;
  };
  t.equal(await call('Ask', token), 200);
  t.equal(await call('Up', token), 403);
  t.equal(await call('Ask', `${token}x`), 401);
  t.match(
    lines.find(({ msg }) => msg === 'call'),
    { principal: 'robot' },
  );
});
