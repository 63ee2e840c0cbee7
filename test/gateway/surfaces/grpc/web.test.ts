import { deflateSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../../gateway/index.js';
import { bytes, method, openForeign, statusBytes } from '../../../support/foreign.js';
import { frame, frameHead, fromBase64Pieces, webAnswer } from '../../../support/grpc-frames.js';
import { type HttpAnswer, head, http, read, send, until } from '../../../support/http.js';
import type { Scripts } from '../../../support/scripted-upstream.js';

const WEB = 'application/grpc-web+proto';
const TEXT = 'application/grpc-web-text';

/** What the library of the service says when all went well. */
const OK: [string, string][] = [['grpc-status', '0']];

function post(url: string, name: string, body: Uint8Array, headers: Record<string, string> = {}) {
  const path = name.startsWith('/') ? name : method(name);
  return http(url + path, { method: 'POST', body, headers: { 'content-type': WEB, ...headers } });
}

/** The code and the text that a client takes from an answer without messages. */
function statusOf({ status, headers, bytes }: HttpAnswer) {
  return { http: status, code: headers['grpc-status'], text: headers['grpc-message'], body: bytes.length };
}

const item = async (text: string) => Buffer.from(await bytes({ text }));

t.test('unary: the message of the service and its trailers, byte for byte', async (t) => {
  const out = await item('there');
  const { url, upstream } = await openForeign(t, {
    Ask: [
      {
        headers: [
          ['x-first', '1'],
          ['x-first', '2'],
          ['a-bin', 'AAE='],
        ],
      },
      { in: 'end' },
      { out },
      {
        status: 'OK',
        trailers: [
          ['x-last', 'b'],
          ['x-last', 'c'],
          ['z-bin', '/w=='],
        ],
      },
    ],
  });
  const asked = await item('here');
  const answer = await post(url, 'Ask', frame(asked));
  t.match(answer, { status: 200, complete: true, headers: { 'content-type': WEB, 'x-first': '1, 2' } });
  t.equal(answer.headers['a-bin'], 'AAE', 'binary values have no padding');
  t.same(webAnswer(answer.bytes), {
    messages: [out],
    trailers: [...OK, ['x-last', 'b'], ['x-last', 'c'], ['z-bin', '/w']],
  });
  t.same((await upstream.call(method('Ask'))).received, [asked]);
});

t.test('a server stream: all of it, then how it ended', async (t) => {
  const out = await item('x');
  const details = await statusBytes(5, 'gone é', '1s');
  const { url } = await openForeign(t, {
    Down: [{ in: 'end' }, { out, times: 1_000 }],
    Numbered: [
      { in: 'end' },
      { out },
      { status: 'NOT_FOUND', message: 'gone é', details: Buffer.from(details) },
    ],
  });
  const whole = webAnswer((await post(url, 'Down', frame(Buffer.alloc(0)))).bytes);
  t.equal(whole.messages.length, 1_000);
  t.ok(whole.messages.every((message) => message.equals(out)));
  t.same(whole.trailers, OK);
  const failed = await post(url, 'Numbered', frame(Buffer.alloc(0)));
  t.ok(failed.complete, 'the trailers say how it ended, so the transfer is whole');
  const { messages, trailers } = webAnswer(failed.bytes);
  t.same(messages, [out]);
  const said = new Map(trailers);
  t.equal(said.get('grpc-status'), '5');
  t.equal(said.get('grpc-message'), 'gone %C3%A9');
  t.same(Buffer.from(said.get('grpc-status-details-bin') ?? '', 'base64'), Buffer.from(details));
});

t.test('an early failure is in the head: trailers only', async (t) => {
  const { url } = await openForeign(t, {
    Ask: [{ in: 'end' }, { status: 'PERMISSION_DENIED', message: 'no\n', trailers: [['why', 'x']] }],
  });
  const answer = await post(url, 'Ask', frame(Buffer.alloc(0)));
  t.same(statusOf(answer), { http: 200, code: '7', text: 'no%0A', body: 0 });
  t.equal(answer.headers.why, 'x');
});

t.test('text mode: both ways, and by Accept alone', async (t) => {
  const out = await item('answer');
  const { url, upstream } = await openForeign(t, { Down: [{ in: 'end' }, { out, times: 3 }] });
  const asked = await item('question');
  const whole = frame(asked);
  // Two pieces, each padded: the first ends in the middle of the message.
  const text = whole.subarray(0, 7).toString('base64') + whole.subarray(7).toString('base64');
  const answer = await post(url, 'Down', Buffer.from(text), { 'content-type': TEXT });
  t.equal(answer.headers['content-type'], TEXT);
  t.match(answer.text, /^[A-Za-z0-9+/=]+$/);
  const { messages, trailers } = webAnswer(fromBase64Pieces(answer.text));
  t.same(messages, [out, out, out]);
  t.same(trailers, OK);
  t.same((await upstream.call(method('Down'))).received, [asked]);
  const asText = await post(url, 'Down', whole, { 'content-type': 'application/grpc-web', accept: TEXT });
  t.equal(asText.headers['content-type'], TEXT);
  t.equal(webAnswer(fromBase64Pieces(asText.text)).messages.length, 3);
});

t.test('each message of a text stream can be read when it has come', async (t) => {
  const out = await item('one');
  let goOn: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url } = await openForeign(t, { Down: [{ in: 'end' }, { out }, { wait }] });
  const sent = send(url + method('Down'), { method: 'POST', headers: { 'content-type': TEXT } });
  sent.end(frame(Buffer.alloc(0)).toString('base64'));
  const response = await head(sent);
  let text = '';
  response.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  await until(t, 'the message', () => webAnswer(fromBase64Pieces(text)).messages.length === 1);
  t.equal(text.length % 4, 0, 'the piece is padded by itself');
  goOn();
  await until(t, 'the end', () => response.complete);
});

