import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../../gateway/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { type HttpOptions, http } from '../../../support/http.js';
import { openOf, openSession, PROTOCOLS } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

/** How a client may try to say a name itself; resolves with the metadata of the call, or how it was refused. */
type Way = (
  foreign: Awaited<ReturnType<typeof openAll>>,
  name: string,
  value: string,
  headers: Record<string, string>,
) => Promise<string>;

const REFUSED = 'refused, naming it';

async function openAll(t: Test, options: Partial<GatewayOptions>) {
  const answer = [{ in: 'end' as const }, { out: await bytes({}) }];
  return await openForeign(
    t,
    { Ask: answer, Down: answer, Up: answer, Both: answer, Fetch: [], Store: answer },
    { forwardHeaders: ['X-Auth-User', 'x-auth-claims-bin', 'x-tenant'], ...options },
  );
}

function saidOf({ upstream }: Awaited<ReturnType<typeof openAll>>, name: string): string {
  const calls = ['Ask', 'Down', 'Up', 'Both', 'Fetch', 'Store'].flatMap((one) => [
    ...upstream.calls(method(one)),
  ]);
  const { metadata } = calls.at(-1) ?? { metadata: [] };
  const alike = (given: string) => given.toLowerCase().replace(/[_.]/g, '-');
  return metadata
    .filter(([one]) => alike(one) === alike(name))
    .map(([, value]) => value)
    .join('|');
}

const byHttp =
  (path: string, options: HttpOptions = {}): Way =>
  async (foreign, name, value, headers) => {
    const own = { ...options.headers, ...headers, [`Grpc-Metadata-${name}`]: value };
    const answer = await http(foreign.url + path, { ...options, headers: own });
    if (answer.status === 200) return saidOf(foreign, name);
    const { error } = JSON.parse(answer.text) as { error: { code: number; status: string; message: string } };
    const isNamed = error.message.toLowerCase().includes(name.toLowerCase());
    return error.code === 400 && error.status === 'INVALID_ARGUMENT' && isNamed ? REFUSED : answer.text;
  };

const byHandshake =
  (path: string, protocols: string[]): Way =>
  async (foreign, name, value, headers) => {
    const before = foreign.upstream.calls(method('Down')).length;
    try {
      const own = { ...headers, [`GRPC-Metadata-${name}`]: value };
      const { socket, closed } = await connect(foreign.wsUrl + path, { headers: own }, protocols);
      if (protocols.length > 0) {
        const open = openOf(1, 'Down');
        socket.send(JSON.stringify(open));
        socket.send(JSON.stringify({ halfClose: { id: 1 } }));
        await foreign.upstream.call(method('Down'), before);
        socket.close();
      } else socket.send('');
      await closed;
      return saidOf(foreign, name);
    } catch (reason) {
      return /HTTP 400/.test(String(reason)) ? REFUSED : String(reason);
    }
  };

const byOpen =
  (protocol: (typeof PROTOCOLS)[number]): Way =>
  async (foreign, name, value, headers) => {
    const session = await openSession(foreign.wsUrl, protocol, { headers });
    await session.send(openOf(1, 'Down', { metadata: { [name]: value } }), { halfClose: { id: 1 } });
    const { end } = (await session.all(1)).at(-1) as { end: { status: { code: number; message: string } } };
    session.test.socket.close();
    if (end.status.code === 0) return saidOf(foreign, name);
    return end.status.code === 3 && end.status.message.includes(name) ? REFUSED : JSON.stringify(end);
  };

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

const WAYS: Readonly<Record<string, Way>> = {
  'unary, POST': byHttp(method('Ask'), { body: '{}', headers: JSON_TYPE }),
  'unary, GET': byHttp('/foreign/items/1'),
  SSE: byHttp(method('Down'), { body: '{}', headers: { ...JSON_TYPE, accept: 'text/event-stream' } }),
  NDJSON: byHttp(method('Down'), { body: '{}', headers: JSON_TYPE }),
  array: byHttp('/foreign/down', { headers: { accept: 'application/json' } }),
  'client stream': byHttp(method('Up'), { body: '{}\n', headers: NDJSON }),
  bidi: byHttp(method('Both'), { body: '{}\n', headers: NDJSON }),
  download: byHttp('/foreign/files/x'),
  upload: byHttp('/foreign/files/x', { method: 'PUT', body: 'abc' }),
  WebSocket: byHandshake(method('Both'), []),
  'handshake of a session': byHandshake('/_sluice/session', ['sluice.v1.json']),
  'open, JSON': byOpen('sluice.v1.json'),
  'open, proto': byOpen('sluice.v1.proto'),
};

