import type { ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  type Call,
  type Http2TransportOptions,
  openHttp2Transport,
} from '../../../../../gateway/upstream/index.js';
import { neverAborted, until, untilQuiet } from '../../contract/subject.js';
import { frame, grpcHeaders, openPeer } from '../peer.js';

const kibi = 1024;
const PIECE_BYTES = 4 * kibi;

/** A peer that sends frames for ever as the window allows, and counts the bytes that have left. */
async function openFlood(t: Test, message: Buffer, options: Partial<Http2TransportOptions> = {}) {
  const sent: number[] = [];
  const bytes = frame(message);
  const peer = await openPeer((stream: ServerHttp2Stream, _headers, index) => {
    stream.respond(grpcHeaders);
    sent[index] = 0;
    let at = 0;
    const send = (): void => {
      if (stream.destroyed) return;
      // In pieces, so that what has left of a message that does not fit is known.
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      at = at + PIECE_BYTES >= bytes.length ? 0 : at + PIECE_BYTES;
      stream.write(piece, () => {
        sent[index] = (sent[index] ?? 0) + piece.length;
        send();
      });
    };
    send();
  });
  const transport = openHttp2Transport({ target: peer.target, maxConnections: 1, ...options });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  const open = (): Call => transport.open('/test.Flow/Flood', { metadata: [], signal: neverAborted() });
  return { peer, sent, open };
}

for (const size of [0, 42, kibi, 100 * kibi, 1000 * kibi]) {
  t.test(`a call whose reader has stopped holds a known number of bytes, messages of ${size}`, async (t) => {
    const readAheadBytes = 64 * kibi;
    const { sent, open } = await openFlood(t, Buffer.alloc(size), { readAheadBytes });
    open();
    await until(() => (sent[0] ?? 0) > 0);
    const held = await untilQuiet(() => sent[0] ?? 0);
    t.ok(held > readAheadBytes / 2 && held <= readAheadBytes, `${held} of at most ${readAheadBytes}`);
  });
}

/** Something between a gateway and its service that takes so long each way. */
async function openFar(t: Test, port: number, delayMs: number): Promise<string> {
  const pipe = (from: Socket, to: Socket) => {
    from.on('data', (bytes) => void setTimeout(() => to.write(bytes), delayMs));
    from.on('close', () => to.destroy());
    from.on('error', () => {});
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    pipe(near, far);
    pipe(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Reads until the window must have grown as far as it will, stops, and tells what is then held. */
async function heldByWindow(call: Call, sent: () => number): Promise<number> {
  let read = 0;
  for (let n = 0; n < 120; n++) {
    for (const message of (await call.read()) ?? []) read += message.length + 5;
  }
  return (await untilQuiet(sent)) - read;
}

const message = Buffer.alloc(100 * kibi);
/** What is in Node's buffers on either side, and a message that does not fit any more. */
const slack = 300 * kibi;

t.test('the window grows for a call that moves and whose service is far away, up to 1 MiB', async (t) => {
  const { peer, sent } = await openFlood(t, message);
  const transport = openHttp2Transport({ target: await openFar(t, peer.port, 10) });
  t.teardown(() => transport.close());
  const open = () => transport.open('/test.Flow/Flood', { metadata: [], signal: neverAborted() });
  const stalled = open();
  await until(() => (sent[0] ?? 0) > 0);
  const before = await untilQuiet(() => sent[0] ?? 0);
  t.ok(before <= 32 * kibi, 'one that does not move has what it had at first');
  const moving = open();
  const held = await heldByWindow(moving, () => sent[1] ?? 0);
  t.ok(held > 250 * kibi && held < 1024 * kibi + slack, `${held}`);
  t.equal(sent[0], before);
  stalled.cancel();
  moving.cancel();
});

t.test('no window grows beyond the budget', async (t) => {
  const { peer, sent } = await openFlood(t, message);
  const target = await openFar(t, peer.port, 10);
  for (const [index, windowBudgetBytes] of [192 * kibi, 0].entries()) {
    const transport = openHttp2Transport({ target, windowBudgetBytes });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Flood', { metadata: [], signal: neverAborted() });
    const held = await heldByWindow(call, () => sent[index] ?? 0);
    t.ok(held < windowBudgetBytes + 64 * kibi + slack, `${held}`);
    call.cancel();
  }
});

/** A machine with other work answers so late that a near service is taken for a far one, and rightly: how far away it is says its quickest answer so far. */
const NEAR_TRIES = 5;

t.test(
  'a call that has moved and stops holds twice as much as one that never did at most, where the service is near',
  async (t) => {
    const held: number[] = [];
    do {
      const { sent, open } = await openFlood(t, Buffer.alloc(kibi));
      const call = open();
      held.push(await heldByWindow(call, () => sent[0] ?? 0));
      call.cancel();
    } while (Math.min(...held) > 64 * kibi && held.length < NEAR_TRIES);
    t.ok(Math.min(...held) <= 64 * kibi, `${held}`);
  },
);

t.test('many calls share a small budget, and all of them move', async (t) => {
  const { open } = await openFlood(t, message, { windowBudgetBytes: 512 * kibi });
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const call = open();
      for (let n = 0; n < 60; n++) t.ok(await call.read());
      call.cancel();
    }),
  );
});
