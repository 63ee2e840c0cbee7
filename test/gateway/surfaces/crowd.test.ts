import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { CROWD_BYTES, memory } from '../../../gateway/memory/index.js';
import { BodyQueue } from '../../../gateway/surfaces/http/body-queue.js';
import { isFilling, stopReading } from '../../../gateway/surfaces/liveness/index.js';
import { bytes, json, method, openForeign } from '../../support/foreign.js';
import { http, settled, until } from '../../support/http.js';
import { connect } from '../../support/websocket.js';

const KIB = 1024;

/** As if clients stalled by the hundred, until the test is over. */
function beCrowded(t: Test): void {
  const crowd = memory.take(CROWD_BYTES);
  t.ok(memory.isCrowded);
  t.teardown(crowd.release);
}

/** What is counted while nobody waits. */
const before = { taken: memory.takenBytes, ordinary: memory.ordinaryBytes };
const nothingWaits = (t: Test) =>
  until(
    t,
    'nothing waits any more',
    () => memory.takenBytes === before.taken && memory.ordinaryBytes === before.ordinary,
  );

t.test('where many clients stall, what is sent to a service is whole and in order', async (t) => {
  const crowd = memory.take(CROWD_BYTES);
  const { url, wsUrl, upstream } = await openForeign(t, {
    Store: [{ in: 'end' }, { out: new Uint8Array(0) }],
    Up: [{ in: 'end' }, { out: new Uint8Array(0) }],
    Both: [{ echo: true }],
  });

  const file = randomBytes(3_000_000);
  const stored = await http(`${url}/foreign/files/x`, {
    method: 'PUT',
    body: file,
    headers: { 'content-type': 'application/octet-stream' },
  });
  t.equal(stored.status, 200);
  const pieces = (await upstream.call(method('Store'))).received;
  const contents = await Promise.all(
    pieces.map(async (piece) => ((await json(piece, 'Piece')) as { content?: string }).content ?? ''),
  );
  t.ok(Buffer.concat(contents.map((content) => Buffer.from(content, 'base64'))).equals(file));

  const numbers = Array.from({ length: 20_000 }, (_, n) => n + 1);
  const added = await http(url + method('Up'), {
    method: 'POST',
    body: numbers.map((number) => JSON.stringify({ number })).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });
  t.equal(added.status, 200);
  const items = await Promise.all((await upstream.call(method('Up'))).received.map((item) => json(item)));
  t.same(
    items,
    numbers.map((number) => ({ number })),
  );

  const client = await connect(wsUrl + method('Both'));
  const sent = await Promise.all(
    Array.from({ length: 2_000 }, (_, n) => bytes({ text: 'x'.repeat(n), number: n + 1 })),
  );
  for (const message of sent) client.socket.send(message);
  for (const message of sent) {
    const answer = (await client.next()) as Buffer;
    if (!answer.equals(message)) t.fail('another message was echoed');
  }
  client.socket.close();
  t.equal((await client.closed).code, 1005);
  crowd.release();
  await nothingWaits(t);
});

t.test('a body is then read piece by piece, when somebody waits, and Node reads none ahead', async (t) => {
  beCrowded(t);
  const body = randomBytes(2_000_000);
  const sockets = new Set<Socket>();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server.once('listening', resolve));
  const client = request({
    port: (server.address() as AddressInfo).port,
    method: 'PUT',
    headers: { 'content-length': body.length },
  });
  client.on('error', () => {});
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  client.end(body);
  const incoming = await new Promise<IncomingMessage>((resolve) => server.once('request', resolve));
  const [socket] = [...sockets] as [Socket];
  let pieces = 0;
  const queue = new BodyQueue(
    incoming,
    () => {
      pieces += 1;
    },
    128 * KIB,
  );
  queue.take();
  const taken: Buffer[] = [];
  let bytes = 0;
  let most = 0;
  while (bytes < body.length) {
    const last = pieces;
    queue.want();
    await until(t, 'a piece has come', () => pieces > last);
    for (let piece = queue.take(); piece !== undefined; piece = queue.take()) {
      taken.push(piece);
      bytes += piece.length;
    }
    // A few turns of the event loop, in which nobody waits.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // Less than what is not worth a pause, and the read that goes over it; and the head of the request.
    most = Math.max(most, socket.bytesRead - bytes);
  }
  t.ok(most < 16 * KIB + 64 * KIB + KIB, `${most} bytes had been read that nobody waited for`);
  t.ok(Buffer.concat(taken).equals(body));
  queue.close();
});

t.test('a stream that was filled reads nothing until it goes on, and loses nothing', async (t) => {
  const content = randomBytes(500_000);
  const server = (await import('node:net')).createServer((socket) => socket.end(content));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const socket = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
  const got: Buffer[] = [];
  let stops = 0;
  socket.on('data', (piece) => {
    if (isFilling(piece)) return;
    got.push(piece);
    socket.pause();
    stopReading(socket);
    stops += 1;
  });
  const ended = new Promise((resolve) => socket.once('end', resolve));
  for (let resumed = 0; Buffer.concat(got).length < content.length; resumed += 1) {
    await until(t, 'it is stopped', () => stops > resumed);
    const read = socket.bytesRead;
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (socket.bytesRead !== read) t.fail('it was read meanwhile');
    socket.resume();
  }
  socket.resume();
  await ended;
  t.ok(Buffer.concat(got).equals(content));
});

t.test('a message of a WebSocket that does not come whole is known there as well', async (t) => {
  beCrowded(t);
  const { wsUrl } = await openForeign(
    t,
    { Both: [{ in: 1 }, { wait: new Promise(() => {}) }] },
    { limits: { messageTimeoutMs: 400 } },
  );
  const client = await connect(wsUrl + method('Both'));
  client.socket.send(await bytes({ text: 'whole' }));
  const raw = (client.socket as unknown as { _socket: Socket })._socket;
  // More than one slice of a frame of 100,000 bytes, whose mask changes nothing.
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]);
  raw.write(Buffer.concat([head, Buffer.alloc(40_000)]));
  t.match(await client.closed, { code: 4004, reason: /did not finish the message/ });
});

t.test('a WebSocket that was not read for a while goes on where it was', async (t) => {
  beCrowded(t);
  const go = createDeferred();
  const { wsUrl, gateway } = await openForeign(
    t,
    { Both: [{ wait: go.promise }, { echo: true }] },
    { limits: { messageTimeoutMs: 300 } },
  );
  const client = await connect(wsUrl + method('Both'));
  const message = await bytes({ text: 'x'.repeat(30_000) });
  for (let n = 0; n < 500; n += 1) client.socket.send(message);
  const raw = (client.socket as unknown as { _socket: Socket })._socket;
  const taken = await settled(() => raw.bytesWritten - raw.writableLength);
  t.ok(taken < 500 * message.length);
  go.resolve();
  for (let n = 0; n < 500; n += 1) {
    const answer = (await client.next()) as Buffer | undefined;
    if (answer === undefined || !answer.equals(message)) t.fail('another message was echoed');
  }
  // Twice the time of a message: nothing is taken for the beginning of one.
  const late = await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 700))]);
  t.equal(late, undefined, 'it stays open');
  t.equal(gateway.openExchanges, 1);
  client.socket.terminate();
});
