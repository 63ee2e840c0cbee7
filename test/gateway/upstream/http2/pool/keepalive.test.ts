import { constants } from 'node:http2';
import t, { type Test } from 'tap';
import { Keepalive } from '../../../../../gateway/upstream/http2/pool/keepalive.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { stopClock } from '../../../../support/clock.js';
import { until } from '../../../../support/http.js';
import { neverAborted } from '../../contract/subject.js';
import { frame, grpcHeaders, openPeer } from '../peer.js';

const TIME_MS = 20;
const TIMEOUT_MS = 30;
/** Servers forgive pings at this distance, however silent they are. */
const FORGIVEN_MS = 310_000;

interface Peer {
  /** Whether it answers a ping, and when that is read: soon, or after we were stalled. */
  answers: 'soon' | 'never' | 'while we are stalled';
  hasCalls: boolean;
}

function open(t: Test, peer: Partial<Peer> = {}) {
  const { answers = 'soon', hasCalls = true } = peer;
  const clock = stopClock(t);
  const seen = { pings: 0, dead: 0 };
  const keepalive = new Keepalive({
    timeMs: TIME_MS,
    timeoutMs: TIMEOUT_MS,
    hasCalls: () => hasCalls,
    ping: (answered) => {
      seen.pings += 1;
      if (answers === 'soon') setTimeout(answered, 1);
      // As a socket is read: after the timers that are due.
      if (answers === 'while we are stalled') setTimeout(answered, TIMEOUT_MS + 1);
      return true;
    },
    onDead: () => {
      seen.dead += 1;
    },
  });
  t.teardown(() => keepalive.stop());
  return { clock, keepalive, seen };
}

t.test('silence earns one ping, and the next only when servers forgive it', async (t) => {
  const { clock, seen } = open(t);
  clock.pass(2 * TIME_MS);
  t.same(seen, { pings: 1, dead: 0 });
  clock.pass(FORGIVEN_MS - TIME_MS);
  t.same(seen, { pings: 1, dead: 0 });
  clock.pass(2 * TIME_MS);
  t.same(seen, { pings: 2, dead: 0 });
});

t.test('silence after something was heard earns another', async (t) => {
  const { clock, keepalive, seen } = open(t);
  for (let wanted = 1; wanted <= 3; wanted += 1) {
    keepalive.heard();
    clock.pass(TIME_MS);
    t.equal(seen.pings, wanted - 1, 'nothing in the interval in which it was heard');
    clock.pass(TIME_MS);
    t.same(seen, { pings: wanted, dead: 0 });
  }
});

t.test('a connection that is heard from is never pinged', async (t) => {
  const { clock, keepalive, seen } = open(t);
  for (let n = 0; n < 50; n += 1) {
    keepalive.heard();
    clock.pass(TIME_MS);
  }
  t.same(seen, { pings: 0, dead: 0 });
});

t.test('a connection without calls is never pinged', async (t) => {
  const { clock, seen } = open(t, { hasCalls: false });
  clock.pass(2 * FORGIVEN_MS);
  t.same(seen, { pings: 0, dead: 0 });
});

t.test('an answer that lies unread while we are stalled is not missed', async (t) => {
  const { clock, keepalive, seen } = open(t, { answers: 'while we are stalled' });
  for (let wanted = 1; wanted <= 3; wanted += 1) {
    keepalive.heard();
    clock.pass(2 * TIME_MS);
    t.equal(seen.pings, wanted);
    clock.stall(2 * TIMEOUT_MS);
    clock.pass(2 * TIMEOUT_MS);
  }
  t.equal(seen.dead, 0);
});

t.test('one that is always stalled spares a peer that is gone only once', async (t) => {
  const { clock, seen } = open(t, { answers: 'never' });
  clock.pass(2 * TIME_MS);
  clock.stall(2 * TIMEOUT_MS);
  t.equal(seen.dead, 0);
  clock.stall(2 * TIMEOUT_MS);
  t.equal(seen.dead, 1);
  for (let stalls = 0; stalls < 4; stalls += 1) clock.stall(2 * TIMEOUT_MS);
  t.equal(seen.dead, 1);
});

t.test('no answer in time is the end, once', async (t) => {
  const { clock, seen } = open(t, { answers: 'never' });
  clock.pass(2 * TIME_MS + TIMEOUT_MS - 1);
  t.same(seen, { pings: 1, dead: 0 });
  clock.pass(1);
  t.same(seen, { pings: 1, dead: 1 });
  clock.pass(FORGIVEN_MS);
  t.same(seen, { pings: 1, dead: 1 });
});

t.test('a peer that complains about pings is pinged later on the next connection', async (t) => {
  const pings: number[] = [];
  const peer = await openPeer((stream, _headers, index) => {
    pings[index] = 0;
    stream.session?.on('ping', () => {
      pings[index] = (pings[index] ?? 0) + 1;
      if (index > 0) return;
      stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1, Buffer.from('too_many_pings'));
    });
    stream.respond(grpcHeaders);
    stream.write(frame('m'));
  });
  const transport = openHttp2Transport({ target: peer.target, keepaliveTimeMs: 200 });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  const first = transport.open('/test.Ping/Stay', { metadata: [], signal: neverAborted() });
  await first.read();
  t.equal(await first.read(), undefined);
  t.match(await first.status, { code: 14 }, 'sent away');
  const second = transport.open('/test.Ping/Stay', { metadata: [], signal: neverAborted() });
  await second.read();
  const begun = performance.now();
  await until(t, 'a ping on the second connection', () => pings[1] !== 0);
  t.ok(performance.now() - begun > 390, 'not before twice the time');
});
