import { METHODS } from 'node:http';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { describeSchema } from '../../../../gateway/schema/index.js';
import { http, httpJson, until } from '../../../support/http.js';
import { openOwnService } from '../../../support/own-service.js';
import { schemaFromText } from '../../schema/schema-from-text.js';

const never = new Promise<never>(() => {});
const M = 'import "google/api/httpbody.proto"; message M { string text = 1; google.api.HttpBody file = 2; }';

t.test('HEAD is the head of GET on every surface, and cancels the call', async (t) => {
  const own = await openOwnService(
    t,
    `${M} service S {
      rpc One(M) returns (M) { option (google.api.http) = { get: "/one" }; }
      rpc Many(M) returns (stream M) { option (google.api.http) = { get: "/many" additional_bindings { get: "/files/{text}" response_body: "file" } }; }
      rpc Quiet(M) returns (stream M) { option (google.api.http) = { get: "/quiet" }; }
      rpc None(M) returns (stream M) { option (google.api.http) = { get: "/none" }; }
      rpc Fails(M) returns (stream M) { option (google.api.http) = { get: "/fails" }; }
      rpc Up(stream M) returns (M) { option (google.api.http) = { post: "/up" body: "*" }; }
    }`,
    (encode) => {
      const message = encode('M', {
        text: 'x'.repeat(1000),
        file: { contentType: 'text/csv', data: 'AQ==' },
      });
      const meta = [['x-init', 'one']] as const;
      return {
        One: [{ in: 'end' }, { headers: meta }, { out: message }],
        Many: [{ in: 'end' }, { headers: meta }, { out: message, times: 1_000_000 }],
        Quiet: [{ in: 'end' }, { headers: meta }, { wait: never }],
        None: [{ in: 'end' }],
        Fails: [{ in: 'end' }, { status: 'NOT_FOUND' }],
      };
    },
    { limits: { headWaitMs: 30_000 } },
  );
  const cases: [path: string, accept: string, type: RegExp][] = [
    ['/one', 'application/json', /^application\/json/],
    ['/many', '*/*', /^application\/x-ndjson/],
    ['/many', 'application/json', /^application\/json/],
    ['/many', 'text/event-stream', /^text\/event-stream/],
    ['/many', 'application/json-seq', /^application\/json-seq$/],
    ['/files/a.csv', '*/*', /^text\/csv/],
    ['/files/a.csv', 'text/event-stream', /^text\/event-stream/],
    ['/quiet', 'text/event-stream', /^text\/event-stream/],
    ['/quiet', 'application/x-ndjson', /^application\/x-ndjson/],
    ['/none', 'application/json', /^application\/json/],
  ];
  for (const [path, accept, type] of cases) {
    const name = `HEAD ${path} ${accept}`;
    const answer = await http(own.url + path, { method: 'HEAD', headers: { accept } });
    t.match(answer, { status: 200, text: '', complete: true, headers: { 'content-type': type } }, name);
    if (path === '/none') continue;
    t.equal(answer.headers['grpc-metadata-x-init'], 'one', name);
  }
  for (const name of ['Many', 'Quiet']) {
    for (const call of own.upstream.calls(`/t.S/${name}`)) {
      await call.over;
      t.ok(call.cancelled && call.accepted < 100_000, `${name} is cancelled`);
    }
  }
  const got = await http(`${own.url}/none`);
  const head = await http(`${own.url}/none`, { method: 'HEAD' });
  const names = (headers: typeof got.headers) =>
    Object.keys(headers).filter((name) => name !== 'transfer-encoding');
  t.same(names(head.headers), names(got.headers), 'the same fields');
  t.match(await http(`${own.url}/fails`, { method: 'HEAD' }), { status: 404, text: '' });
  t.match(await http(`${own.url}/many`, { method: 'HEAD', headers: { accept: 'image/png' } }), {
    status: 406,
  });
  const up = await http(`${own.url}/up`, { method: 'HEAD' });
  t.match(up, { status: 405, headers: { allow: 'POST' } }, 'no GET, no HEAD');
  const ended = await http(`${own.url}/many`, {
    method: 'HEAD',
    headers: { accept: 'text/event-stream', 'last-event-id': '~end' },
  });
  t.equal(ended.status, 204);
});

t.test('HEAD is answered at our own paths as well', async (t) => {
  const own = await openOwnService(t, `${M} service S { rpc One(M) returns (M); }`, () => ({}), {
    pageDir: fileURLToPath(new URL('../../../../clients', import.meta.url)),
  });
  for (const path of ['/', '/_sluice/services', '/_sluice/page/playground/page.css']) {
    const got = await http(own.url + path);
    const head = await http(own.url + path, { method: 'HEAD' });
    t.same([head.status, head.text], [200, ''], path);
    t.same({ ...head.headers, ...VARYING }, { ...got.headers, ...VARYING }, path);
  }
});

const VARYING = { date: '', 'x-request-id': '' };

