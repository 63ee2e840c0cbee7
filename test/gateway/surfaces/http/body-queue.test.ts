import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { CROWD_BYTES, memory } from '../../../../gateway/memory/index.js';
import { MOST_AHEAD_BYTES } from '../../../../gateway/surfaces/http/body-ahead.js';
import { BodyQueue, QUEUE_BYTES } from '../../../../gateway/surfaces/http/body-queue.js';
import { until } from '../../../support/http.js';

const PIECE_BYTES = 64 * 1024;

t.test('a body is read ahead up to a bound, in several pieces, and nothing of it is lost', async (t) => {
  const body = randomBytes(4 * 1024 * 1024);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = request({
    host: '127.0.0.1',
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
  const [incoming] = (await once(server, 'request')) as [IncomingMessage];
  let rung = 0;
  const queue = new BodyQueue(
    incoming,
    () => {
      rung += 1;
    },
    QUEUE_BYTES,
  );
  t.equal(incoming.readableFlowing, null, 'nothing is read before somebody takes');
  t.equal(queue.take(), undefined);
  let arrived = 0;
  incoming.on('data', (piece: Buffer) => {
    arrived += piece.length;
  });
  const taken: Buffer[] = [];
  let bytes = 0;
  while (bytes < body.length) {
    await until(
      t,
      'the queue is full, or everything has come',
      () => incoming.isPaused() || arrived === body.length,
    );
    // Of a service that has taken nothing so far nobody knows that it is fast.
    const most = taken.length === 0 ? QUEUE_BYTES : MOST_AHEAD_BYTES;
    t.ok(arrived - bytes < most + PIECE_BYTES, `${arrived - bytes} bytes wait`);
    if (arrived < body.length) t.ok(arrived - bytes >= QUEUE_BYTES, 'which is more than one piece');
    for (let piece = queue.take(); piece !== undefined; piece = queue.take()) {
      t.ok(piece.length <= PIECE_BYTES);
      taken.push(piece);
      bytes += piece.length;
    }
  }
  t.ok(Buffer.concat(taken).equals(body), 'in its order');
  t.ok(rung > 0);
  queue.close();
  t.equal(incoming.listenerCount('data'), 1, 'only the listener of the test is left');
});

t.test('a body in chunks of one byte fills the queue by what its pieces cost', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  t.teardown(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const count = 20_000;
  client.write('PUT / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
  client.write(`${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`);
  const [incoming] = (await once(server, 'request')) as [IncomingMessage];
  const queue = new BodyQueue(incoming, () => {}, QUEUE_BYTES);
  let arrived = 0;
  queue.take();
  incoming.on('data', () => {
    arrived += 1;
  });
  let taken = 0;
  while (taken < count) {
    await until(
      t,
      'the queue is full, or everything has come',
      () => incoming.isPaused() || arrived === count,
    );
    t.ok(arrived - taken <= MOST_AHEAD_BYTES / 512, `${arrived - taken} pieces wait`);
    while (queue.take() !== undefined) taken += 1;
  }
  t.equal(taken, count);
  queue.close();
});

t.test(
  'where many clients stall what waits lies in pages, in small pieces, and is given up whole',
  async (t) => {
    const body = randomBytes(1024 * 1024);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = request({
      host: '127.0.0.1',
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
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    const queue = new BodyQueue(incoming, () => {}, QUEUE_BYTES);
    const before = { taken: memory.takenBytes, ordinary: memory.ordinaryBytes };
    const taken: Buffer[] = [];
    let bytes = 0;
    const takeAll = (most: number) => {
      for (let piece = queue.take(); piece !== undefined; piece = bytes < most ? queue.take() : undefined) {
        taken.push(piece);
        bytes += piece.length;
      }
    };
    // Some of it waits in ordinary memory when the crowd comes, and some of it in pages when that has gone.
    takeAll(0);
    await until(t, 'the queue is full', () => incoming.isPaused());
    memory.ordinaryBytes += CROWD_BYTES;
    takeAll(Number.POSITIVE_INFINITY);
    const ahead = bytes;
    queue.want();
    await until(t, 'a read in pages', () => memory.takenBytes > before.taken);
    t.ok(incoming.isPaused(), 'one read, and no more');
    t.ok(memory.takenBytes - before.taken <= PIECE_BYTES + 16 * 1024, 'of whole pages');
    t.equal(memory.ordinaryBytes - before.ordinary, CROWD_BYTES, 'and nothing in ordinary memory');
    takeAll(ahead + 1);
    t.ok((taken.at(-1) as Buffer).length <= 8 * 1024, 'taken in small pieces');
    memory.ordinaryBytes -= CROWD_BYTES;
    while (bytes < body.length) {
      takeAll(Number.POSITIVE_INFINITY);
      queue.want();
      await turn();
    }
    t.ok(Buffer.concat(taken).equals(body), 'in its order');
    t.same({ taken: memory.takenBytes, ordinary: memory.ordinaryBytes }, before);
    queue.close();
  },
);
