import fc from 'fast-check';
import t from 'tap';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { frame } from '../peer.js';
import { frameOf, head, literals, numbers, okTrailers, setting } from './frames.js';
import { ask, openRawPeer, until } from './raw-peer.js';

/** More in the long run: see test/soak. */
const runs = Number(process.env.SLUICE_FUZZ_RUNS ?? 300);

type Make = (id: number) => Buffer;

const good: Make[] = [
  (id) => frameOf(1, 4, id, head),
  (id) => frameOf(0, 0, id, frame('m')),
  (id) => frameOf(1, 5, id, okTrailers),
];

/** Frames that fit somewhere, and frames that do not. */
const pieces = fc.oneof(
  fc.constantFrom<Make>(
    ...good,
    (id) => frameOf(0, 1, id, frame('end')),
    (id) => frameOf(0, 0, id, frame('half').subarray(0, 6)),
    (id) => frameOf(0, 8, id, Buffer.from([1, 0, 0])),
    (id) => frameOf(1, 0, id, head.subarray(0, 4)),
    (id) => frameOf(9, 4, id, head.subarray(4)),
    (id) => frameOf(3, 0, id, numbers(7)),
    (id) => frameOf(3, 0, id, numbers(0)),
    () => frameOf(4, 0, 0, setting(4, 0)),
    () => frameOf(4, 0, 0, setting(3, 1)),
    () => frameOf(4, 1, 0),
    () => frameOf(6, 0, 0, Buffer.alloc(8)),
    () => frameOf(6, 1, 0, Buffer.alloc(8)),
    (id) => frameOf(7, 0, 0, numbers(id, 0)),
    (id) => frameOf(7, 0, 0, numbers(id - 1, 0)),
    () => frameOf(7, 0, 0, numbers(0, 11)),
    (id) => frameOf(8, 0, id, numbers(1_000)),
    () => frameOf(8, 0, 0, numbers(1_000)),
    (id) => frameOf(1, 5, id, literals(['grpc-status', '7'])),
    (id) => frameOf(1, 4, id, Buffer.from([0xbe])),
  ),
  fc
    .tuple(fc.nat({ max: 12 }), fc.nat({ max: 255 }), fc.nat({ max: 4 }), fc.uint8Array({ maxLength: 40 }))
    .map(
      ([type, flags, offset, payload]): Make =>
        (id) =>
          frameOf(type, flags, Math.max(0, id - 2 + offset), payload),
    ),
);
const answer = fc.record({
  pieces: fc.array(pieces, { maxLength: 8 }),
  /** Where a byte is made another one. */
  flips: fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 2 }),
  cut: fc.nat({ max: 400 }),
  ends: fc.boolean(),
});

t.test('whatever bytes a peer sends, every call ends and nothing is left of its connection', async (t) => {
  let given: { pieces: Make[]; flips: [number, number][]; cut: number; ends: boolean };
  const { target, sockets } = await openRawPeer(t, (socket, id) => {
    const { pieces, flips, cut, ends } = given;
    const bytes = Buffer.concat(pieces.map((make) => make(id)));
    for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
    socket.write(bytes.subarray(0, cut));
    setImmediate(() => {
      if (socket.destroyed) return;
      socket.write(bytes.subarray(cut));
      if (ends) socket.end();
    });
  });
  await fc.assert(
    fc.asyncProperty(answer, async (one) => {
      given = one as typeof given;
      const transport = openHttp2Transport({ target, maxConnections: 2 });
      await Promise.all([ask(transport, 30), ask(transport, 30)]);
      await transport.close();
      await until(() => sockets.size === 0);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  t.pass(`${runs} answers`);
});
