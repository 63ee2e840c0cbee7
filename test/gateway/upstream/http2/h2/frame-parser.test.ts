import fc from 'fast-check';
import t from 'tap';
import { ConnectionError } from '../../../../../gateway/upstream/http2/h2/codes.js';
import { FrameParser } from '../../../../../gateway/upstream/http2/h2/frame-parser.js';
import { FrameWriter } from '../../../../../gateway/upstream/http2/h2/frame-writer.js';
import { frameOf } from './frames.js';

/** What a parser makes of chunks: one line a frame, data put together. */
function parse(chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  let data = '';
  const parser = new FrameParser({
    onDataFrame: (id, length) => {
      data = `data ${id} ${length} `;
    },
    onDataBytes: (_id, bytes, start, end) => {
      data += bytes.toString('hex', start, end);
    },
    onDataEnd: (_id, endStream) => seen.push(`${data} ${endStream}`),
    onFrame: (type, flags, id, payload) =>
      seen.push(`${type} ${flags} ${id} ${Buffer.from(payload).toString('hex')}`),
  });
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  return seen;
}

/** Bytes, cut at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const payload = fc.uint8Array({ maxLength: 300 });
const anyFrame = fc.oneof(
  fc.record({
    type: fc.constant(0),
    id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    end: fc.boolean(),
    payload,
    padding: fc.option(fc.nat({ max: 255 })),
  }),
  fc.record({
    type: fc.integer({ min: 1, max: 255 }),
    id: fc.nat({ max: 2 ** 31 - 1 }),
    flags: fc.nat({ max: 255 }),
    payload,
  }),
);

t.test('frames come out as they went in, wherever the bytes are cut', async (t) => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(fc.nat({ max: 5_000 }), { maxLength: 40 }),
      (frames, places) => {
        const expected: string[] = [];
        const bytes = frames.map((frame) => {
          const text = Buffer.from(frame.payload).toString('hex');
          if (!('end' in frame)) {
            expected.push(`${frame.type} ${frame.flags} ${frame.id} ${text}`);
            return frameOf(frame.type, frame.flags, frame.id, frame.payload);
          }
          const padded =
            frame.padding === null
              ? frame.payload
              : Buffer.concat([Buffer.from([frame.padding]), frame.payload, Buffer.alloc(frame.padding)]);
          expected.push(`data ${frame.id} ${padded.length} ${text} ${frame.end}`);
          return frameOf(0, (frame.end ? 1 : 0) | (frame.padding === null ? 0 : 8), frame.id, padded);
        });
        return JSON.stringify(parse(cut(Buffer.concat(bytes), places))) === JSON.stringify(expected);
      },
    ),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('frames that are too large, or have more padding than bytes, are refused', async (t) => {
  const large = (type: number, length: number) => {
    const bytes = frameOf(type, 0, 1);
    bytes.writeUIntBE(length, 0, 3);
    return bytes;
  };
  t.throws(() => parse([large(0, 1024 * 1024 + 1)]), ConnectionError);
  t.throws(() => parse([large(1, 16_385)]), ConnectionError);
  t.throws(() => parse([frameOf(0, 8, 1)]), ConnectionError);
  t.throws(() => parse([frameOf(0, 8, 1, Buffer.from([1]))]), ConnectionError);
  t.throws(() => parse([frameOf(0, 8, 1, Buffer.from([3, 0, 0]))]), ConnectionError);
});

t.test('what is written is what is parsed, large payloads without a copy', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 20_000 }), fc.boolean()), { maxLength: 30 }), (payloads) => {
      const writer = new FrameWriter();
      const chunks: Uint8Array[] = [];
      const expected: string[] = [];
      for (const [index, [size, takes]] of payloads.entries()) {
        const bytes = Buffer.alloc(size, index);
        const cut = Math.floor(bytes.length / 3);
        writer.data(2 * index + 1, 0, bytes.length);
        writer.piece(bytes.subarray(0, cut));
        writer.piece(bytes.subarray(cut));
        expected.push(`data ${2 * index + 1} ${size} ${bytes.toString('hex')} false`);
        writer.numbers(8, index, size);
        expected.push(`8 0 ${index} ${size.toString(16).padStart(8, '0')}`);
        if (takes) chunks.push(...writer.take());
      }
      chunks.push(...writer.take());
      if (writer.bytes !== 0) return false;
      return JSON.stringify(parse(chunks)) === JSON.stringify(expected);
    }),
    { numRuns: 200 },
  );
  t.pass();
});
