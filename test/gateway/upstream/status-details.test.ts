import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import t from 'tap';
import { parseRichStatus } from '../../../gateway/upstream/status-details.js';

/** google.rpc.Status by hand, its details by the library. */
function write(
  code: number,
  message: string,
  details: readonly { typeUrl: string; value: Uint8Array }[],
): Buffer {
  const varint = (value: number): Buffer => {
    const bytes: number[] = [];
    for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
    return Buffer.from([...bytes, value]);
  };
  const bytes = (tag: number, content: Uint8Array) =>
    Buffer.concat([Buffer.from([tag]), varint(content.length), content]);
  return Buffer.concat([
    Buffer.from([0x08]),
    varint(code),
    bytes(0x12, Buffer.from(message)),
    ...details.map((detail) => bytes(0x1a, toBinary(AnySchema, create(AnySchema, detail)))),
  ]);
}

const status = fc.record({
  code: fc.nat(0x7fffffff),
  message: fc.string({ unit: 'grapheme' }),
  details: fc.array(fc.record({ typeUrl: fc.string(), value: fc.uint8Array({ maxLength: 300 }) }), {
    maxLength: 4,
  }),
});

t.test('what is written is read', async () => {
  fc.assert(
    fc.property(status, ({ code, message, details }) => {
      const read = parseRichStatus(write(code, message, details));
      return (
        read?.code === code &&
        read.message === message &&
        read.details.length === details.length &&
        read.details.every(
          (detail, n) =>
            detail.typeUrl === details[n]?.typeUrl && Buffer.compare(detail.value, details[n].value) === 0,
        )
      );
    }),
  );
});

t.test('unknown fields are skipped', async (t) => {
  const unknown = [0x20, 1, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x35, 1, 2, 3, 4, 0x3a, 1, 9];
  t.match(parseRichStatus(Uint8Array.from([...unknown, 0x08, 5])), { code: 5, message: '', details: [] });
});

t.test('hostile bytes are refused or read, never thrown over', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseRichStatus(bytes);
      return true;
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(
      status,
      fc.nat(10_000).map((n) => n / 10_000),
      ({ code, message, details }, place) => {
        const bytes = write(code, message, details);
        parseRichStatus(bytes.subarray(0, Math.floor(place * bytes.length)));
        return true;
      },
    ),
  );
});
