import { once } from 'node:events';
import { type ClientHttp2Session, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import {
  Client,
  type ClientDuplexStream,
  compressionAlgorithms,
  credentials,
  Metadata,
  status as Status,
  type StatusObject,
} from '@grpc/grpc-js';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../../gateway/index.js';
import { bytes, method, openForeign, statusBytes } from '../../../support/foreign.js';
import { closeInTeardown } from '../../../support/given-back.js';
import { frame, frameHead, framesOf } from '../../../support/grpc-frames.js';
import { http, settled, until } from '../../../support/http.js';
import { connectHttp2 } from '../../../support/http2-client.js';

const same = (message: Buffer): Buffer => message;

function clientOf(t: Test, url: string, options: object = {}): Client {
  const client = new Client(new URL(url).host, credentials.createInsecure(), options);
  t.teardown(() => client.close());
  return client;
}

interface Ended {
  readonly first: Record<string, unknown> | undefined;
  readonly status: StatusObject;
}

/** How a call of the library begins and ends; errors are its status. */
function ends(call: NodeJS.EventEmitter): Promise<Ended> {
  let first: Record<string, unknown> | undefined;
  call.on('metadata', (metadata: Metadata) => {
    first = metadata.getMap();
  });
  call.on('error', () => {});
  return new Promise((resolve) => {
    call.on('status', (status: StatusObject) => resolve({ first, status }));
  });
}

function unary(client: Client, name: string, message: Buffer, metadata = new Metadata(), options = {}) {
  let answer: Buffer | undefined;
  const call = client.makeUnaryRequest(
    method(name),
    same,
    same,
    message,
    metadata,
    options,
    (_error, value) => {
      answer = value;
    },
  );
  return ends(call).then((ended) => ({ ...ended, answer }));
}

const item = async (text: string) => Buffer.from(await bytes({ text }));

t.test('grpc-js: unary, with metadata and trailers as they are', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Ask: [
      {
        headers: [
          ['first', '1'],
          ['a-bin', 'AAE='],
        ],
      },
      { in: 'end' },
      { out: await item('there') },
      {
        status: 'OK',
        trailers: [
          ['last', '2'],
          ['b-bin', '/w=='],
        ],
      },
    ],
  });
  const client = clientOf(t, url);
  const metadata = new Metadata();
  metadata.add('mine', 'x');
  metadata.add('mine', 'y');
  metadata.add('mine-bin', Buffer.from([0, 255]));
  const { first, status, answer } = await unary(client, 'Ask', await item('here'), metadata);
  t.same(answer, await item('there'));
  t.match(first, { first: '1', 'a-bin': Buffer.from([0, 1]) });
  t.equal(status.code, Status.OK);
  t.match(status.metadata.getMap(), { last: '2', 'b-bin': Buffer.from([255]) });
  const call = await upstream.call(method('Ask'));
  t.same(call.received, [await item('here')]);
  t.same(
    call.metadata.filter(([name]) => name.startsWith('mine')),
    [
      ['mine', 'x, y'],
      ['mine-bin', 'AP8='],
    ],
  );
});

t.test('grpc-js: failures of the service, early and late, with details', async (t) => {
  const details = Buffer.from(await statusBytes(5, 'gone é', '1s'));
  const failure = { status: 'NOT_FOUND', message: 'gone é', details, trailers: [['why', 'x']] } as const;
  const { url } = await openForeign(t, {
    Ask: [{ in: 'end' }, failure],
    Up: [{ headers: [['first', '1']] }, { in: 1 }, failure],
    Down: [{ in: 'end' }, { out: await item('x'), times: 3 }, failure],
  });
  const client = clientOf(t, url);
  const down = client.makeServerStreamRequest(method('Down'), same, same, Buffer.alloc(0));
  let messages = 0;
  down.on('data', () => {
    messages += 1;
  });
  const up = client.makeClientStreamRequest(method('Up'), same, same, () => {});
  const upEnds = ends(up);
  up.write(Buffer.alloc(0));
  for (const { status } of [await unary(client, 'Ask', Buffer.alloc(0)), await ends(down), await upEnds]) {
    t.match(status, { code: Status.NOT_FOUND, details: 'gone é' });
    t.same(status.metadata.get('grpc-status-details-bin'), [details]);
    t.same(status.metadata.get('why'), ['x']);
  }
  t.equal(messages, 3);
  t.same((await upEnds).first?.first, '1', 'metadata that no message follows is not lost');
});

t.test(
  'grpc-js: a bidirectional call is full duplex, and its head does not wait for a message',
  async (t) => {
    const { url, upstream } = await openForeign(t, { Both: [{ headers: [['first', '1']] }, { echo: true }] });
    const client = clientOf(t, url);
    const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(method('Both'), same, same);
    const ended = ends(call);
    await once(call, 'metadata');
    for (let n = 0; n < 50; n += 1) {
      const sent = await item(`${n}`);
      const answer = once(call, 'data');
      call.write(sent);
      t.same((await answer)[0], sent);
    }
    call.end();
    call.resume();
    t.equal((await ended).status.code, Status.OK);
    t.ok((await upstream.call(method('Both'))).halfClosed);
  },
);

