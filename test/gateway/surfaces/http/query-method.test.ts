import t from 'tap';
import { http } from '../../../support/http.js';
import { openOwnService } from '../../../support/own-service.js';

const JSON_TYPE = { 'content-type': 'application/json' };

const PROTO = `message M { string text = 1; } service S {
  rpc One(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Many(M) returns (stream M) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Bound(M) returns (M) { option (google.api.http) = { get: "/bound/{text}" additional_bindings { custom: { kind: "QUERY" path: "/search" } body: "*" } }; }
  rpc Changes(M) returns (M);
  rpc Up(stream M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
}`;

function answers(encode: (type: string, value: { text: string }) => Uint8Array) {
  const message = encode('M', { text: 'answer' });
  return {
    One: [{ in: 'end' as const }, { out: message }],
    Many: [{ in: 'end' as const }, { out: message, times: 2 }],
    Bound: [{ in: 'end' as const }, { out: message }],
    Up: [{ in: 'end' as const }, { out: message }],
  };
}

t.test('QUERY calls methods without side effects, with the request as its body', async (t) => {
  const own = await openOwnService(t, PROTO, answers, { allowOrigins: ['https://app.example.com'] });
  const query = (path: string, headers: Record<string, string>, body = '{"text":"q"}') =>
    http(own.url + path, { method: 'QUERY', headers, body });

  const one = await query('/t.S/One', JSON_TYPE);
  t.match(one, { status: 200, text: '{"text":"answer"}', headers: { 'accept-query': 'application/json' } });
  t.same(own.decode('M', own.upstream.calls('/t.S/One')[0]?.received[0]), { text: 'q' });
  const streams: [accept: string, text: RegExp][] = [
    ['*/*', /^\{"text":"answer"\}\n\{"text":"answer"\}\n$/],
    ['text/event-stream', /data: \{"text":"answer"\}\n\n[\s\S]*event: end/],
    ['application/json', /^\[\{"text":"answer"\},?\s*,?\{"text":"answer"\}\s*\]\s*$/],
  ];
  for (const [accept, text] of streams) {
    t.match(await query('/t.S/Many', { ...JSON_TYPE, accept }), { status: 200, text }, accept);
  }
  t.match(await query('/t.S/Bound', JSON_TYPE), { status: 200 }, 'a GET rule says the same');
  t.match(await query('/search', JSON_TYPE), {
    status: 200,
    headers: { 'accept-query': 'application/json' },
  });
  t.match(await query('/t.S/One', JSON_TYPE, '{"nope":1}'), { status: 400, text: /nope/ });

  const called = own.upstream.calls('/t.S/One').length;
  const refused: [path: string, headers: Record<string, string>, status: number, more: object][] = [
    ['/t.S/One', {}, 400, { text: /content-type.*application\/json/ }],
    ['/t.S/One', { 'content-type': 'text/csv' }, 415, { headers: { 'accept-query': 'application/json' } }],
    ['/t.S/Changes', JSON_TYPE, 405, { headers: { allow: 'POST' } }],
    ['/t.S/Up', JSON_TYPE, 405, { headers: { allow: 'POST' } }],
    ['/bound/x', JSON_TYPE, 405, { headers: { allow: 'GET, HEAD' } }],
    ['/nowhere', JSON_TYPE, 404, {}],
  ];
  for (const [path, headers, status, more] of refused) {
    t.match(await query(path, headers), { status, ...more }, `${path} ${JSON.stringify(headers)}`);
  }
  t.equal(own.upstream.calls('/t.S/One').length, called, 'what is refused reaches no service');
});

t.test('what takes QUERY says so in Allow, in Accept-Query and to CORS', async (t) => {
  const own = await openOwnService(t, PROTO, answers, { allowOrigins: ['https://app.example.com'] });
  const options = await http(`${own.url}/t.S/One`, { method: 'OPTIONS' });
  t.match(options.headers, { 'accept-query': 'application/json', allow: /\bQUERY\b/ });
  t.match(await http(`${own.url}/search`, { method: 'OPTIONS' }), {
    headers: { 'accept-query': 'application/json', allow: 'QUERY, OPTIONS' },
  });
  for (const path of ['/t.S/Changes', '/bound/x', '/t.S/Up']) {
    const { headers } = await http(own.url + path, { method: 'OPTIONS' });
    t.notMatch(headers.allow, /QUERY/, path);
    t.equal(headers['accept-query'], undefined, path);
  }
  t.equal((await http(`${own.url}/t.S/One`, { method: 'HEAD' })).headers['accept-query'], 'application/json');
  t.match(await http(`${own.url}/t.S/One`, { method: 'DELETE' }), {
    status: 405,
    headers: { allow: 'GET, HEAD, POST, QUERY' },
  });
  const preflight = await http(`${own.url}/t.S/One`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'QUERY' },
  });
  t.match(preflight.headers['access-control-allow-methods'], /\bQUERY\b/);
});

t.test('a schema in which everything has side effects does not know QUERY', async (t) => {
  const own = await openOwnService(
    t,
    'message M { string text = 1; } service S { rpc One(M) returns (M); }',
    () => ({}),
  );
  const answer = await http(`${own.url}/nowhere`, { method: 'QUERY', headers: JSON_TYPE, body: '{}' });
  t.equal(answer.status, 501);
});

t.test('application/jsonl is NDJSON, up and down', async (t) => {
  const own = await openOwnService(t, PROTO, answers);
  const down = await http(`${own.url}/t.S/Many`, { headers: { accept: 'application/jsonl' } });
  t.match(down, {
    status: 200,
    text: '{"text":"answer"}\n{"text":"answer"}\n',
    headers: { 'content-type': /^application\/jsonl\b/, incremental: '?1' },
  });
  const up = await http(`${own.url}/t.S/Up`, {
    method: 'POST',
    headers: { 'content-type': 'application/jsonl' },
    body: '{"text":"a"}\n{"text":"b"}\n',
  });
  t.equal(up.status, 200);
  t.equal(own.upstream.calls('/t.S/Up')[0]?.received.length, 2);
  const any = await http(`${own.url}/t.S/Many`, { headers: { accept: '*/*' } });
  t.match(any.headers['content-type'], /^application\/x-ndjson/, 'the first name stays the default');
});
