import { constants } from 'node:http2';
import t, { type Test } from 'tap';
import { Keepalive } from '../../../../../gateway/upstream/http2/pool/keepalive.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { neverAborted } from '../../contract/subject.js';
import { frame, grpcHeaders, openPeer } from '../peer.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function open(t: Test, act: { answers: boolean; hasCalls: boolean }) {
  const seen = { pings: 0, dead: 0 };
  const keepalive = new Keepalive({
    timeMs: 20,
    timeoutMs: 30,
    hasCalls: () => act.hasCalls,
    ping: (answered) => {
      seen.pings++;
      if (act.answers) setImmediate(answered);
      return true;
    },
    onDead: () => {
      seen.dead++;
    },
  });
  t.teardown(() => keepalive.stop());
  return { keepalive, seen };
}

t.test('silence earns one ping, not a second one soon after', async (t) => {
  const { seen } = open(t, { answers: true, hasCalls: true });
  while (seen.pings === 0) await sleep(5);
  await sleep(300);
  t.same(seen, { pings: 1, dead: 0 });
});

t.test('silence after something was heard earns another', async (t) => {
  const { keepalive, seen } = open(t, { answers: true, hasCalls: true });
  for (let wanted = 1; wanted <= 3; wanted++) {
    while (seen.pings < wanted) await sleep(5);
    keepalive.heard();
  }
  t.equal(seen.dead, 0);
});

t.test('a connection that is heard from, or has no calls, is never pinged', async (t) => {
  const busy = open(t, { answers: true, hasCalls: true });
  const idle = open(t, { answers: true, hasCalls: false });
  for (let n = 0; n < 50; n++) {
    busy.keepalive.heard();
    await sleep(5);
  }
  t.same(idle.seen, { pings: 0, dead: 0 });
  t.same(busy.seen, { pings: 0, dead: 0 });
});

t.test('an answer that lies unread while we are stalled is not missed', async (t) => {
  let pings = 0;
  let dead = 0;
  const keepalive = new Keepalive({
    timeMs: 20,
    timeoutMs: 30,
    hasCalls: () => true,
    ping: (answered) => {
      pings += 1;
      setImmediate(() => {
        const end = performance.now() + 60;
        while (performance.now() < end);
        // As a socket is read: after the timers that are due.
        setImmediate(answered);
      });
      return true;
    },
    onDead: () => {
      dead += 1;
    },
  });
  t.teardown(() => keepalive.stop());
  for (let wanted = 1; wanted <= 3; wanted += 1) {
    while (pings < wanted) await sleep(5);
    keepalive.heard();
  }
  t.equal(dead, 0);
});

t.test('one that is always stalled spares a peer that is gone only once', async (t) => {
  let dead = 0;
  const keepalive = new Keepalive({
    timeMs: 20,
    timeoutMs: 30,
    hasCalls: () => true,
    ping: () => true,
    onDead: () => {
      dead += 1;
    },
  });
  t.teardown(() => keepalive.stop());
  for (let stalls = 0; stalls < 6; stalls += 1) {
    const end = performance.now() + 60;
    while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(dead, 1);
});

t.test('no answer in time is the end, once', async (t) => {
  const { seen } = open(t, { answers: false, hasCalls: true });
  while (seen.dead === 0) await sleep(5);
  await sleep(100);
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
  while (pings[1] === 0) await sleep(5);
  t.ok(performance.now() - begun > 390, 'not before twice the time');
});