t.test('grpc-js: many messages both ways, compressed by the client', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Both: [{ echo: true }],
    Down: [{ in: 'end' }, { out: await item('x'), times: 20_000 }],
  });
  const client = clientOf(t, url, { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
  const call = client.makeBidiStreamRequest(method('Both'), same, same);
  const ended = ends(call);
  const sent = await Promise.all(Array.from({ length: 500 }, (_, n) => item(`${n} `.repeat(n % 70))));
  const got: Buffer[] = [];
  call.on('data', (message: Buffer) => got.push(message));
  for (const message of sent) call.write(message);
  call.end();
  t.equal((await ended).status.code, Status.OK);
  t.same(got, sent);
  t.same((await upstream.call(method('Both'))).received, sent);
  const down = client.makeServerStreamRequest(method('Down'), same, same, Buffer.alloc(0));
  let messages = 0;
  down.on('data', () => {
    messages += 1;
  });
  t.equal((await ends(down)).status.code, Status.OK);
  t.equal(messages, 20_000);
});

t.test('grpc-js: deadlines and cancellation reach the service', async (t) => {
  const never = new Promise(() => {});
  const { url, upstream } = await openForeign(t, {
    Ask: [{ wait: never }],
    Down: [{ in: 'end' }, { out: await item('x') }, { wait: never }],
  });
  const client = clientOf(t, url);
  const late = await unary(client, 'Ask', Buffer.alloc(0), undefined, { deadline: Date.now() + 300 });
  t.equal(late.status.code, Status.DEADLINE_EXCEEDED);
  const down = client.makeServerStreamRequest(method('Down'), same, same, Buffer.alloc(0));
  const ended = ends(down);
  await once(down, 'data');
  down.cancel();
  t.equal((await ended).status.code, Status.CANCELLED);
  const call = await upstream.call(method('Down'));
  await call.over;
  t.ok(call.cancelled);
});

t.test('refusals of the gateway are statuses', async (t) => {
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }] }, { limits: { maxMessageBytes: 1_000 } });
  const client = clientOf(t, url);
  const large = await unary(client, 'Ask', Buffer.alloc(1_001));
  t.equal(large.status.code, Status.RESOURCE_EXHAUSTED);
  t.same(large.status.metadata.get('sluice-reason'), ['MESSAGE_TOO_LARGE']);
  t.match((await unary(client, 'Nope', Buffer.alloc(0))).status, { code: Status.UNIMPLEMENTED });
  const metadata = new Metadata();
  metadata.set('x-large', 'x'.repeat(9_000));
  t.equal((await unary(client, 'Ask', Buffer.alloc(0), metadata)).status.code, Status.INVALID_ARGUMENT);
});

t.test('HTTP/1.1 is told that gRPC needs HTTP/2', async (t) => {
  const { url } = await openForeign(t, {});
  const answer = await http(url + method('Ask'), {
    method: 'POST',
    body: frame(Buffer.alloc(0)),
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
  });
  t.match(answer, { status: 505, headers: { 'grpc-status': '12', 'sluice-reason': 'HTTP_VERSION_TOO_OLD' } });
  t.match(JSON.parse(answer.text), { error: { message: /HTTP\/2/ } });
});

interface RawAnswer {
  readonly headers: Record<string, unknown>;
  readonly trailers: Record<string, unknown> | undefined;
  readonly body: Buffer;
  /** The head was the end as well. */
  readonly isTrailersOnly: boolean;
}

function rawCall(
  session: ClientHttp2Session,
  name: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': method(name),
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.end(body);
  return new Promise((resolve) => {
    let head: Record<string, unknown> = {};
    let trailers: Record<string, unknown> | undefined;
    let isTrailersOnly = false;
    const chunks: Buffer[] = [];
    stream.on('response', (fields, flags) => {
      head = fields;
      isTrailersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    });
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({ headers: head, trailers, body: Buffer.concat(chunks), isTrailersOnly }),
    );
  });
}

t.test('the wire: a head, frames and trailers, or trailers only', async (t) => {
  const { url } = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: await item('x') }],
    Down: [{ in: 'end' }, { status: 'NOT_FOUND', message: 'no' }],
  });
  const session = connectHttp2(t, url);
  const whole = await rawCall(session, 'Ask', frame(Buffer.alloc(0)));
  t.match(whole.headers, { ':status': 200, 'content-type': 'application/grpc' });
  t.notOk('grpc-status' in whole.headers);
  t.same(framesOf(whole.body), [{ flag: 0, bytes: await item('x') }]);
  t.match(whole.trailers, { 'grpc-status': '0' });
  const early = await rawCall(session, 'Down', frame(Buffer.alloc(0)));
  t.ok(early.isTrailersOnly);
  t.match(early.headers, { ':status': 200, 'grpc-status': '5', 'grpc-message': 'no' });
  const json = await rawCall(session, 'Ask', frame(Buffer.from('{}')), {
    'content-type': 'application/grpc+json',
  });
  t.same(
    framesOf(json.body).map(({ bytes }) => String(bytes)),
    ['{"text":"x"}'],
  );
});

