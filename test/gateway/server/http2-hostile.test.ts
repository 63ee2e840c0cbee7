import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { StreamConnection } from '../../../gateway/server/http2/stream-connection.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
};
const JSON_TYPE = { 'content-type': 'application/json' };
/** ENHANCE_YOUR_CALM. */
const CALM = 11;

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A head in HPACK without tables: literal fields that are not indexed. Source: RFC 7541 section 6.2.2. */
function block(fields: Record<string, string>): Buffer {
  const text = (value: string) => {
    const raw = Buffer.from(value);
    const length = raw.length < 127 ? [raw.length] : [127, ...varint(raw.length - 127)];
    return Buffer.concat([Buffer.from(length), raw]);
  };
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

interface Hostile {
  readonly socket: Socket;
  readonly frames: {
    readonly type: number;
    readonly flags: number;
    readonly stream: number;
    readonly payload: Buffer;
  }[];
  readonly isClosed: boolean;
  readonly head: (stream: number, more?: Record<string, string>, flags?: number) => Buffer;
}

/** A connection past its first SETTINGS, whose frames are kept. */
async function connect(t: Test, url: string, path: string): Promise<Hostile> {
  const { port, host } = new URL(url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  const frames: Hostile['frames'] = [];
  let rest = Buffer.alloc(0);
  let isClosed = false;
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 9 || rest.length < 9 + rest.readUIntBE(0, 3)) return;
      const end = 9 + rest.readUIntBE(0, 3);
      frames.push({
        type: rest[3] as number,
        flags: rest[4] as number,
        stream: rest.readUInt32BE(5),
        payload: rest.subarray(9, end),
      });
      const { type, flags, payload } = frames.at(-1) as Hostile['frames'][number];
      if (type === TYPE.ping && flags === 0) socket.write(frame(TYPE.ping, 1, 0, payload));
      rest = rest.subarray(end);
    }
  });
  await once(socket, 'connect');
  socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
  await until(t, 'the settings', () =>
    frames.some(({ type, flags }) => type === TYPE.settings && flags === 0),
  );
  socket.write(frame(TYPE.settings, 1, 0));
  const fields = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': host, ...JSON_TYPE };
  return {
    socket,
    frames,
    get isClosed() {
      return isClosed;
    },
    head: (stream, more = {}, flags = 4) => frame(TYPE.headers, flags, stream, block({ ...fields, ...more })),
  };
}

const goaway = ({ frames }: Hostile) =>
  frames.find(({ type }) => type === TYPE.goaway)?.payload.readUInt32BE(4);
const resets = ({ frames }: Hostile) => frames.filter(({ type }) => type === TYPE.reset);

/** A gateway with a neighbour on a connection of its own, which must be answered after all. */
async function stage(t: Test, limits: object = { heartbeatMs: 500 }) {
  const opened = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await bytes({ text: 'here' }) }] },
    { limits },
  );
  const neighbour = connectHttp2(t, opened.url);
  const assertUnharmed = async () => {
    const answer = await ask(neighbour, method('Ask'), JSON_TYPE, '{}');
    t.match(answer, { status: 200, text: '{"text":"here"}', complete: true }, 'the neighbour is served');
  };
  await assertUnharmed();
  return { ...opened, assertUnharmed };
}

t.test('a client that opens and resets streams without end loses its connection', async (t) => {
  const { url, gateway, assertUnharmed } = await stage(t);
  const client = await connect(t, url, method('Ask'));
  let sent = 0;
  for (let id = 1; !client.isClosed && sent < 20_000; id += 2, sent += 1) {
    client.socket.write(
      Buffer.concat([client.head(id), frame(TYPE.reset, 0, id, Buffer.from([0, 0, 0, 8]))]),
    );
    if (sent % 100 === 0) await new Promise(setImmediate);
  }
  await until(t, 'the connection to be closed', () => client.isClosed);
  t.ok(sent < 20_000, `${sent} streams`);
  await until(t, 'no exchange to be left', () => gateway.openExchanges === 0);
  await assertUnharmed();
});

for (const [name, one, most] of [
  ['PING', frame(TYPE.ping, 0, 0, Buffer.alloc(8)), 200_000],
  ['SETTINGS', frame(TYPE.settings, 0, 0), 20_000],
] as const) {
  t.test(`a flood of ${name} ends its connection`, async (t) => {
    const { url, assertUnharmed } = await stage(t);
    const client = await connect(t, url, method('Ask'));
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => one));
    let sent = 0;
    for (; !client.isClosed && sent < most; sent += 100) {
      client.socket.write(hundred);
      await new Promise(setImmediate);
    }
    await until(t, 'the connection to be closed', () => client.isClosed);
    t.ok(sent < most, `${sent} frames`);
    // A reset may have taken it along; Node counts as well.
    t.not(goaway(client), 0);
    await assertUnharmed();
  });
}

