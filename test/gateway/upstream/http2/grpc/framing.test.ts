import fc from 'fast-check';
import t from 'tap';
import { frameBatch } from '../../../../../gateway/upstream/http2/grpc/framing.js';

/** A message in pieces, cut at these places between 0 and 1; some may be empty. */
function cutUp(message: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => Math.floor(place * message.length)).sort((a, b) => a - b);
  return [0, ...ends].map((start, n) => message.subarray(start, ends[n] ?? message.length));
}

t.test('messages in pieces are framed like whole ones', async () => {
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.nat(70_000).map((size) => new Uint8Array(size).fill(size)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 20 }),
      // Not `fc.double`, of which nearly all are next to 0.
      fc.array(fc.nat(10_000).map((n) => n / 10_000)),
      (messages, places) => {
        const inPieces = messages.map((one, n) => (n % 2 === 0 ? one : cutUp(one, places)));
        const expected = messages.flatMap((one) => {
          const prefix = Buffer.alloc(5);
          prefix.writeUInt32BE(one.length, 1);
          return [prefix, one];
        });
        return [messages, inPieces].every((batch) =>
          Buffer.concat(frameBatch(batch)).equals(Buffer.concat(expected)),
        );
      },
    ),
    { numRuns: 300 },
  );
});

t.test('small batches are one buffer, large ones are handed over uncopied', async (t) => {
  t.equal(frameBatch([Buffer.from('a'), Buffer.from('b')]).length, 1);
  const large = Buffer.alloc(40_000, 1);
  const buffers = frameBatch([Buffer.from('a'), large]);
  t.equal(buffers.length, 4);
  t.equal(buffers[3]?.buffer, large.buffer);
  t.same(buffers[2], Buffer.from([0, 0, 0, 0x9c, 0x40]));
});

t.test('of a large batch the small messages are joined', async (t) => {
  const small = Array.from({ length: 1_000 }, (_, n) => Buffer.alloc(100, n));
  const large = Buffer.alloc(40_000, 1);
  const buffers = frameBatch([...small, large, ...small]);
  t.equal(buffers.length, 4 + 2 + 4);
  t.ok(buffers.every(({ length }) => length <= 32 * 1024 || length === large.length));
});

t.test('what stands in front of large data leaves with its prefix, and the data uncopied', async (t) => {
  const large = Buffer.alloc(64 * 1024, 1);
  const buffers = frameBatch([
    [Buffer.from('head'), large],
    [Buffer.from('head'), large, large],
  ]);
  t.same(
    buffers.map(({ length }) => length),
    [9, large.length, 9, large.length, large.length],
  );
  t.ok(buffers.every((buffer) => buffer.length === 9 || buffer.buffer === large.buffer));
});