t.test('bad requests are trailers only, and no neighbour on the connection is harmed', async (t) => {
  const { url, upstream } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await item('x') }], Up: [{ in: 'end' }, { out: await item('x') }] },
    { limits: { maxMessageBytes: 1_000 } },
  );
  const session = connectHttp2(t, url);
  const empty = frame(Buffer.alloc(0));
  const cases: [string, string, Buffer, Record<string, string>, string][] = [
    ['no message', 'Ask', Buffer.alloc(0), {}, '12'],
    ['two messages', 'Ask', Buffer.concat([empty, empty]), {}, '12'],
    ['a message that is cut', 'Ask', empty.subarray(0, 4), {}, '3'],
    ['a message that is too large', 'Up', frameHead(1_001), {}, '8'],
    ['an unknown flag', 'Ask', frameHead(0, 2), {}, '13'],
    ['compressed without a word', 'Ask', frame(gzipSync('x'), 1), {}, '13'],
    ['an unknown encoding', 'Ask', empty, { 'grpc-encoding': 'br' }, '12'],
    ['a bomb', 'Ask', frame(gzipSync(Buffer.alloc(100_000)), 1), { 'grpc-encoding': 'gzip' }, '8'],
    ['an unknown codec', 'Ask', empty, { 'content-type': 'application/grpc+x' }, '12'],
    ['another verb', 'Ask', empty, { ':method': 'PUT' }, '12'],
    ['an unknown method', 'Nope', empty, {}, '12'],
  ];
  for (const [what, name, body, headers, code] of cases) {
    const answer = await rawCall(session, name, body, headers);
    t.equal((answer.trailers ?? answer.headers)['grpc-status'], code, what);
  }
  t.same(upstream.calls(method('Ask')), []);
  t.match(await rawCall(session, 'Ask', empty), { trailers: { 'grpc-status': '0' } });
});

t.test('a client that stalls stops the service, and no other call on its connection', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await item('x'.repeat(10_000)), times: 100_000 }],
    Ask: [{ in: 'end' }, { out: await item('here') }],
  });
  const client = clientOf(t, url);
  const down = client.makeServerStreamRequest(method('Down'), same, same, Buffer.alloc(0));
  const ended = ends(down);
  await once(down, 'readable');
  const call = await upstream.call(method('Down'));
  const stalledAt = await settled(() => call.accepted);
  t.ok(stalledAt * 10_000 < 24 * 1024 * 1024, `it stopped after ${stalledAt} messages`);
  t.equal((await unary(client, 'Ask', Buffer.alloc(0))).status.code, Status.OK);
  down.resume();
  await until(t, 'the service to write on', () => call.accepted > stalledAt + 1_000);
  down.cancel();
  await ended;
  await call.over;
});

t.test('a service that stalls stops the client', async (t) => {
  let goOn: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url, upstream } = await openForeign(t, {
    Up: [{ in: 1 }, { wait }, { in: 'end' }, { out: await item('') }],
  });
  const client = clientOf(t, url);
  const up = client.makeClientStreamRequest(method('Up'), same, same, () => {});
  const ended = ends(up);
  const message = await item('x'.repeat(10_000));
  let sent = 0;
  let room = true;
  const write = (): void => {
    while (sent < 10_000 && room) {
      sent += 1;
      room = up.write(message);
    }
    if (sent < 10_000)
      up.once('drain', () => {
        room = true;
        write();
      });
    else up.end();
  };
  write();
  const stalledAt = await settled(() => sent);
  t.ok(stalledAt < 5_000, `it stopped after ${stalledAt} messages`);
  goOn();
  t.equal((await ended).status.code, Status.OK);
  t.equal((await upstream.call(method('Up'))).received.length, 10_000);
});

t.test('a gateway in front of a gateway learns the schema by its reflection', async (t) => {
  const { url } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await item('far') }] });
  const outer = await openGateway({
    upstream: new URL(url).host,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, outer);
  const answer = await http(outer.url + method('Ask'), {
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  t.match(answer, { status: 200, text: '{"text":"far"}' });
});

t.test('draining ends streams with UNAVAILABLE', async (t) => {
  const { url, gateway } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await item('x') }, { wait: new Promise(() => {}) }],
  });
  const client = clientOf(t, url);
  const down = client.makeServerStreamRequest(method('Down'), same, same, Buffer.alloc(0));
  const ended = ends(down);
  await once(down, 'data');
  await gateway.close();
  t.equal((await ended).status.code, Status.UNAVAILABLE);
});