t.test('JSON within the frames', async (t) => {
  const { url, upstream } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await item('yes') }] });
  const type = { 'content-type': 'application/grpc-web+json' };
  const answer = await post(url, 'Ask', frame(Buffer.from('{"text":"no"}')), type);
  t.same(webAnswer(answer.bytes).messages.map(String), ['{"text":"yes"}']);
  t.same((await upstream.call(method('Ask'))).received, [await item('no')]);
  const bad = await post(url, 'Ask', frame(Buffer.from('{"text":1}')), type);
  t.equal(bad.headers['grpc-status'], '3');
});

t.test('a client stream and a bidirectional one, with messages cut anywhere', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Up: [{ in: 'end' }, { out: await item('sum') }],
    Both: [{ echo: true }],
  });
  const messages = await Promise.all(['a', 'b', 'c'].map(item));
  const body = Buffer.concat([...messages.map((each) => frame(each)), frame(Buffer.alloc(0))]);
  for (const name of ['Up', 'Both']) {
    const sent = send(url + method(name), { method: 'POST', headers: { 'content-type': WEB } });
    for (let at = 0; at < body.length; at += 1) sent.write(body.subarray(at, at + 1));
    sent.end();
    const answer = webAnswer((await read(await head(sent))).bytes);
    t.same(answer.trailers, OK);
    t.equal(answer.messages.length, name === 'Up' ? 1 : 4);
    t.same((await upstream.call(method(name))).received, [...messages, Buffer.alloc(0)]);
  }
});

