import type { JsonValue } from '@bufbuild/protobuf';
import t, { type Test } from 'tap';
import { http, httpJson, sseEvents } from '../../../support/http.js';
import { type OwnService, openOwnService } from '../../../support/own-service.js';
import { openSession } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

/** Each field of a response, what a message holds, and the JSON of the field alone: there, and absent. */
const FIELDS: readonly [name: string, type: string, value: JsonValue, absent: JsonValue][] = [
  ['text', 'string text', 'a"b', ''],
  ['number', 'int32 number', -5, 0],
  ['long', 'uint64 long', '18446744073709551615', '0'],
  ['ratio', 'double ratio', 'NaN', 0],
  ['flag', 'bool flag', true, false],
  ['data', 'bytes data', '+/8=', ''],
  ['color', 'Color color', 'RED', 'NONE'],
  ['maybe', 'optional string maybe', '', null],
  ['left', 'oneof side { string left', '', null],
  ['child', 'M child', { text: 'x', items: [{ number: 1 }] }, null],
  ['texts', 'repeated string texts', ['', 'b'], []],
  ['numbers', 'repeated int64 numbers', ['1', '-2'], []],
  ['items', 'repeated M items', [{}, { text: 'y' }], []],
  ['labels', 'map<string, M> labels', { a: {}, 'b.c': { number: 2 } }, {}],
  ['counts', 'map<int32, bool> counts', { '-1': true }, {}],
  ['at', 'google.protobuf.Timestamp at', '2020-01-02T03:04:05Z', null],
  ['times', 'repeated google.protobuf.Duration times', ['1s', '0s'], []],
  ['wrapped', 'google.protobuf.Int64Value wrapped', '0', null],
  ['struct', 'google.protobuf.Struct struct', { a: [1, null, { b: 'c' }] }, null],
  ['value', 'google.protobuf.Value value', null, null],
  ['mask', 'google.protobuf.FieldMask mask', 'aB,c', null],
  ['any', 'google.protobuf.Any any', { '@type': 'type.googleapis.com/t.M', text: 'z' }, null],
];

const MESSAGES = `
import "google/api/httpbody.proto"; import "google/protobuf/any.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Color { NONE = 0; RED = 5; }
message M {
  ${FIELDS.map(([name, type], index) => `${type} = ${index + 1};${name === 'left' ? ' string right = 99; }' : ''}`).join('\n  ')}
  google.api.HttpBody file = 50; string name = 51; int32 size = 52;
}`;

t.test('response_body is the field alone on every surface, there and absent', async (t) => {
  const rules = FIELDS.map(
    ([name]) => `additional_bindings { get: "/one/${name}" response_body: "${name}" }`,
  );
  const streams = rules.map((rule) => rule.replace('/one/', '/many/'));
  const service = `
    service S {
      rpc One(M) returns (M) { option (google.api.http) = { get: "/one" ${rules.join(' ')} }; }
      rpc Many(M) returns (stream M) { option (google.api.http) = { get: "/many" ${streams.join(' ')} }; }
    }`;
  const whole = Object.fromEntries(FIELDS.map(([name, , value]) => [name, value]));
  let scripted: readonly JsonValue[] = [];
  const own = await openOwnService(t, MESSAGES + service, (encode) => ({
    One: () => [{ in: 'end' }, { out: encode('M', scripted[0] ?? {}) }],
    Many: () => [{ in: 'end' }, ...scripted.map((json) => ({ out: encode('M', json) }))],
  }));
  t.same(own.schema.problems, []);
  for (const [name, , value, absent] of FIELDS) {
    scripted = [whole];
    t.same(await httpJson(`${own.url}/one/${name}`), { status: 200, json: value }, `unary ${name}`);
    scripted = [{ size: 1 }];
    t.same(await httpJson(`${own.url}/one/${name}`), { status: 200, json: absent }, `unary ${name}, absent`);
    scripted = [whole, { size: 1 }, whole];
    const wanted = [value, absent, value];
    await sameOnStreams(t, own, `/many/${name}`, wanted);
  }
  scripted = [{ size: 1 }];
  await sameOnStreams(t, own, '/many', [{ size: 1 }]);
  const session = await openSession(own.wsUrl);
  await session.send({ open: { id: 1, method: 't.S/Many', credit: 10 } }, { message: { id: 1, data: {} } });
  const frames = await session.all(1);
  t.match(
    frames.find((frame) => frame.message),
    { message: { data: { size: 1 } } },
    'a session has the whole',
  );
  session.test.socket.close();
});

