import fc from 'fast-check';
import t from 'tap';
import { Deframer, frameBatch } from '../../../../gateway/upstream/http2/framing.js';

/** Everything that comes out when the bytes arrive cut at these places, asked for as they come or at the end. */
function deframe(bytes: Uint8Array, cuts: readonly number[], late: boolean): Uint8Array[] {
  const deframer = new Deframer(1_000_000);
  const messages: Uint8Array[] = [];
  const drain = (): void => {
    for (let message = deframer.next(); message; message = deframer.next()) messages.push(message);
  };
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    // A copy: a real chunk is not followed by the next one's bytes.
    deframer.push(bytes.slice(from, to));
    from = to;
    if (!late) drain();
  }
  drain();
  if (!deframer.isDry || deframer.isMidMessage || deframer.gatheredBytes > 0)
    throw new Error('something is left');
  return messages;
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

t.test('a message within a chunk is a view, one that spans is a copy', async (t) => {
  const chunk = Buffer.concat(frameBatch([Buffer.from('whole'), Buffer.from('spans')]));
  const deframer = new Deframer(100);
  deframer.push(chunk.subarray(0, 17));
  t.equal(deframer.next()?.buffer, chunk.buffer);
  t.equal(deframer.next(), undefined);
  t.equal(deframer.gatheredBytes, 2);
  t.equal(deframer.isMidMessage, true);
  deframer.push(chunk.subarray(17));
  const spans = deframer.next();
  t.equal(Buffer.from(spans ?? []).toString(), 'spans');
  t.not(spans?.buffer, chunk.buffer);
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
