import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Base64Reader } from '../../../../gateway/surfaces/grpc/base64-text.js';
import { FrameReader } from '../../../../gateway/surfaces/rpc/index.js';
import { frame, frameHead } from '../../../support/grpc-frames.js';

const RUNS = Number(process.env.SLUICE_RUNS ?? 500);
const MAX = 300;

/** Bytes cut into pieces at these places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const ends = [...places, bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function readAll(reader: FrameReader, parts: readonly Buffer[]): string[] {
  const seen: string[] = [];
  for (const part of parts) {
    reader.push(part);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      seen.push(`${next.isCompressed ? 'z' : ''}${Buffer.from(next.bytes).toString('hex')}`);
    }
  }
  return seen;
}

/** Asserts it; what fails is printed with its seed. */
function holds<Values>(t: Test, property: fc.IProperty<Values>): void {
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS }));
}

const message = fc.uint8Array({ maxLength: MAX });
const cuts = fc.array(fc.nat(), { maxLength: 40 });

t.test('frames are found wherever their bytes are cut, and nothing is held behind the last', async (t) => {
  holds(
    t,
    fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 8 }), cuts, (messages, at) => {
      const body = Buffer.concat(messages.map(([bytes, isCompressed]) => frame(bytes, isCompressed ? 1 : 0)));
      const reader = new FrameReader(MAX);
      const wanted = messages.map(([bytes, z]) => `${z ? 'z' : ''}${Buffer.from(bytes).toString('hex')}`);
      assert.deepEqual(readAll(reader, pieces(body, at)), wanted);
      assert.equal(reader.heldBytes, 0);
      reader.end();
    }),
  );
});

t.test('a body that ends in the middle of a frame is refused, and holds no more than it has', async (t) => {
  holds(
    t,
    fc.property(message, fc.nat(), cuts, (bytes, place, at) => {
      const whole = frame(bytes);
      const part = whole.subarray(0, 1 + (place % (whole.length - 1)));
      const reader = new FrameReader(MAX);
      assert.deepEqual(readAll(reader, pieces(part, at)), []);
      assert.equal(reader.heldBytes, part.length);
      assert.throws(() => reader.end(), { reason: 'INVALID_MESSAGE' });
    }),
  );
});

t.test('a length beyond the limit and an unknown flag are refused by the head alone', async (t) => {
  holds(
    t,
    fc.property(fc.integer({ min: MAX + 1, max: 2 ** 32 - 1 }), cuts, (length, at) => {
      assert.throws(() => readAll(new FrameReader(MAX), pieces(frameHead(length), at)), {
        reason: 'MESSAGE_TOO_LARGE',
      });
    }),
  );
  for (let flag = 2; flag < 256; flag += 1) {
    assert.throws(() => readAll(new FrameReader(MAX), [frameHead(0, flag)]), { reason: 'INVALID_MESSAGE' });
  }
});

t.test('base64 is read wherever it is cut, and padded anywhere on a group', async (t) => {
  holds(
    t,
    fc.property(fc.array(message, { maxLength: 6 }), cuts, (parts, at) => {
      const text = Buffer.from(parts.map((part) => Buffer.from(part).toString('base64')).join(''), 'latin1');
      const body = new Base64Reader();
      const decoded = Buffer.concat(pieces(text, at).map((piece) => body.decode(piece)));
      body.end();
      assert.deepEqual(decoded, Buffer.concat(parts));
    }),
  );
  for (const bad of ['AA=A', '====', 'A A=', 'AAA', 'AA=', 'ÄÄÄÄ', 'AAAA-_==']) {
    const body = new Base64Reader();
    assert.throws(
      () => {
        body.decode(Buffer.from(bad, 'latin1'));
        body.end();
      },
      { reason: 'INVALID_MESSAGE' },
      bad,
    );
  }
});
