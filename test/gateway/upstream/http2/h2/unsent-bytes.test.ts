import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import { CROWD_BYTES, memory } from '../../../../../gateway/memory/index.js';
import { FrameWriter } from '../../../../../gateway/upstream/http2/h2/frame-writer.js';
import { SendQueue } from '../../../../../gateway/upstream/http2/h2/send-queue.js';
import {
  ClientStream,
  type StreamHandler,
  type StreamHost,
} from '../../../../../gateway/upstream/http2/h2/stream.js';
import { UnsentBytes } from '../../../../../gateway/upstream/http2/h2/unsent-bytes.js';

const KIB = 1024;
const FRAME_BYTES = 16 * KIB;

/** Bytes that are all of their buffer, as Node's parser of HTTP makes them. */
const whole = (bytes: number): Uint8Array => new Uint8Array(new Uint8Array(bytes).fill(bytes).buffer);

function openQueue(takes: () => boolean) {
  const sizes: number[] = [];
  const waiting: (() => void)[] = [];
  const take = (bytes: number, done: () => void) => {
    sizes.push(bytes);
    if (takes()) done();
    else waiting.push(done);
  };
  const socket = new Duplex({
    read() {},
    highWaterMark: 64 * KIB,
    write: (bytes: Buffer, _encoding, done) => take(bytes.length, done),
    writev: (pieces, done) =>
      take(
        pieces.reduce((sum, { chunk }) => sum + (chunk as Buffer).length, 0),
        done,
      ),
  });
  const writer = new FrameWriter();
  const queue = new SendQueue(socket as unknown as Socket, writer);
  queue.widen(1024 * 1024 * KIB);
  let roomy = 0;
  const onRoom = () => {
    roomy += 1;
  };
  const handler = { onRoom, onClosed() {} } as unknown as StreamHandler;
  const streams: ClientStream[] = [];
  const host = {
    writer,
    peerFrameBytes: FRAME_BYTES,
    schedule: (stream: ClientStream) => queue.add(stream),
    flushLater: () => queue.flushLater(),
    forget: (stream: ClientStream) => queue.delete(stream),
  } as unknown as StreamHost;
  let id = 1;
  return {
    queue,
    sizes,
    roomy: () => roomy,
    /** The socket has taken what waited. */
    drain: () => {
      for (const done of waiting.splice(0)) done();
    },
    stream: (send: number) => {
      const stream = new ClientStream(id, handler, host, { send, receive: 64 * KIB });
      id += 2;
      streams.push(stream);
      return stream;
    },
    close: () => {
      for (const stream of streams) stream.reset(0);
      queue.stop();
      socket.destroy();
    },
  };
}

t.test(
  'memory that was given is given back when it has left, and not before; what was lent stays',
  async (t) => {
    let takes = true;
    const { queue, stream: open, drain, close } = openQueue(() => takes);
    t.teardown(close);
    const stream = open(100 * KIB);
    const lent = whole(30 * KIB);
    const given = [whole(60 * KIB), whole(40 * KIB)] as const;
    const part = whole(50 * KIB).subarray(0, 40 * KIB);
    const small = whole(32 * KIB);
    stream.write(lent);
    for (const bytes of given) stream.write(bytes, true);
    stream.write(part, true);
    stream.write(small, true);
    queue.flush();
    t.equal(given[0].length, 0, 'it is empty: it has left');
    t.equal(given[1].length, 40 * KIB, 'a part of it waits for the window');
    stream.widen(1024 * KIB);
    queue.flush();
    t.equal(given[1].length, 0);
    t.equal(lent.length, 30 * KIB, 'others may look at it');
    t.equal(part.length, 40 * KIB, 'others may have the rest of its buffer');
    t.equal(small.length, 32 * KIB, 'it is too small to be worth it');
    takes = false;
    const late = whole(40 * KIB);
    stream.write(late, true);
    queue.flush();
    t.equal(late.length, 40 * KIB, 'it waits in the socket');
    drain();
    takes = true;
    stream.write(whole(10 * KIB), true);
    queue.flush();
    t.equal(late.length, 40 * KIB, 'and is left to the collector');
  },
);

