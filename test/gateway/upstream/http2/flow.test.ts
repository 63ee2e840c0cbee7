import type { ServerHttp2Stream } from 'node:http2';
import t, { type Test } from 'tap';
import {
  type Call,
  type Http2TransportOptions,
  openHttp2Transport,
} from '../../../../gateway/upstream/index.js';
import { neverAborted, untilQuiet } from '../contract/subject.js';
import { frame, grpcHeaders, openPeer, type Peer } from './peer.js';

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

function windowOf(peer: Peer): number | undefined {
  return peer.sessions[0]?.remoteSettings.initialWindowSize;
}

for (const size of [0, 42, kibi, 100 * kibi, 1000 * kibi]) {
  t.test(`a call that nobody reads holds a known number of bytes, messages of ${size}`, async (t) => {
    const readAheadBytes = 64 * kibi;
    const { peer, sent, open } = await openFlood(t, Buffer.alloc(size), { readAheadBytes });
    open();
    const held = await untilQuiet(() => sent[0] ?? 0);
    // The inbox up to its limit or one message, the window, and what Node reads before it heeds a pause.
    const most = Math.max(readAheadBytes, size + 5) + 64 * kibi + 64 * kibi + 16 * kibi;
    t.ok(held > 0 && held <= most, `${held} of at most ${most}`);
    t.equal(windowOf(peer), 64 * kibi, 'and its window has not grown');
  });
}

t.test('the window grows for a call that moves, up to 1 MiB', async (t) => {
  const { peer, open } = await openFlood(t, Buffer.alloc(100 * kibi));
  const call = open();
  for (let n = 0; n < 5_000 && windowOf(peer) !== 1024 * kibi; n++) await call.read();
  t.equal(windowOf(peer), 1024 * kibi);
  call.cancel();
});

t.test('the window of a connection with a stalled call does not grow', async (t) => {
  const { peer, sent, open } = await openFlood(t, Buffer.alloc(10 * kibi), { readAheadBytes: 32 * kibi });
  open();
  await untilQuiet(() => sent[0] ?? 0);
  const moving = open();
  for (let n = 0; n < 500; n++) await moving.read();
  t.equal(windowOf(peer), 64 * kibi);
});

t.test('no window grows beyond the budget, and more calls take it back', async (t) => {
  const windowBudgetBytes = 512 * kibi;
  const { peer, sent, open } = await openFlood(t, Buffer.alloc(100 * kibi), { windowBudgetBytes });
  const call = open();
  for (let n = 0; n < 5_000 && windowOf(peer) !== 512 * kibi; n++) await call.read();
  for (let n = 0; n < 100; n++) await call.read();
  t.equal(windowOf(peer), 512 * kibi, 'one call may have all of it');
  for (let n = 0; n < 7; n++) {
    const other = open();
    await other.read();
    other.read().catch(t.error);
  }
  for (let n = 0; n < 5_000 && windowOf(peer) !== 64 * kibi; n++) await call.read();
  t.equal(windowOf(peer), 64 * kibi, 'eight share it');
  const before = sent[0] ?? 0;
  while ((sent[0] ?? 0) === before) await call.read();
  t.pass('and the call still moves after its window has shrunk');
});