t.test('compressed messages are made plain', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: await item('') }],
    Up: [{ in: 'end' }, { out: await item('') }],
  });
  const asked = await item('z'.repeat(1_000));
  for (const [encoding, packed] of [
    ['gzip', gzipSync(asked)],
    ['deflate', deflateSync(asked)],
  ] as const) {
    const headers = { 'grpc-encoding': encoding };
    const one = await post(url, 'Ask', frame(packed, 1), headers);
    t.same(webAnswer(one.bytes).trailers, OK);
    const mixed = Buffer.concat([
      frame(asked),
      frame(packed, 1),
      frame(packed, 1),
      frame(asked),
      frame(Buffer.alloc(0), 1),
    ]);
    await post(url, 'Up', mixed, headers);
  }
  t.same(
    upstream.calls(method('Ask')).map(({ received }) => received),
    [[asked], [asked]],
  );
  const all = [asked, asked, asked, asked, Buffer.alloc(0)];
  t.same(
    upstream.calls(method('Up')).map(({ received }) => received),
    [all, all],
  );
});

/** What is wrong, what the client is told, and that the service has heard of no message of it. */
async function refused(
  t: Test,
  cases: readonly (readonly [
    what: string,
    name: string,
    body: Uint8Array,
    headers: Record<string, string>,
    code: number,
    http?: number,
  ])[],
  options: Partial<GatewayOptions> = {},
): Promise<void> {
  const scripts: Scripts = {
    Ask: [{ in: 'end' }],
    Down: [{ in: 'end' }],
    Up: [{ in: 'end' }],
    Both: [{ echo: true }],
  };
  const { url, upstream, lines } = await openForeign(t, scripts, options);
  for (const [what, name, body, headers, code, status = 200] of cases) {
    const answer = await post(url, name, body, headers);
    const { trailers } = webAnswer(answer.bytes);
    const said =
      trailers === undefined ? answer.headers['grpc-status'] : new Map(trailers).get('grpc-status');
    t.equal(said, String(code), `${what}: the code`);
    t.equal(answer.status, status, `${what}: the HTTP status`);
    t.match(answer.headers['content-type'], /^application\/grpc/, what);
  }
  for (const name of ['Ask', 'Down']) t.same(upstream.calls(method(name)), [], `${name} was never called`);
  t.notOk(
    lines.some(({ level }) => Number(level) >= 50),
    'nothing of it is a defect of the gateway',
  );
}

const EMPTY = frame(Buffer.alloc(0));

t.test('bad requests are refused in the shape of the protocol', async (t) => {
  const max = 1_000;
  const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
  const gzip = { 'grpc-encoding': 'gzip' };
  await refused(
    t,
    [
      ['no message', 'Ask', Buffer.alloc(0), {}, 12],
      ['two messages', 'Ask', Buffer.concat([EMPTY, EMPTY]), {}, 12],
      ['two messages to a server stream', 'Down', Buffer.concat([EMPTY, EMPTY]), {}, 12],
      ['garbage behind the message', 'Ask', Buffer.concat([EMPTY, Buffer.from([0, 0])]), {}, 3],
      ['a message that is cut', 'Ask', frame(Buffer.alloc(9)).subarray(0, 12), {}, 3],
      ['a head that is cut', 'Down', EMPTY.subarray(0, 3), {}, 3],
      ['a message that is too large', 'Ask', frame(Buffer.alloc(max + 1)), {}, 8],
      ['a head that promises 4 GiB', 'Ask', frameHead(2 ** 32 - 1), {}, 8],
      ['the same in a stream', 'Up', frameHead(2 ** 32 - 1), {}, 8],
      ['a stream that is cut', 'Up', EMPTY.subarray(0, 3), {}, 3],
      ['an unknown flag', 'Ask', frameHead(0, 4), {}, 13],
      ['trailers from a client', 'Up', frameHead(0, 0x80), {}, 13],
      ['compressed without a word', 'Ask', frame(gzipSync(''), 1), {}, 13],
      [
        'compressed although it says identity',
        'Up',
        frame(gzipSync(''), 1),
        { 'grpc-encoding': 'identity' },
        13,
      ],
      ['an unknown encoding', 'Ask', EMPTY, { 'grpc-encoding': 'snappy' }, 12],
      ['not gzip', 'Ask', frame(Buffer.from('nope'), 1), gzip, 3],
      ['gzip that is cut', 'Up', frame(gzipSync('abc').subarray(0, 12), 1), gzip, 3],
      ['a bomb', 'Ask', frame(bomb.subarray(0, max), 1), gzip, 8],
      ['a small bomb', 'Up', frame(gzipSync(Buffer.alloc(max + 1)), 1), gzip, 8],
      ['no base64', 'Ask', Buffer.from('!!!!'), { 'content-type': TEXT }, 3],
      ['base64 that is cut', 'Ask', Buffer.from(`${EMPTY.toString('base64')}A`), { 'content-type': TEXT }, 3],
      ['an unknown codec', 'Ask', EMPTY, { 'content-type': 'application/grpc-web+thrift' }, 12, 415],
      ['an unknown method', '/foreign.v1.Foreign/Nope', EMPTY, {}, 12],
      ['an unknown service', '/nobody.Knows/It', EMPTY, {}, 12],
      ['a malformed deadline', 'Ask', EMPTY, { 'grpc-timeout': 'soon' }, 3],
      ['metadata that is no ASCII', 'Ask', EMPTY, { 'x-name': 'é' }, 3],
      ['binary metadata that is no base64', 'Ask', EMPTY, { 'x-bin': '!' }, 3],
      ['another host', 'Ask', EMPTY, { host: 'evil.example' }, 7],
      ['another origin', 'Up', EMPTY, { origin: 'https://evil.example' }, 7],
    ],
    { limits: { maxMessageBytes: max } },
  );
});

