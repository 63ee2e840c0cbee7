import type { Writable } from 'node:stream';
import t from 'tap';
import * as ws from 'ws';
import { ByteWriter } from '../../../../gateway/codec/index.js';
import { writeBinaryFrame, writeTextFrame } from '../../../../gateway/surfaces/socket/socket-frames.js';

// The types leave it out.
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

t.test('frames of every length are what a WebSocket client reads, one behind the other', async (t) => {
  const sizes = [0, 1, 125, 126, 127, 5_000, 65_535, 65_536, 200_000];
  const out = new ByteWriter();
  const codec = {
    writeJson: (bytes: Uint8Array, start: number, end: number, into: ByteWriter) =>
      into.part(bytes, start, end),
    fromJson: () => new Uint8Array(0),
    assertWire: () => undefined,
  };
  for (const [index, size] of sizes.entries()) {
    const message = Buffer.alloc(size, 97 + index);
    const bytes = Buffer.concat([Buffer.from('before'), message, Buffer.from('after')]);
    writeTextFrame(bytes, 6, 6 + size, codec, out);
    writeBinaryFrame(bytes, 6, 6 + size, out);
  }
  const received: [string, boolean][] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data: Buffer, isBinary: boolean) => received.push([data.toString(), isBinary]));
  await new Promise<void>((resolve, reject) => {
    receiver.on('error', reject);
    receiver.end(out.take(), () => resolve());
  });
  t.same(
    received,
    sizes.flatMap((size, index) => {
      const text = String.fromCharCode(97 + index).repeat(size);
      return [
        [text, false],
        [text, true],
      ];
    }),
  );
});
