import { randomInt } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import t from 'tap';
import { memory } from '../../../../gateway/memory/index.js';
import { type Call, openHttp2Transport, type Transport } from '../../../../gateway/upstream/index.js';
import { quiet } from '../../../support/quiet.js';
import { openProxy } from '../contract/proxy.js';
import { neverAborted, readToEnd, untilQuiet } from '../contract/subject.js';
import { answerWith, frame, grpcHeaders, openPeer } from './peer.js';

/** Numbers from 0 to 1 that a seed repeats. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const many = Buffer.concat(Array.from({ length: 2_000 }, (_, n) => frame('x'.repeat(n % 300))));

/** What a peer may do to a call. */
const deeds: ((stream: ServerHttp2Stream) => void)[] = [
  (stream) => answerWith(stream, [frame('m')], { 'grpc-status': '0' }),
  (stream) => answerWith(stream, [many], { 'grpc-status': '0' }),
  (stream) => answerWith(stream, [many], { 'grpc-status': '10' }),
  (stream) => answerWith(stream, [many, frame('half', 0, 9)], { 'grpc-status': '0' }),
  (stream) => stream.respond({ ...grpcHeaders, 'grpc-status': '5' }, { endStream: true }),
  (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
  (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  (stream) => {
    stream.respond(grpcHeaders);
    stream.write(many);
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 5);
  },
  (stream) => {
    stream.respond(grpcHeaders);
    stream.write(frame('', 0, 0xffffffff));
  },
  (stream) => {
    stream.respond(grpcHeaders);
    stream.resume();
  },
  () => {},
  (stream) => stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id ?? 0),
  (stream) => stream.session?.goaway(constants.NGHTTP2_NO_ERROR, Math.max(0, (stream.id ?? 0) - 4)),
  (stream) => stream.session?.destroy(),
];

/** What a caller may do with a call. */
const manners: ((call: Call, abort: AbortController) => Promise<unknown>)[] = [
  async (call) => {
    call.halfClose();
    await readToEnd(call);
  },
  async (call) => {
    await call.write([Buffer.from('q')]);
    call.halfClose();
    for (let batch = await call.read(); batch; batch = await call.read()) await quiet(1);
  },
  async (call) => {
    const writing = (async () => {
      while (await call.write([Buffer.alloc(20_000)]));
    })();
    await readToEnd(call);
    await writing;
  },
  async (call) => {
    await call.headers;
    call.cancel();
  },
  async (call) => {
    const batch = await call.read();
    call.cancel();
    batch?.release();
  },
  async (_call, abort) => {
    await quiet(3);
    abort.abort();
  },
  async (call) => call.cancel(),
];

async function disturb(transport: Transport, random: () => number): Promise<number> {
  const abort = new AbortController();
  const deadline = Date.now() + 50 + random() * 400;
  const call = transport.open('/test.Chaos/Call', { metadata: [], signal: abort.signal, deadline });
  const manner = manners[Math.floor(random() * manners.length)] as (typeof manners)[number];
  await manner(call, abort);
  const { code } = await call.status;
  if (getEventListeners(abort.signal, 'abort').length > 0) throw new Error('a listener was left');
  if ((await call.read()) !== undefined) throw new Error('a message came after the end');
  await call.headers;
  return code;
}

t.test('whatever both sides do, every call ends, no place is lost and nothing is left', async (t) => {
  const seed = randomInt(2 ** 31);
  t.comment(`seed ${seed}`);
  const random = randomFrom(seed);
  let calm = false;
  const peer = await openPeer((stream) => {
    const deed = deeds[Math.floor(random() * deeds.length)];
    // Outside of nghttp2's reading, or Node may loop or die on this side too (nodejs/node issue 38964).
    setImmediate(() => stream.destroyed || (calm ? deeds[0] : deed)?.(stream));
  });
  const proxy = await openProxy(peer.target);
  const transport = openHttp2Transport({
    target: proxy.target,
    maxConnections: 2,
    streamsPerConnection: 10,
    readAheadBytes: 4_096,
  });
  t.teardown(() => {
    proxy.close();
    peer.close();
  });
  let left = 1_500;
  const codes = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 15 }, async () => {
      while (left-- > 0) {
        const code = await disturb(transport, random);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }),
  );
  t.comment(`codes ${JSON.stringify([...codes].sort(([a], [b]) => a - b))}`);
  calm = true;
  // The last deeds may have ended connections of which the transport has not heard: calls on them would be lost for good reason.
  await untilQuiet(() => proxy.connections + proxy.open);
  t.equal(await transport.ready(30_000), true);
  // Both connections to their last place, again and again.
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 20 }, () =>
      transport.open('/test.Chaos/Calm', { metadata: [], signal: neverAborted() }),
    );
    const statuses = await Promise.all(
      calls.map(async (call) => {
        call.halfClose();
        await readToEnd(call);
        return call.status;
      }),
    );
    t.same(
      statuses.map(({ code, message }) => (code === 0 ? 0 : message)),
      calls.map(() => 0),
    );
  }
  await transport.close();
  await proxy.empty();
  t.equal(proxy.open, 0, 'no socket is left');
  t.equal(memory.takenBytes, 0, 'no memory is left that no collection finds');
});