t.test('another HTTP method is 405, and says what is allowed', async (t) => {
  const { url } = await openForeign(t, {});
  for (const verb of ['GET', 'DELETE', 'PUT']) {
    const answer = await http(url + method('Ask'), { method: verb, headers: { 'content-type': WEB } });
    t.match(answer, { status: 405, headers: { 'grpc-status': '12', allow: 'POST' } }, verb);
  }
});

t.test('the path of a rule is none of the protocol', async (t) => {
  const { url } = await openForeign(t, {});
  const answer = await http(`${url}/foreign/items`, {
    method: 'POST',
    body: EMPTY,
    headers: { 'content-type': WEB },
  });
  t.match(answer, { status: 415, headers: { 'content-type': /json/ } });
});

t.test('headers are metadata, but for what is about the request itself', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await item('') }] },
    { forwardHeaders: ['x-user'], allowOrigins: ['https://app.example'] },
  );
  const sent = send(url + method('Ask'), { method: 'POST', headers: {} });
  const headers: Record<string, string | string[]> = {
    'content-type': WEB,
    'x-many': ['1', '2'],
    'x-one-bin': 'AAE,/w==',
    authorization: 'Bearer x',
    'x-user': 'ann',
    origin: 'https://app.example',
    cookie: 'a=b',
    'accept-language': 'de',
    'sec-fetch-mode': 'cors',
    'x-grpc-web': '1',
    'x-user-agent': 'grpc-web-javascript/0.1',
    'grpc-accept-encoding': 'gzip',
    'x-forwarded-for': '1.2.3.4',
    'x-hop': 'no',
    connection: 'x-hop',
  };
  for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
  sent.end(EMPTY);
  await read(await head(sent));
  const { metadata } = await upstream.call(method('Ask'));
  const own = metadata.filter(
    ([name]) => !/^(x-request-id|x-forwarded-.*|forwarded|user-agent|accept-encoding|te)$/.test(name),
  );
  t.same(
    own.filter(([name]) => !name.startsWith('grpc-')),
    [
      // As the library of this service joins them.
      ['x-many', '1, 2'],
      ['x-one-bin', 'AAE='],
      ['x-one-bin', '/w=='],
      ['authorization', 'Bearer x'],
      ['x-user', 'ann'],
    ],
  );
  t.same(
    metadata.filter(([name]) => name === 'x-forwarded-for'),
    [['x-forwarded-for', '127.0.0.1']],
  );
});

t.test('a name that looks like one of the ingress is refused', async (t) => {
  await refused(t, [['x_user', 'Ask', EMPTY, { x_user: 'eve' }, 3]], { forwardHeaders: ['x-user'] });
});

