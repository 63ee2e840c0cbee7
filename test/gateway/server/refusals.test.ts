import t from 'tap';
import { method, openForeign } from '../../support/foreign.js';
import { type HttpOptions, http } from '../../support/http.js';
import { nameOf, openOf, openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

const SECRET = 'c2VjcmV0LXRpY2tldA';
const JSON_TYPE = { 'content-type': 'application/json' };

t.test('every refusal is one line of log with its request id, and never with the query', async (t) => {
  const { url, wsUrl, gateway, lines } = await openForeign(t, {});
  const ask = method('Ask');
  const cases: [status: number, path: string, options?: HttpOptions][] = [
    [400, ask, { method: 'POST', headers: JSON_TYPE, body: 'no json' }],
    [400, '/foreign/items/nine'],
    [400, '/foreign/items/%zz'],
    [400, ask, { headers: { 'grpc-timeout': 'soon' } }],
    [400, ask, { headers: { 'grpc-metadata-host': 'x' } }],
    [403, method('Both'), { method: 'POST', headers: { origin: 'https://evil.example' } }],
    [404, '/none'],
    [405, '/foreign/items', { method: 'DELETE' }],
    [406, ask, { headers: { accept: 'image/png' } }],
    [415, ask, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }],
    [415, ask, { method: 'POST', headers: { ...JSON_TYPE, 'content-encoding': 'br' }, body: 'x' }],
    [417, '/', { headers: { expect: 'a pony' } }],
    [417, ask, { method: 'POST', headers: { ...JSON_TYPE, expect: '200-ok' }, body: '{}' }],
    [421, '/', { headers: { host: 'evil.example' } }],
    [426, '/_sluice/session'],
    [501, ask, { method: 'PROPFIND' }],
  ];
  const queries = [
    '',
    `?ticket=${SECRET}`,
    `?text=%zz${SECRET}`,
    `?number=${SECRET}`,
    `?${SECRET}=1`,
    `?${SECRET}`,
  ];
  let asked = 0;
  for (const [status, path, options = {}] of cases) {
    for (const query of queries) {
      asked += 1;
      const id = `refused-${asked}`;
      const headers = { ...options.headers, 'x-request-id': id };
      const answer = await http(url + path + query, { ...options, headers });
      const what = `${options.method ?? 'GET'} ${path}${query}`;
      t.ok(query === '' ? answer.status === status : answer.status >= 400, `${answer.status} ${what}`);
      t.equal(answer.headers['x-request-id'], id, what);
      const line = {
        msg: 'request refused',
        level: 30,
        httpMethod: options.method ?? 'GET',
        path,
        httpStatus: answer.status,
        peer: '127.0.0.1',
        reason: answer.headers['sluice-reason'],
      };
      t.match(
        lines.filter(({ requestId }) => requestId === id),
        [answer.status < 500 ? line : { ...line, level: 40 }],
        what,
      );
      t.equal(lines.filter(({ requestId }) => requestId === id).length, 1, what);
    }
  }
  for (const [path, headers] of [
    ['/none', {}],
    [method('Both'), { origin: 'https://evil.example' }],
    [ask, { 'grpc-metadata-host': 'x' }],
  ] as const) {
    asked += 1;
    const id = { 'x-request-id': `refused-${asked}` };
    await t.rejects(connect(`${wsUrl}${path}?ticket=${SECRET}`, { headers: { ...headers, ...id } }));
    t.match(
      lines.filter(({ requestId }) => requestId === id['x-request-id']),
      [{ msg: 'request refused', path }],
    );
  }
  const admin = await http(`${gateway.adminUrl}/none?${SECRET}`, { headers: { 'x-request-id': 'admin' } });
  t.equal(admin.status, 404);
  t.match(
    lines.filter(({ requestId }) => requestId === 'admin'),
    [{ msg: 'request refused', path: '/none' }],
  );
  t.notMatch(JSON.stringify(lines), SECRET);
});

t.test('what a session refuses is logged as well', async (t) => {
  const { wsUrl, lines } = await openForeign(t, {});
  const session = await openSession(wsUrl, 'sluice.v1.json', { headers: { 'x-request-id': 'session' } });
  const own = { host: 'x', 'x-request-id': 'own' };
  await session.send(openOf(1, 'None'), openOf(2, 'Ask', { metadata: { host: 'x' } }));
  await session.send(openOf(3, 'Ask', { metadata: own }), { halfClose: { id: 9 } });
  await session.closed;
  t.match(
    lines.filter(({ requestId }) => requestId === 'own'),
    [{ msg: 'request refused', method: nameOf('Ask'), reason: 'INVALID_METADATA', peer: '127.0.0.1' }],
    'a call with an id of its own is refused under it',
  );
  t.match(
    lines.filter(({ requestId }) => requestId === 'session'),
    [
      { msg: 'request refused', method: nameOf('None'), code: 'UNIMPLEMENTED' },
      { msg: 'request refused', method: nameOf('Ask'), code: 'INVALID_ARGUMENT' },
      { msg: 'session closed', closeCode: 4400, problem: /id 9/ },
    ],
  );
});

t.test('a content coding that is not taken is 415 with what is', async (t) => {
  const { url } = await openForeign(t, {});
  for (const path of [method('Ask'), method('Up'), '/foreign/items', '/foreign/up/x']) {
    for (const coding of ['deflate', 'br', 'x-nothing', 'gzip, identity', 'gzip, gzip']) {
      const headers = { 'content-type': 'application/json', 'content-encoding': coding };
      const answer = await http(url + path, {
        body: '{}',
        headers:
          path.includes('p') && /up/i.test(path)
            ? { ...headers, 'content-type': 'application/x-ndjson' }
            : headers,
      });
      t.equal(answer.status, 415, `${path} ${coding}`);
      t.equal(answer.headers['accept-encoding'], 'gzip, identity');
    }
  }
  const upload = { method: 'PUT', body: 'x', headers: { 'content-encoding': 'br' } };
  t.match(await http(`${url}/foreign/files/a`, upload), {
    status: 415,
    headers: { 'accept-encoding': 'gzip, identity' },
  });
});
