import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t from 'tap';
import { FrameParser } from '../../../../../gateway/upstream/http2/h2/frame-parser.js';
import { FrameWriter } from '../../../../../gateway/upstream/http2/h2/frame-writer.js';
import {
  type ClientStream,
  CommonFields,
  Http2Connection,
  type StreamHandler,
} from '../../../../../gateway/upstream/http2/h2/index.js';
import { SendQueue } from '../../../../../gateway/upstream/http2/h2/send-queue.js';
import { frameOf, head, okTrailers } from './frames.js';

const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;

const common = new CommonFields([[':path', '/test.Raw/Ask']]);

/** A connection to a peer that is not there: what is written is counted, what is read is given. */
function open() {
  const writes: string[][] = [];
  const onWrite: (() => void)[] = [];
  const record = (bytes: Buffer) => {
    const frames: string[] = [];
    const parser = new FrameParser({
      onDataFrame: () => {},
      onDataBytes: () => {},
      onDataEnd: (id, end) => frames.push(`${DATA}:${id}${end ? ' end' : ''}`),
      onFrame: (type, flags, id) =>
        frames.push(`${type}:${id}${type !== HEADERS && flags === 1 ? ' ack' : ''}`),
    });
    parser.push(bytes);
    writes.push(frames);
    for (const wake of onWrite.splice(0)) wake();
  };
  let isGreeting = true;
  const socket = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      if (!isGreeting) record(bytes);
      done();
    },
    writev(pieces, done) {
      if (!isGreeting) record(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)));
      done();
    },
  });
  const connection = new Http2Connection({
    socket: socket as unknown as Socket,
    windowBytes: 65_536,
    onSettings: () => {},
    onGoaway: () => {},
    onHeard: () => {},
    onClosed: () => {},
  });
  isGreeting = false;
  return {
    connection,
    writes,
    /** Resolves at the next write. */
    written: () => new Promise<void>((resolve) => onWrite.push(resolve)),
  };
}

/** Hears an answer and gives its bytes back. */
class Reader implements StreamHandler {
  ends = 0;
  stream: ClientStream | undefined;
  onHeaders(): void {}
  onData(_bytes: Buffer, start: number, end: number): void {
    this.stream?.credit(end - start);
  }
  onReadEnd(): void {}
  onTrailers(): void {}
  onEnd(): void {
    this.ends += 1;
  }
  onClosed(): void {}
  onRoom(): void {}
}

/** A call with its one request. Returns its number. */
function ask(connection: Http2Connection, reader: Reader): number {
  const stream = connection.request(common, [['x-call', '1']], reader);
  reader.stream = stream;
  stream.write(Buffer.from('request'));
  stream.end();
  return stream.id;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a call is one write, and so are all calls of a turn', async (t) => {
  const { connection, writes, written } = open();
  connection.receive(frameOf(SETTINGS, 0, 0));
  await written();
  t.same(writes.splice(0), [[`${SETTINGS}:0 ack`]], 'SETTINGS are answered at the end of the turn');
  const reader = new Reader();
  const id = ask(connection, reader);
  await turn();
  t.same(writes.splice(0), [[`${HEADERS}:${id}`, `${DATA}:${id} end`]]);
  const ids = Array.from({ length: 20 }, () => ask(connection, reader));
  await turn();
  t.equal(writes.length, 1);
  t.same(writes[0]?.slice().sort(), ids.flatMap((id) => [`${HEADERS}:${id}`, `${DATA}:${id} end`]).sort());
  connection.destroy();
});

t.test(
  'an answer costs no write: no window is opened for a stream that ends, and a PING is answered with the next call',
  async (t) => {
    const { connection, writes, written } = open();
    connection.receive(frameOf(SETTINGS, 0, 0));
    await written();
    writes.length = 0;
    const reader = new Reader();
    const calls = 50;
    for (let call = 1; call <= calls; call += 1) {
      const id = ask(connection, reader);
      await turn();
      // As grpc-go does: all of it in one segment. The data are read, and less than half of a window.
      connection.receive(
        Buffer.concat([
          frameOf(WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 7])),
          frameOf(PING, 0, 0, Buffer.alloc(8, call)),
          frameOf(HEADERS, 4, id, head),
          frameOf(DATA, 0, id, Buffer.alloc(30_000)),
          frameOf(HEADERS, 5, id, okTrailers),
        ]),
      );
      t.equal(reader.ends, call);
    }
    await written();
    const frames = writes.flat();
    t.equal(frames.filter((frame) => frame.startsWith(`${WINDOW_UPDATE}:`)).length, 0);
    t.equal(frames.filter((frame) => frame === `${PING}:0 ack`).length, calls, 'each is answered');
    t.equal(frames.length, 3 * calls);
    t.ok(writes.every((write, at) => at === 0 || write.includes(`${PING}:0 ack`)));
    connection.destroy();
  },
);

t.test('a PING without a call is answered by itself, and many of them do not wait', async (t) => {
  const { connection, writes, written } = open();
  connection.receive(frameOf(SETTINGS, 0, 0));
  await written();
  writes.length = 0;
  connection.receive(frameOf(PING, 0, 0, Buffer.alloc(8)));
  await written();
  t.same(writes.splice(0), [[`${PING}:0 ack`]]);
  connection.receive(Buffer.concat(Array.from({ length: 100 }, () => frameOf(PING, 0, 0, Buffer.alloc(8)))));
  await turn();
  t.equal(writes.flat().length, 100, 'at the end of the turn');
  connection.destroy();
});

t.test('memory that has left is used again', async (t) => {
  const { connection, written } = open();
  connection.receive(frameOf(SETTINGS, 0, 0));
  await written();
  const { slab } = connection.writer;
  for (let call = 0; call < 200; call += 1) {
    ask(connection, new Reader());
    await turn();
  }
  t.equal(connection.writer.slab, slab, 'one slab for 200 calls');
  connection.destroy();
});

t.test('memory that waits in the socket is not written over', async (t) => {
  const held: Buffer[] = [];
  // Takes one write, and never says that it has gone.
  const socket = new Duplex({ read() {}, write: (bytes: Buffer) => held.push(bytes) });
  const writer = new FrameWriter();
  const queue = new SendQueue(socket as unknown as Socket, writer);
  writer.frame(PING, 0, 0, Buffer.alloc(8, 1));
  queue.flush();
  const before = Buffer.from(held[0] as Buffer);
  writer.frame(PING, 0, 0, Buffer.alloc(8, 2));
  queue.flush();
  t.same(held, [before]);
  queue.stop();
  socket.destroy();
});