t.test(
  'a client that opens more streams than it may loses its connection, and one that waits does not',
  async (t) => {
    const { url, gateway, assertUnharmed } = await stage(t);
    const client = await connect(t, url, method('Ask'));
    for (let n = 0; n < 101; n += 1) client.socket.write(client.head(1 + 2 * n));
    await until(t, 'the connection to be closed', () => client.isClosed);
    await until(t, 'no exchange to be left', () => gateway.openExchanges === 0);
    const session = connectHttp2(t, url);
    const answers = await Promise.all(
      Array.from({ length: 250 }, () => ask(session, method('Ask'), JSON_TYPE, '{}')),
    );
    t.ok(answers.every(({ status, complete }) => status === 200 && complete));
    await assertUnharmed();
  },
);

t.test('a head that is too large costs its stream alone', async (t) => {
  const { url, assertUnharmed } = await stage(t);
  const client = await connect(t, url, method('Ask'));
  client.socket.write(client.head(1, { 'x-large': 'x'.repeat(15_000), 'x-larger': 'y'.repeat(1_200) }));
  await until(t, 'a reset', () => resets(client).length === 1);
  t.match(resets(client)[0], { stream: 1, payload: Buffer.from([0, 0, 0, CALM]) });
  client.socket.write(Buffer.concat([client.head(3), frame(TYPE.data, 1, 3, Buffer.from('{}'))]));
  await until(t, 'the next answer', () =>
    client.frames.some(({ type, stream }) => type === TYPE.data && stream === 3),
  );
  t.notOk(client.isClosed);
  await assertUnharmed();
});

t.test('a head without an end takes no more than its bound', async (t) => {
  const { url, assertUnharmed } = await stage(t);
  const client = await connect(t, url, method('Ask'));
  client.socket.write(client.head(1, {}, 0));
  const part = frame(TYPE.continuation, 0, 1, block({ 'x-part': 'x'.repeat(4_000) }));
  let sent = 0;
  for (; !client.isClosed && sent < 1_000; sent += 1) {
    client.socket.write(part);
    await new Promise(setImmediate);
  }
  await until(t, 'the connection to be closed', () => client.isClosed);
  t.ok(sent < 1_000, `${sent} parts`);
  await assertUnharmed();
});

t.test('frames that mean nothing end their connection', async (t) => {
  const { url, assertUnharmed } = await stage(t);
  for (const bad of [
    frame(TYPE.data, 0, 1, Buffer.from('early')),
    frame(TYPE.headers, 4, 2, block({ ':method': 'GET' })),
    frame(TYPE.window, 0, 0, Buffer.from([0, 0, 0, 0])),
    frame(TYPE.window, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    frame(TYPE.ping, 0, 0, Buffer.alloc(7)),
    frame(TYPE.headers, 4, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
    frame(TYPE.data, 0, 0, Buffer.alloc(4)),
    frame(TYPE.settings, 0, 1),
  ]) {
    const client = await connect(t, url, method('Ask'));
    client.socket.write(bad);
    await until(t, `the connection to be closed after ${bad.toString('hex')}`, () => client.isClosed);
  }
  await assertUnharmed();
});

t.test('a body may not go past the window that was given', async (t) => {
  const { url, gateway, assertUnharmed } = await stage(t);
  const client = await connect(t, url, method('Up'));
  client.socket.write(client.head(1, { 'content-type': 'application/x-ndjson' }));
  await until(t, 'the exchange', () => gateway.openExchanges === 1);
  const piece = frame(TYPE.data, 0, 1, Buffer.alloc(16_384, ' '));
  let sent = 0;
  for (; !client.isClosed && sent < 4_096; sent += 1) {
    client.socket.write(piece);
    if (sent % 16 === 0) await new Promise(setImmediate);
  }
  await until(t, 'the exchange to be over', () => gateway.openExchanges === 0);
  await assertUnharmed();
});

t.test('a client that opens no stream in time loses its connection', async (t) => {
  const { url } = await stage(t, { requestHeadMs: 200 });
  const client = await connect(t, url, method('Ask'));
  await until(t, 'the connection to be closed', () => client.isClosed);
  t.equal(goaway(client), 0);
});

t.test('a connection without a stream ends after a while, also when its client reads nothing', async (t) => {
  const { createServer } = await import('node:http2');
  const server = createServer();
  const socketOf = new WeakMap<object, Socket>();
  server.prependListener('connection', (socket: Socket) => socketOf.set(server, socket));
  server.on('session', (session) => {
    new StreamConnection(session, socketOf.get(server) as Socket, {
      firstStreamMs: 10_000,
      idleMs: 50,
      heartbeatMs: 25,
      onStream: (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
    });
  });
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const session = connectHttp2(t, `http://127.0.0.1:${port}`);
  const closed = once(session, 'close');
  t.match(await ask(session, '/'), { status: 204 });
  await closed;
  t.pass('it was closed');
});
