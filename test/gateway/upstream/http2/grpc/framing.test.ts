import fc from 'fast-check';
import t from 'tap';
import { Deframer } from '../../../../../gateway/upstream/http2/grpc/deframer.js';
import { frameBatch } from '../../../../../gateway/upstream/http2/grpc/framing.js';

/** Everything that comes out when the bytes arrive cut at these places, asked for as they come or at the end. */
function deframe(bytes: Uint8Array, cuts: readonly number[], late: boolean): Uint8Array[] {
  const deframer = new Deframer(1_000_000);
  const messages: Uint8Array[] = [];
  const shared = new Uint8Array(bytes.length);
  const drain = (): void => {
    for (let message = deframer.next(); message; message = deframer.next()) messages.push(message);
  };
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    // As a connection does it: one buffer for all reads.
    shared.fill(0xff).set(bytes.subarray(from, to));
    deframer.push(shared.subarray(0, to - from), from % 2 === 0);
    from = to;
    if (!late) drain();
    deframer.keep();
  }
  shared.fill(0xff);
  drain();
  if (!deframer.isEmpty || deframer.isMidMessage || deframer.gatheredBytes > 0)
    throw new Error('something is left');
  return messages;
}

/** A message in pieces, cut at these places between 0 and 1; some may be empty. */
function cutUp(message: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => Math.floor(place * message.length)).sort((a, b) => a - b);
  return [0, ...ends].map((start, n) => message.subarray(start, ends[n] ?? message.length));
}

t.test('any messages cut in any way are the same messages', async () => {
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.nat(70_000).map((size) => new Uint8Array(size).fill(size)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 20 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.boolean(),
      (messages, places, late) => {
        const bytes = Buffer.concat(messages.length > 0 ? frameBatch(messages) : []);
        const inPieces = messages.map((one, n) => (n % 2 === 0 ? one : cutUp(one, places)));
        if (messages.length > 0 && !bytes.equals(Buffer.concat(frameBatch(inPieces)))) return false;
        const cuts = places.map((place) => Math.floor(place * bytes.length));
        const got = deframe(bytes, cuts, late);
        return (
          got.length === messages.length &&
          got.every((one, n) => Buffer.compare(one, messages[n] as Uint8Array) === 0)
        );
      },
    ),
    { numRuns: 300 },
  );
});

t.test('every single cut, and every byte alone', async (t) => {
  const messages = ['', 'a', 'bc', '', 'def'].map((text) => Buffer.from(text));
  const bytes = Buffer.concat(frameBatch(messages));
  const same = (got: Uint8Array[]) => got.map((one) => Buffer.from(one).toString()).join('|');
  for (let cut = 0; cut <= bytes.length; cut++) t.equal(same(deframe(bytes, [cut], false)), '|a|bc||def');
  t.equal(same(deframe(bytes, [...bytes.keys()], false)), '|a|bc||def');
  t.equal(same(deframe(bytes, [...bytes.keys()], true)), '|a|bc||def');
});

t.test(
  'messages that come together are views of one copy, one that spans chunks is a copy of its own',
  async (t) => {
    const chunk = Buffer.concat(frameBatch([Buffer.from('one'), Buffer.from('two'), Buffer.from('spans')]));
    const deframer = new Deframer(100);
    deframer.push(chunk.subarray(0, 23));
    const [one, two] = [deframer.next(), deframer.next()];
    t.equal(one?.buffer, two?.buffer);
    t.not(one?.buffer, chunk.buffer);
    t.equal(deframer.next(), undefined);
    t.equal(deframer.gatheredBytes, 2);
    t.equal(deframer.isMidMessage, true);
    deframer.keep();
    deframer.push(chunk.subarray(23));
    const spans = deframer.next();
    t.equal(Buffer.from(spans ?? []).toString(), 'spans');
    t.equal(spans?.buffer.byteLength, 5);
  },
);

t.test('thousands of small frames for a reader that is away are a few pieces of memory', async (t) => {
  const deframer = new Deframer(100);
  const frame = Buffer.concat(frameBatch([Buffer.alloc(40, 7)]));
  for (let n = 0; n < 5_000; n++) {
    deframer.push(frame);
    deframer.keep();
  }
  const buffers = new Set<ArrayBufferLike>();
  let count = 0;
  for (let message = deframer.next(); message; message = deframer.next()) {
    count += Number(message.length === 40 && message.every((byte) => byte === 7));
    buffers.add(message.buffer);
  }
  t.equal(count, 5_000);
  const bytes = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  t.ok(buffers.size < 25 && bytes < 5_000 * 45 + 32 * 1024, `${buffers.size} of ${bytes} bytes together`);
});

t.test('small batches are one buffer, large ones are handed over uncopied', async (t) => {
  t.equal(frameBatch([Buffer.from('a'), Buffer.from('b')]).length, 1);
  const large = Buffer.alloc(40_000, 1);
  const buffers = frameBatch([Buffer.from('a'), large]);
  t.equal(buffers.length, 4);
  t.equal(buffers[3]?.buffer, large.buffer);
  t.same(buffers[2], Buffer.from([0, 0, 0, 0x9c, 0x40]));
});

t.test('a length is checked before anything is gathered, an unknown flag is refused', async (t) => {
  for (const [bytes, message] of [
    [[0, 0xff, 0xff, 0xff, 0xff], /4294967295 bytes/],
    [[0, 0, 0, 0, 101], /101 bytes, the limit is 100/],
    [[3, 0, 0, 0, 0], /unknown flag 3/],
  ] as const) {
    const deframer = new Deframer(100);
    deframer.push(Uint8Array.from(bytes));
    t.throws(() => deframer.next(), message);
    t.equal(deframer.gatheredBytes, 0);
  }
});
