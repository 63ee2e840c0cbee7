import type { ServerHttp2Stream } from 'node:http2';
import t, { type Test } from 'tap';
import {
  type Call,
  type Http2TransportOptions,
  openHttp2Transport,
} from '../../../../../gateway/upstream/index.js';
import { neverAborted, until, untilQuiet } from '../../contract/subject.js';
import { frame, grpcHeaders, openPeer } from '../peer.js';

const kibi = 1024;

/** A peer that sends frames for ever as the window allows, and counts the bytes that have left. */
async function openFlood(t: Test, message: Buffer, options: Partial<Http2TransportOptions> = {}) {
  const sent: number[] = [];
  const bytes = frame(message);
  const peer = await openPeer((stream: ServerHttp2Stream, _headers, index) => {
    stream.respond(grpcHeaders);
    sent[index] = 0;
    const send = (): void => {
      if (stream.destroyed) return;
      stream.write(bytes, () => {
        sent[index] = (sent[index] ?? 0) + bytes.length;
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
    // The inbox up to its limit or one message, the window, and what Node reads before it heeds a pause.
    const most = Math.max(readAheadBytes, size + 5) + 64 * kibi + 64 * kibi + 16 * kibi;
    t.ok(held > 0 && held <= most, `${held} of at most ${most}`);
  });
}

/** Reads until the window must have grown as far as it will, stops, and tells what is then held, beside what may be read ahead. */
async function heldByWindow(call: Call, sent: () => number, readAheadBytes: number): Promise<number> {
  let read = 0;
  for (let n = 0; n < 400; n++) {
    for (const message of (await call.read()) ?? []) read += message.length + 5;
  }
  return (await untilQuiet(sent)) - read - readAheadBytes;
}

const message = Buffer.alloc(100 * kibi);
const readAheadBytes = 64 * kibi;
/** What is in Node's buffers on either side, and a message that does not fit any more. */
const slack = 300 * kibi;

t.test('the window grows for a call that moves, up to 1 MiB', async (t) => {
  const { sent, open } = await openFlood(t, message, { readAheadBytes });
  const held = await heldByWindow(open(), () => sent[0] ?? 0, readAheadBytes);
  t.ok(held > 600 * kibi && held < 1024 * kibi + slack, `${held}`);
});

t.test('a stalled call keeps the window of none that moves on its connection', async (t) => {
  const { peer, sent, open } = await openFlood(t, message, { readAheadBytes });
  open();
  await until(() => (sent[0] ?? 0) > 0);
  const stalled = await untilQuiet(() => sent[0] ?? 0);
  const held = await heldByWindow(open(), () => sent[1] ?? 0, readAheadBytes);
  t.ok(held > 600 * kibi, `${held}`);
  t.equal(sent[0], stalled);
  t.equal(peer.sessions.length, 1);
});

t.test('no window grows beyond the budget', async (t) => {
  const { sent, open } = await openFlood(t, message, { readAheadBytes, windowBudgetBytes: 192 * kibi });
  const held = await heldByWindow(open(), () => sent[0] ?? 0, readAheadBytes);
  t.ok(held < 256 * kibi + slack, `${held}`);
  const without = await openFlood(t, message, { readAheadBytes, windowBudgetBytes: 0 });
  const least = await heldByWindow(without.open(), () => without.sent[0] ?? 0, readAheadBytes);
  t.ok(least < 64 * kibi + slack, `${least}`);
});

t.test('many calls share a small budget, and all of them move', async (t) => {
  const { open } = await openFlood(t, message, { readAheadBytes, windowBudgetBytes: 512 * kibi });
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const call = open();
      for (let n = 0; n < 60; n++) t.ok(await call.read());
      call.cancel();
    }),
  );
});