t.test('what a service says of the connection or the origin does not pass', async (t) => {
  const { url } = await openForeign(t, {
    Ask: [
      {
        headers: [
          ['set-cookie', 'a=b'],
          ['access-control-allow-origin', '*'],
          ['x-ok', '1'],
        ],
      },
      { in: 'end' },
      { out: await item('') },
    ],
  });
  const { headers } = await post(url, 'Ask', EMPTY);
  t.equal(headers['x-ok'], '1');
  t.equal(headers['set-cookie'], undefined);
  t.equal(headers['access-control-allow-origin'], undefined);
});

t.test('the deadline of the client ends the call, and only the client sets one', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Ask: [{ wait: new Promise(() => {}) }],
    Up: [{ in: 'end' }, { out: await item('') }],
  });
  const ask = () => post(url, 'Ask', EMPTY, { 'grpc-timeout': '50m' });
  let late = await ask();
  // The service has the same deadline, and on a busy machine it may be the first to say that it has passed.
  for (let again = 0; again < 10 && late.headers['sluice-reason'] === undefined; again += 1)
    late = await ask();
  t.equal(statusOf(late).code, '4');
  t.equal(late.headers['sluice-reason'], 'DEADLINE_PASSED', 'whose error it is');
  t.equal(late.headers['grpc-status-details-bin'], undefined, 'conformance cases count details');
  await post(url, 'Up', EMPTY);
  await post(url, 'Up', EMPTY, { 'grpc-timeout': '1H' });
  t.same(
    upstream.calls(method('Up')).map(({ hasDeadline }) => hasDeadline),
    [false, true],
  );
});

t.test('pages of allowed origins may read status and metadata', async (t) => {
  const origin = 'https://app.example';
  const { url } = await openForeign(
    t,
    {
      Ask: [{ headers: [['x-a', '1']] }, { in: 'end' }, { out: await item('') }],
      Down: [{ status: 'NOT_FOUND', trailers: [['x-t', '1']] }],
    },
    { allowOrigins: [origin] },
  );
  const asked = await http(url + method('Ask'), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-grpc-web,content-type,grpc-timeout',
    },
  });
  t.match(asked.headers['access-control-allow-headers'], /x-grpc-web.*content-type.*grpc-timeout/);
  const exposed = async (name: string) => {
    const { headers } = await post(url, name, EMPTY, { origin });
    t.equal(headers['access-control-allow-origin'], origin);
    return String(headers['access-control-expose-headers']).split(', ');
  };
  const all = await exposed('Ask');
  for (const name of ['grpc-status', 'grpc-message', 'grpc-status-details-bin', 'x-a'])
    t.ok(all.includes(name), name);
  t.ok((await exposed('Down')).includes('x-t'));
});

t.test('a draining gateway ends streams with UNAVAILABLE as their last frame', async (t) => {
  const { url, gateway } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await item('x') }, { wait: new Promise(() => {}) }],
  });
  const sent = send(url + method('Down'), { method: 'POST', headers: { 'content-type': WEB } });
  sent.end(EMPTY);
  const response = await head(sent);
  const answer = read(response);
  await until(
    t,
    'the first message',
    () => response.readableFlowing === true && response.socket.bytesRead > 200,
  );
  await gateway.close();
  const { messages, trailers } = webAnswer((await answer).bytes);
  t.equal(messages.length, 1);
  t.equal(new Map(trailers).get('grpc-status'), '14');
});

t.test('a stalled page stops the service, and a page that leaves cancels the call', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await item('x'.repeat(10_000)), times: 100_000 }],
  });
  const sent = send(url + method('Down'), { method: 'POST', headers: { 'content-type': WEB } });
  sent.end(EMPTY);
  const response = await head(sent);
  response.on('error', () => {});
  response.destroy();
  const call = await upstream.call(method('Down'));
  await call.over;
  t.ok(call.cancelled);
});
