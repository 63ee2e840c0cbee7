import fc from 'fast-check';
import t from 'tap';
import { FrameTracker } from '../../../../gateway/surfaces/socket/frame-tracker.js';

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly bytes: number;
}

/** A client's frame: masked, with a mask that changes nothing. */
function frame({ opcode, isLast, bytes }: Frame): Buffer {
  const first = opcode | (isLast ? 0x80 : 0);
  if (bytes < 126) return Buffer.from([first, 0x80 | bytes, 0, 0, 0, 0, ...new Uint8Array(bytes)]);
  const header = Buffer.alloc(bytes < 65_536 ? 8 : 14);
  header[0] = first;
  header[1] = 0x80 | (bytes < 65_536 ? 126 : 127);
  if (bytes < 65_536) header.writeUInt16BE(bytes, 2);
  else header.writeBigUInt64BE(BigInt(bytes), 2);
  return Buffer.concat([header, Buffer.alloc(bytes)]);
}

const TEXT = 1;
const CONTINUATION = 0;
const PONG = 10;

t.test('it knows after each byte whether a message has begun, however the bytes are cut', async () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(125, 126, 65_535, 65_536));
  const message = fc.array(
    fc.record({ bytes: size, pongs: fc.array(fc.integer({ min: 0, max: 125 }), { maxLength: 2 }) }),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
      (messages, cuts) => {
        const frames: { bytes: Buffer; whole: number; isOpen: boolean }[] = [];
        let whole = 0;
        for (const parts of messages) {
          for (const [index, { bytes, pongs }] of parts.entries()) {
            const isLast = index === parts.length - 1;
            if (isLast) whole += 1;
            const opcode = index === 0 ? TEXT : CONTINUATION;
            frames.push({ bytes: frame({ opcode, isLast, bytes }), whole, isOpen: !isLast });
            for (const length of pongs) {
              const pong = frame({ opcode: PONG, isLast: true, bytes: length });
              frames.push({ bytes: pong, whole, isOpen: !isLast });
            }
          }
        }
        const all = Buffer.concat(frames.map(({ bytes }) => bytes));
        const tracker = new FrameTracker();
        let at = 0;
        for (let n = 0; at < all.length; n += 1) {
          // Small at first, so that headers are cut everywhere; then large, so that it ends.
          const size = n < 200 ? (cuts[n % cuts.length] as number) : 65_536;
          tracker.push(all.subarray(at, at + size));
          at = Math.min(all.length, at + size);
          let end = 0;
          let expected = { whole: 0, isOpen: false };
          let isInside = false;
          for (const { bytes, ...state } of frames) {
            isInside = at > end && at < end + bytes.length;
            end += bytes.length;
            if (end <= at) expected = state;
            if (end >= at) break;
          }
          if (tracker.messages !== expected.whole) return false;
          if (tracker.isMidMessage !== (expected.isOpen || isInside)) return false;
        }
        return true;
      },
    ),
    { numRuns: 300 },
  );
});

t.test('a header that comes byte by byte', async (t) => {
  const tracker = new FrameTracker();
  const bytes = frame({ opcode: TEXT, isLast: true, bytes: 70_000 });
  for (const byte of bytes.subarray(0, 14)) {
    tracker.push(Uint8Array.of(byte));
    t.ok(tracker.isMidMessage);
  }
  tracker.push(bytes.subarray(14));
  t.notOk(tracker.isMidMessage);
  t.equal(tracker.messages, 1);
});