t.test(
  'whatever is given and lent, in whatever frames it leaves, all bytes leave in their order',
  async () => {
    const step = fc.record({
      size: fc.constantFrom(1, 5, 100, 4_096, 4_097, 8_192, 16_384, 65_536),
      how: fc.constantFrom('given', 'lent', 'copied'),
      send: fc.nat(40_000),
    });
    const before = memory.ordinaryBytes;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const unsent = new UnsentBytes();
        const writer = new FrameWriter();
        const expected: Buffer[] = [];
        const sent: Buffer[] = [];
        const lent: [Uint8Array, Buffer][] = [];
        const send = (bytes: number) => {
          unsent.send(bytes, writer);
          for (const buffer of writer.take()) sent.push(Buffer.from(buffer));
          writer.reuse();
        };
        for (const { size, how, send: most } of steps) {
          const bytes = new Uint8Array(new Uint8Array(randomBytes(size)).buffer);
          const copy = Buffer.from(bytes);
          expected.push(copy);
          if (how === 'copied') unsent.copy(bytes);
          else unsent.add(bytes, how === 'given');
          if (how === 'copied') bytes.fill(0);
          if (how === 'lent') lent.push([bytes, copy]);
          send(Math.min(most, unsent.bytes));
        }
        send(unsent.bytes);
        return (
          Buffer.concat(sent).equals(Buffer.concat(expected)) &&
          lent.every(([bytes, copy]) => copy.equals(bytes))
        );
      }),
    );
    t.equal(memory.ordinaryBytes, before, 'and nothing of them is counted');
  },
);

t.test(
  'one stream fills writes of up to 1 MiB of a socket that takes all at once, others share 256 KiB',
  async (t) => {
    let takes = true;
    const { queue, sizes, stream: open, drain, close } = openQueue(() => takes);
    t.teardown(close);
    const stream = open(1024 * 1024 * KIB);
    const fill = (bytes: number) => {
      for (let given = 0; given < bytes; given += 64 * KIB) stream.write(whole(64 * KIB), true);
    };
    const most = () => {
      fill(2_048 * KIB);
      sizes.length = 0;
      queue.flush();
      return sizes[0] ?? 0;
    };
    const round = (bytes: number) => Math.round(bytes / (64 * KIB)) * 64;
    t.same([most(), most(), most(), most()].map(round), [256, 512, 1_024, 1_024]);
    takes = false;
    most();
    drain();
    t.equal(round(most()), 256, 'a socket that did not take all has few bytes that others would wait for');
  },
);

t.test(
  'a stream has room for what leaves at the end of the turn, and for 64 KiB where it does not',
  async (t) => {
    let takes = true;
    const { queue, roomy, stream: open, close } = openQueue(() => takes);
    t.teardown(close);
    /** How much it takes before it says that there is no room, in KiB. */
    const room = (stream: ClientStream): number => {
      for (let bytes = 8; ; bytes += 8) if (!stream.write(whole(8 * KIB), true)) return bytes;
    };
    const alone = open(1024 * KIB);
    t.equal(room(alone), 256, 'it is alone, and the socket takes 256 KiB at once');
    queue.flush();
    t.equal(roomy(), 1);
    t.equal(room(alone), 512, 'then more, and never more than 512 KiB');
    const other = open(1024 * KIB);
    t.equal(room(other), 64, 'another has something to send');
    for (let turn = 0; turn < 20; turn += 1) queue.flush();
    const closed = open(0);
    t.equal(room(closed), 64, 'the service takes nothing');
    takes = false;
    const late = open(1024 * KIB);
    late.write(whole(8 * KIB), true);
    queue.flush();
    t.equal(room(late), 64, 'the socket did not take all');
    memory.ordinaryBytes += CROWD_BYTES;
    t.equal(room(open(1024 * KIB)), 8, 'many clients stall');
    memory.ordinaryBytes -= CROWD_BYTES;
  },
);