async function sameOnStreams(
  t: Test,
  { url, wsUrl }: OwnService,
  path: string,
  wanted: JsonValue[],
): Promise<void> {
  const get = (accept: string) => http(url + path, { headers: { accept } });
  const lines = (await get('application/x-ndjson')).text.trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line)),
    wanted,
    `NDJSON ${path}`,
  );
  t.same(JSON.parse((await get('application/json')).text), wanted, `array ${path}`);
  const events = sseEvents((await get('text/event-stream')).text);
  t.same(
    events.filter(({ event }) => event === 'message').map(({ data }) => data),
    wanted,
    `SSE ${path}`,
  );
  const client = await connect(wsUrl + path);
  client.socket.send('');
  t.equal((await client.closed).code, 1000, `WebSocket ${path}`);
  t.same(
    client.frames.map((frame) => JSON.parse(String(frame))),
    wanted,
    `WebSocket ${path}`,
  );
}

t.test('body is the field alone, of any type, beside path and query', async (t) => {
  const all = FIELDS.map(([name]) => `additional_bindings { post: "/KIND/{name}/${name}" body: "${name}" }`);
  const rpc = (name: string, kind: string, request: string) =>
    `rpc ${name}(${request}) returns (M) { option (google.api.http) = { post: "/${kind}/{name}" body: "*" ${all.join(' ').replaceAll('KIND', kind)} }; }`;
  const own = await openOwnService(
    t,
    `${MESSAGES} service S { ${rpc('One', 'one', 'M')} ${rpc('Many', 'many', 'stream M')} }`,
    (encode) => ({
      One: [{ in: 'end' }, { out: encode('M', {}) }],
      Many: [{ in: 'end' }, { out: encode('M', {}) }],
    }),
  );
  t.same(own.schema.problems, []);
  for (const [name, , value] of FIELDS) {
    const query = name === 'size' ? '' : '?size=7';
    const want = { [name]: value, name: 'n', size: 7 };
    const body = JSON.stringify(value);
    const sent = await http(`${own.url}/one/n/${name}${query}`, {
      body: ` ${body}\n`,
      headers: { 'content-type': 'application/json' },
    });
    t.equal(sent.status, 200, `unary ${name}: ${sent.text}`);
    t.same(own.decode('M', own.upstream.calls('/t.S/One').at(-1)?.received[0]), want, `unary ${name}`);
    const lines = await http(`${own.url}/many/n/${name}${query}`, {
      body: `${body}\n\n${body}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    t.equal(lines.status, 200, `NDJSON ${name}: ${lines.text}`);
    const call = own.upstream.calls('/t.S/Many').at(-1);
    t.same(
      call?.received.map((message) => own.decode('M', message)),
      [want, want],
      `NDJSON ${name}`,
    );
    const client = await connect(`${own.wsUrl}/many/n/${name}${query}`);
    client.socket.send(JSON.stringify({ [name]: value, size: 1 }));
    client.socket.send('');
    t.equal((await client.closed).code, 1000);
    const last = own.upstream.calls('/t.S/Many').at(-1);
    t.same(
      last?.received.map((message) => own.decode('M', message)),
      [want],
      `WebSocket ${name}: a whole request`,
    );
    for (const bad of [`${body},"size":1`, `${body}}`, `${body} 1`, '{']) {
      const refused = await http(`${own.url}/one/n/${name}`, {
        body: bad,
        headers: { 'content-type': 'application/json' },
      });
      t.equal(refused.status, 400, `${name}: ${bad}`);
    }
    const twice = await http(`${own.url}/one/n/${name}?${name}=1`, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    t.equal(twice.status, 400, `${name} in the query as well`);
  }
  const misses = await http(`${own.url}/one/n/numbers`, {
    body: '["1","x"]',
    headers: { 'content-type': 'application/json' },
  });
  t.match(JSON.parse(misses.text).error.message, /numbers\[1\]/, 'a fault is named by its field');
});

const FILES = `
service S {
  rpc Get(M) returns (M) { option (google.api.http) = { get: "/get/{name}" response_body: "file" }; }
  rpc Stream(M) returns (stream M) { option (google.api.http) = { get: "/stream/{name}" response_body: "file" }; }
  rpc Put(M) returns (M) { option (google.api.http) = { put: "/put/{name}" body: "file" additional_bindings { post: "/plain" body: "data" } }; }
  rpc Send(stream M) returns (M) { option (google.api.http) = { post: "/send/{name}" body: "file" }; }
  rpc Both(stream M) returns (stream M) { option (google.api.http) = { post: "/both" body: "file" response_body: "file" }; }
  rpc Child(M) returns (M) { option (google.api.http) = { post: "/child" body: "child" response_body: "child" }; }
}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

t.test('a field that is an HttpBody is a file in both directions, unary and streams', async (t) => {
  const file = (text: string, type?: string) => ({
    size: 3,
    file: { data: base64(text), ...(type === undefined ? {} : { contentType: type }) },
  });
  const own = await openOwnService(t, MESSAGES + FILES, (encode) => ({
    Get: [{ in: 'end' }, { out: encode('M', file('<p>', 'text/html; charset=utf-8')) }],
    Stream: [
      { in: 'end' },
      { out: encode('M', file('one,', 'text/csv')) },
      { out: encode('M', { size: 1 }) },
      { out: encode('M', file('two', 'text/plain')) },
    ],
    Put: [{ in: 'end' }, { out: encode('M', { size: 1 }) }],
    Send: [{ in: 'end' }, { out: encode('M', { size: 1 }) }],
    Both: [{ in: 'end' }, { out: encode('M', file('x', 'image/png')) }, { out: encode('M', file('y')) }],
    Child: [{ in: 'end' }, { out: encode('M', { child: { text: 'c' }, data: 'AA==' }) }],
  }));
  t.same(own.schema.problems, []);
  const requests = (name: string, index = -1) =>
    own.upstream
      .calls(`/t.S/${name}`)
      .at(index)
      ?.received.map((message) => own.decode('M', message));

  const get = await http(`${own.url}/get/a.html?size=2`);
  t.equal(get.text, '<p>');
  t.match(get.headers, { 'content-type': 'text/html; charset=utf-8', 'content-disposition': /a\.html/ });
  t.same(requests('Get'), [{ name: 'a.html', size: 2 }]);
  const headed = await http(`${own.url}/get/a.html`, { method: 'HEAD' });
  t.match(headed, { status: 200, text: '', headers: { 'content-type': 'text/html; charset=utf-8' } });
  const asJson = await httpJson(`${own.url}/get/a.html`, { headers: { accept: 'application/json' } });
  t.same(asJson.json, { contentType: 'text/html; charset=utf-8', data: base64('<p>') });
  const stream = await http(`${own.url}/stream/a.csv`);
  t.same([stream.text, stream.headers['content-type'], stream.complete], ['one,two', 'text/csv', true]);
  await sameOnStreams(t, own, '/stream/a.csv', [
    { contentType: 'text/csv', data: base64('one,') },
    null,
    { contentType: 'text/plain', data: base64('two') },
  ]);

  const put = await httpJson(`${own.url}/put/p?size=9&labels[a].text=x`, {
    method: 'PUT',
    body: 'x',
    headers: { 'content-type': 'image/png' },
  });
  t.equal(put.status, 400, 'what cannot be in the query is refused');
  for (const [body, type] of [
    ['data!', 'image/png'],
    ['', 'text/x-empty'],
    ['{}', 'application/ld+json'],
  ] as const) {
    const sent = await httpJson(`${own.url}/put/p%20q?size=9`, {
      method: 'PUT',
      body,
      headers: { 'content-type': type },
    });
    t.same(sent, { status: 200, json: { size: 1 } }, type);
    t.same(requests('Put'), [
      { name: 'p q', size: 9, file: { contentType: type, ...(body === '' ? {} : { data: base64(body) }) } },
    ]);
  }
  const json = await httpJson(`${own.url}/put/p`, {
    method: 'PUT',
    body: '{"data":"AQ==","contentType":"a/b"}',
    headers: { 'content-type': 'application/json' },
  });
  t.same([json.status, requests('Put')], [200, [{ name: 'p', file: { data: 'AQ==', contentType: 'a/b' } }]]);
  t.equal((await http(`${own.url}/put/p?file.content_type=x`, { method: 'PUT', body: 'x' })).status, 400);
  await httpJson(`${own.url}/plain`, {
    body: 'raw',
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.same(requests('Put'), [{ data: base64('raw') }], 'a field of bytes is one as well, when asked for');

  const large = 'z'.repeat(150_000);
  const send = await httpJson(`${own.url}/send/s?size=4`, {
    body: large,
    headers: { 'content-type': 'text/plain' },
  });
  t.same(send, { status: 200, json: { size: 1 } });
  const sent = requests('Send') as {
    name?: string;
    size?: number;
    file?: { contentType?: string; data?: string };
  }[];
  t.match(sent[0], { name: 's', size: 4, file: { contentType: 'text/plain' } });
  t.ok(
    sent.length > 1 &&
      sent
        .slice(1)
        .every(
          ({ name, size, file }) =>
            name === undefined && size === undefined && file?.contentType === undefined,
        ),
  );
  t.equal(sent.map(({ file }) => Buffer.from(file?.data ?? '', 'base64').toString()).join(''), large);
  await httpJson(`${own.url}/send/s`, {
    body: '{"data":"AQ=="}\n{"contentType":"a/b"}\n',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  t.same(requests('Send'), [
    { name: 's', file: { data: 'AQ==' } },
    { name: 's', file: { contentType: 'a/b' } },
  ]);
  const both = await http(`${own.url}/both`, { body: 'up', headers: { 'content-type': 'text/plain' } });
  t.same([both.text, both.headers['content-type']], ['xy', 'image/png']);
  t.same(requests('Both'), [{ file: { contentType: 'text/plain', data: base64('up') } }]);

  const child = await http(`${own.url}/child`, {
    body: 'x',
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.equal(child.status, 415, 'a rule whose body is no file takes no bytes');
  const only = await http(`${own.url}/child`, {
    method: 'POST',
    headers: { accept: 'application/octet-stream' },
  });
  t.equal(only.status, 406, 'and sends none');
});

t.test('a file in a oneof comes after what the address says of its rivals', async (t) => {
  const own = await openOwnService(
    t,
    `${MESSAGES}
    message Info { string name = 1; }
    message Up { oneof part { Info info = 1; google.api.HttpBody file = 2; bytes data = 3; } string note = 4; }
    service S {
      rpc Store(stream Up) returns (M) { option (google.api.http) = {
        put: "/files/{info.name}" body: "file" additional_bindings { put: "/raw/{info.name}" body: "data" } }; }
      rpc Whole(Up) returns (M) { option (google.api.http) = { put: "/whole/{info.name}" body: "file" }; }
    }`,
    (encode) => ({ Store: [{ in: 'end' }, { out: encode('M', {}) }], Whole: [] }),
  );
  const put = (path: string, body: string, type: string) =>
    http(own.url + path, { method: 'PUT', body, headers: { 'content-type': type } });
  const received = () =>
    own.upstream
      .calls('/t.S/Store')
      .at(-1)
      ?.received.map((message) => own.decode('Up', message));
  t.equal((await put('/files/a?note=n', 'x', 'text/csv')).status, 200);
  t.same(received(), [
    { info: { name: 'a' }, note: 'n' },
    { file: { contentType: 'text/csv', data: base64('x') } },
  ]);
  t.equal((await put('/files/a', '', 'text/csv')).status, 200);
  t.same(
    received(),
    [{ info: { name: 'a' } }, { file: { contentType: 'text/csv' } }],
    'an empty file has its type',
  );
  t.equal((await put('/raw/b', 'y', 'application/octet-stream')).status, 200);
  t.same(received(), [{ info: { name: 'b' } }, { data: base64('y') }]);
  t.match(await put('/whole/c', 'z', 'text/csv'), {
    status: 400,
    text: /info.* and the body, .*file.*, exclude/,
  });
});

t.test('a WebSocket with fields in its address refuses what is no message as a bad frame', async (t) => {
  const own = await openOwnService(
    t,
    `${MESSAGES} service S { rpc Many(stream M) returns (M) { option (google.api.http) = { post: "/many/{child.name}" body: "*" }; } }`,
    () => ({ Many: [{ in: 'end' }] }),
  );
  for (const bad of ['08ffffffffffffffffffff01', '0c', '9b010c', '3205', '30']) {
    const client = await connect(`${own.wsUrl}/many/x`);
    client.socket.send(Buffer.from(bad, 'hex'));
    t.equal((await client.closed).code, 4003, bad);
  }
});
