import fc from 'fast-check';
import t from 'tap';
import { decodeGrpcMessage } from '../../../../../gateway/upstream/http2/grpc/grpc-message.js';

t.test('whatever is encoded comes back, also where more is escaped than needed', async () => {
  const encode = (text: string, all: boolean) =>
    [...Buffer.from(text)]
      .map((byte) =>
        all || byte < 0x20 || byte > 0x7e || byte === 0x25
          ? `%${byte.toString(16).padStart(2, '0')}`
          : String.fromCharCode(byte),
      )
      .join('');
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      (text, all) => decodeGrpcMessage(encode(text, all)) === text,
    ),
  );
});

t.test('what is no escape stays, what is no UTF-8 is replaced', async (t) => {
  for (const [given, wanted] of [
    ['100%', '100%'],
    ['%', '%'],
    ['%4', '%4'],
    ['%zz%41', '%zzA'],
    ['%ff', '\ufffd'],
    ['a+b%20c%2Fd', 'a+b c/d'],
    ['', ''],
  ] as const) {
    t.equal(decodeGrpcMessage(given), wanted);
  }
});
