import t from 'tap';
import { WebFrames } from '../../../bin/call/web-frames.js';

function frame(flag: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

t.test('frames are found wherever the body is cut', async (t) => {
  const messages = [0, 1, 5, 300, 4, 70_000].map((length, index) => Buffer.alloc(length, index));
  const trailers = Buffer.from('grpc-status: 5\r\nGrpc-Message:no%20way\r\n\r\nx-bin: AA\r\n');
  const body = Buffer.concat([...messages.map((bytes) => frame(0, bytes)), frame(0x80, trailers)]);
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (const most of [1, 7, 1_000, body.length]) {
    const frames = new WebFrames(100_000);
    const found: Buffer[] = [];
    for (let at = 0; at < body.length; ) {
      const end = Math.min(body.length, at + 1 + random(most));
      frames.push(body.subarray(at, end));
      at = end;
      for (const message of frames.take()) found.push(Buffer.from(message));
    }
    t.same(found, messages, `pieces of at most ${most}`);
    t.same(frames.trailers, ['grpc-status', '5', 'grpc-message', 'no%20way', 'x-bin', 'AA']);
  }
});

t.test('what is no gRPC-Web, and what is too large, is refused before memory is taken for it', async (t) => {
  const wrong = new WebFrames(10);
  wrong.push(Buffer.from('<html>'));
  t.throws(() => wrong.take(), { message: /flag 60/ } as never);
  const large = new WebFrames(10);
  large.push(frame(0, Buffer.alloc(11)).subarray(0, 5));
  t.throws(() => large.take(), { message: 'a frame has 11 bytes, the limit is 10' } as never);
  const endless = new WebFrames(10);
  endless.push(Buffer.from([0x80, 0xff, 0xff, 0xff, 0xff]));
  t.throws(() => endless.take(), { message: /the limit is 262144/ } as never);
});