const SPELLINGS = ['x-auth-user', 'X-Auth-User', 'X-AUTH-USER', 'x_auth_user', 'x-auth_user', 'x.auth.user'];

t.test('names of --forward-header come from their own header and in no other way', async (t) => {
  for (const [label, way] of Object.entries(WAYS)) {
    await t.test(label, async (t) => {
      const foreign = await openAll(t, {});
      for (const spelling of SPELLINGS) {
        t.equal(await way(foreign, spelling, 'root', { 'x-auth-user': 'ann' }), REFUSED, spelling);
        t.equal(
          await way(foreign, spelling, 'root', {}),
          REFUSED,
          `${spelling}, also when the ingress says nothing`,
        );
      }
      t.equal(await way(foreign, 'x-auth-claims-bin', 'AAAA', {}), REFUSED);
      for (const name of [
        'forwarded',
        'x-forwarded-for',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x_forwarded_for',
      ])
        t.equal(await way(foreign, name, 'evil', {}), REFUSED, name);
      t.equal(
        await way(foreign, 'x-other', 'yes', { 'x-auth-user': 'ann' }),
        'yes',
        'other names are its own',
      );
      t.equal(saidOf(foreign, 'x-auth-user'), 'ann', 'and the ingress is heard');
      t.equal(await way(foreign, 'authorization', 'Bearer own', {}), 'Bearer own');
    });
  }
});

t.test('--ingress-owns-authorization does the same for authorization', async (t) => {
  for (const [label, way] of Object.entries(WAYS)) {
    await t.test(label, async (t) => {
      const foreign = await openAll(t, { ingressOwnsAuthorization: true });
      t.equal(await way(foreign, 'authorization', 'Bearer own', {}), REFUSED);
      t.equal(
        await way(foreign, 'authorization', 'Bearer own', { authorization: 'Bearer ingress' }),
        REFUSED,
      );
      t.equal(await way(foreign, 'x-other', 'yes', { authorization: 'Bearer ingress' }), 'yes');
      t.equal(saidOf(foreign, 'authorization'), 'Bearer ingress');
    });
  }
});

t.test('no name travels twice: a header that goes by itself, and the same as grpc-metadata-*', async (t) => {
  const foreign = await openAll(t, {});
  for (const [label, way] of Object.entries(WAYS)) {
    if (label.startsWith('open')) continue;
    for (const name of ['authorization', 'traceparent', 'tracestate', 'baggage']) {
      t.equal(await way(foreign, name, 'b', { [name]: 'a' }), REFUSED, `${label}: ${name}`);
    }
    t.equal(await way(foreign, 'x-request-id', 'b', {}), REFUSED, `${label}: the request id is always there`);
  }
  for (const protocol of PROTOCOLS) {
    for (const name of ['authorization', 'traceparent', 'x-request-id']) {
      // Malformed ones do not travel.
      const own = name === 'traceparent' ? `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` : 'b';
      t.equal(
        await byOpen(protocol)(foreign, name, own, { [name]: 'a' }),
        own,
        `${protocol}: a call says its own`,
      );
    }
  }
});

t.test('a name that is given twice to --forward-header travels once', async (t) => {
  const foreign = await openAll(t, {
    forwardHeaders: ['x-a', 'X-A', 'authorization', 'x-request-id', 'x-forwarded-for'],
  });
  const headers = { 'x-a': '1', authorization: 'b', 'x-request-id': 'id', 'x-forwarded-for': '9.9.9.9' };
  await http(foreign.url + method('Ask'), { headers });
  const wanted = { 'x-a': '1', authorization: 'b', 'x-request-id': 'id', 'x-forwarded-for': '127.0.0.1' };
  for (const [name, value] of Object.entries(wanted)) t.equal(saidOf(foreign, name), value, name);
});