t.test('a kind that Node can parse is routed, with Allow, OPTIONS and CORS', async (t) => {
  const own = await openOwnService(
    t,
    `${M} service S {
      rpc Purge(M) returns (M) { option (google.api.http) = { custom: { kind: "PURGE" path: "/cache/{text}" } additional_bindings { get: "/cache/{text}" } }; }
      rpc Report(M) returns (stream M) { option (google.api.http) = { custom: { kind: "report" path: "/reports" } body: "*" }; }
      rpc Any(M) returns (M) { option (google.api.http) = { custom: { kind: "*" path: "/any" } }; }
    }`,
    (encode) => ({
      Purge: [{ in: 'end' }, { out: encode('M', { text: 'purged' }) }],
      Report: [{ in: 'end' }, { out: encode('M', { text: 'r' }), times: 2 }],
      Any: [{ in: 'end' }, { out: encode('M', { text: 'any' }) }],
    }),
    { allowOrigins: ['https://app.example.com'] },
  );
  t.same(own.schema.problems, []);
  t.same(await httpJson(`${own.url}/cache/k`, { method: 'PURGE' }), {
    status: 200,
    json: { text: 'purged' },
  });
  const report = await http(`${own.url}/reports`, {
    method: 'REPORT',
    body: '{"text":"q"}',
    headers: { 'content-type': 'application/json' },
  });
  t.equal(report.text, '{"text":"r"}\n{"text":"r"}\n');
  t.same(own.decode('M', own.upstream.calls('/t.S/Report')[0]?.received[0]), { text: 'q' });
  for (const method of ['GET', 'PURGE', 'LOCK', 'DELETE', 'M-SEARCH'])
    t.equal((await http(`${own.url}/any`, { method })).status, 200, `* takes ${method}`);
  const refused = await http(`${own.url}/reports`, { method: 'PURGE' });
  t.match(refused, { status: 405, headers: { allow: 'REPORT' } });
  const deleted = await http(`${own.url}/cache/k`, { method: 'DELETE' });
  t.match(deleted, { status: 405, headers: { allow: 'PURGE, GET, HEAD' } });
  t.equal(
    (await http(`${own.url}/t.S/Purge`, { method: 'PURGE' })).status,
    405,
    'the gRPC path is POST and GET',
  );
  t.equal((await http(`${own.url}/cache/k`, { method: 'LOCK' })).status, 501, 'no rule has it');
  t.equal((await http(`${own.url}/nowhere`, { method: 'PURGE' })).status, 404);
  t.match((await http(`${own.url}/cache/k`, { method: 'OPTIONS' })).headers.allow, /PURGE/);
  const preflight = await http(`${own.url}/cache/k`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'PURGE' },
  });
  t.match(preflight.headers['access-control-allow-methods'], /\bPURGE\b.*\bREPORT\b/);
});

t.test('every word is either routed or a problem at load, and then it is nowhere', async (t) => {
  const kinds = [...new Set([...METHODS, 'FOO', 'ARCHIVE', 'PUR GE', 'GET,POST', '', 'ÄNDERN', 'purge'])];
  const rules = kinds.map(
    (kind, index) =>
      `rpc M${index}(M) returns (M) { option (google.api.http) = { custom: { kind: "${kind}" path: "/p${index}" } }; }`,
  );
  const schema = await schemaFromText(t, `${M} service S { ${rules.join('\n')} }`);
  const bad = ['CONNECT', 'OPTIONS', 'FOO', 'ARCHIVE', 'PUR GE', 'GET,POST', '', 'ÄNDERN'];
  const lines = schema.problems.map(String);
  const described = JSON.stringify(describeSchema(schema));
  for (const [index, kind] of kinds.entries()) {
    const isBad = bad.includes(kind);
    const problem = lines.find((line) => line.startsWith(`t.S/M${index}:`));
    t.equal(problem !== undefined, isBad, `${kind}: ${problem}`);
    t.equal(schema.methods.get(`/t.S/M${index}`)?.bindings.length, isBad ? 0 : 1);
    t.equal(described.includes(`"/p${index}"`), !isBad, 'listed where it can be called');
  }
});

t.test('two methods at one path and verb are named both', async (t) => {
  const schema = await schemaFromText(
    t,
    `${M} service S {
      rpc First(M) returns (M) { option (google.api.http) = { custom: { kind: "PURGE" path: "/x/{text}" } }; }
      rpc Second(M) returns (M) { option (google.api.http) = { custom: { kind: "purge" path: "/x/{text=*}" } }; }
      rpc Third(M) returns (M) { option (google.api.http) = { get: "/x/{text}" }; }
    }`,
  );
  t.same(schema.problems.map(String), [
    't.S/Second: the http rule "PURGE /x/{text=*}" is taken by t.S/First: give one of them another path, in its proto or in http.rules',
  ]);
});

t.test('body and response_body name a field of the message itself', async (t) => {
  const schema = await schemaFromText(
    t,
    `message N { M child = 1; } ${M} service S {
      rpc A(N) returns (N) { option (google.api.http) = { post: "/a" body: "child.file" }; }
      rpc B(N) returns (N) { option (google.api.http) = { get: "/b" response_body: "child.text" }; }
      rpc C(N) returns (N) { option (google.api.http) = { post: "/c" body: "nope" additional_bindings { post: "/c2" body: "child" } }; }
    }`,
  );
  t.match(schema.problems.map(String), [
    /^t\.S\/A: .*body: "child\.file" is nested/,
    /^t\.S\/B: .*response_body: "child\.text" is nested/,
    /^t\.S\/C: .*t\.N has no field "nope"/,
  ]);
  t.same(
    schema.methods.get('/t.S/C')?.bindings.map(({ template }) => template),
    ['/c2'],
  );
});

t.test('a client that leaves while HEAD waits for the service cancels the call', async (t) => {
  const own = await openOwnService(
    t,
    `${M} service S { rpc Late(M) returns (stream M) { option (google.api.http) = { get: "/late" response_body: "file" }; } }`,
    () => ({ Late: [{ in: 'end' }, { wait: never }] }),
  );
  const stop = new AbortController();
  const asked = fetch(`${own.url}/late`, { method: 'HEAD', signal: stop.signal }).catch(() => {});
  const call = await own.upstream.call('/t.S/Late');
  stop.abort();
  await asked;
  await until(t, 'the call to be cancelled', () => call.cancelled);
});
