import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import type { SendBatch } from '../../../../../gateway/upstream/index.js';
import { neverAborted } from '../../contract/subject.js';
import { frameOf, head, numbers, okTrailers, setting } from '../h2/frames.js';
import { openRawPeer, until } from '../h2/raw-peer.js';

const KIB = 1024;
const PREFIX_BYTES = 5;

/** As Node's parser of HTTP makes them: all of their buffer. */
const piece = (bytes: number): Uint8Array => new Uint8Array(new Uint8Array(randomBytes(bytes)).buffer);

for (const [name, windowBytes, answersFirst] of [
  ['a service with a window of 64 MiB', 64 * 1024 * KIB, false],
  ['a service with a window of 1 MiB', 1024 * KIB, false],
  ['a service with a window of 64 KiB', 65_535, false],
  ['a service that answers before it is asked', 1024 * KIB, true],
] as const) {
  t.test(`${name} gets 16 MiB whole`, async (t) => {
    let streamId = 0;
    const { transport, frames, sockets } = await openRawPeer(
      t,
      (socket, id) => {
        streamId = id;
        if (answersFirst) socket.write(frameOf(1, 4, id, head));
      },
      Buffer.concat([frameOf(4, 0, 0, setting(4, windowBytes)), frameOf(8, 0, 0, numbers(64 * 1024 * KIB))]),
    );
    const call = transport.open('/test.Raw/Up', {
      metadata: [],
      signal: neverAborted(),
      deadline: Date.now() + 60_000,
    });
    await until(() => sockets.size > 0);
    const [socket] = sockets;
    // Gives back what it was sent, frame by frame.
    let seen = 0;
    const timer = setInterval(() => {
      for (; seen < frames.length; seen += 1) {
        const { type, payload } = frames[seen] ?? { type: -1, payload: Buffer.alloc(0) };
        if (type === 0 && payload.length > 0) socket?.write(frameOf(8, 0, streamId, numbers(payload.length)));
      }
    }, 1);
    t.teardown(() => clearInterval(timer));
    const expected = createHash('sha256');
    const large: Uint8Array[] = [];
    for (let sent = 0; sent < 16 * 1024 * KIB; ) {
      const batch: SendBatch[number][] = [];
      for (const sizes of [[64 * KIB], [20 * KIB, 9_000], [10], [64 * KIB, 64 * KIB]]) {
        const message = sizes.map(piece);
        const bytes = sizes.reduce((sum, size) => sum + size, 0);
        const prefix = Buffer.alloc(PREFIX_BYTES);
        prefix.writeUInt32BE(bytes, 1);
        expected.update(prefix);
        for (const part of message) expected.update(part);
        for (const part of message) if (part.length === 64 * KIB) large.push(part);
        batch.push(message.length === 1 ? (message[0] as Uint8Array) : message);
        sent += bytes;
      }
      t.equal(await call.write(batch), true);
    }
    call.halfClose();
    await until(() => frames.some(({ type, flags }) => type === 0 && (flags & 1) !== 0));
    const received = createHash('sha256');
    for (const { type, payload } of frames) if (type === 0) received.update(payload);
    t.equal(received.digest('hex'), expected.digest('hex'));
    t.ok(
      large.some(({ length }) => length === 0),
      'what the socket took at once is given back',
    );
    socket?.write(
      Buffer.concat([
        answersFirst ? Buffer.alloc(0) : frameOf(1, 4, streamId, head),
        frameOf(1, 5, streamId, okTrailers),
      ]),
    );
    t.match(await call.status, { code: 0 });
  });
}
