import t from 'tap';
import { WebSocket } from 'ws';
import { createClient } from '../../../clients/browser/index.js';
import { createDeferred } from '../../../gateway/async/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';

const name = (of: string) => method(of).slice(1);

t.test(
  'the browser client comes in with real tokens, each way, and its gateway closes at once',
  async (t) => {
    const key = await issuerKey('es');
    const issuer = await openIssuer(t, [key]);
    const keys = `{ jwksUrl: "${issuer.jwksUrl}" }`;
    const config = await parseConfig(
      `auth:\n  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: ${keys} }]\n`,
      'test.yaml',
    );
    const over = createDeferred<void>();
    t.teardown(() => over.resolve());
    const item = { out: await bytes({ text: 'a' }) };
    const scripts = { Ask: [{ in: 'end' }, item], Down: [item, { wait: over.promise }] } as const;
    const { gateway, url, lines } = await openForeign(t, scripts, { config, graceMs: 60_000 });
    const tokens = [await issuer.sign(key, { exp: 1 }), await issuer.sign(key)];
    const client = createClient({ baseUrl: url, WebSocket, auth: () => tokens.shift() ?? '' });
    t.same(
      await client.unary(name('Ask'), {}),
      { text: 'a' },
      'the first token has expired, the second has not',
    );
    for await (const message of client.serverStream(name('Down'), {})) {
      t.same(message, { text: 'a' });
      break;
    }
    const socket = client.socket(name('Down'));
    await socket.send({});
    t.same((await socket.next()).value, { text: 'a' });
    await socket.return?.();
    tokens.push(await issuer.sign(key));
    t.same(await client.call(name('Ask'), { request: {} }).result(), { text: 'a' });
    client.close();
    await gateway.close();
    const calls = lines.filter(({ msg }) => msg === 'call');
    t.same(new Set(calls.map(({ principal }) => principal)), new Set(['alice']));
    t.same([...new Set(calls.map(({ surface }) => surface))].sort(), ['json', 'session', 'sse', 'websocket']);
  },
);
