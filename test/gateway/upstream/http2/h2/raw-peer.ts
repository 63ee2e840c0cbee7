import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';
import { FrameParser } from '../../../../../gateway/upstream/http2/h2/frame-parser.js';
import { openHttp2Transport, type Transport } from '../../../../../gateway/upstream/index.js';
import { neverAborted, readToEnd, texts } from '../../contract/subject.js';
import { frameOf } from './frames.js';

/** A frame that a peer has received. */
export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

const PREFACE_BYTES = 24;

/**
 * A peer that says exactly the bytes it is told to. `answer` is called for every HEADERS frame. `settings` are sent first. Closed in
 * the teardown, with the transport that speaks to it.
 */
export async function openRawPeer(
  t: Test,
  answer: (socket: Socket, streamId: number, index: number) => void,
  settings = frameOf(4, 0, 0),
) {
  const frames: ReceivedFrame[] = [];
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.write(settings);
    let skip = PREFACE_BYTES;
    let data: Buffer[] = [];
    const parser = new FrameParser({
      onDataFrame: () => {
        data = [];
      },
      onDataBytes: (_id, bytes, start, end) => data.push(Buffer.from(bytes.subarray(start, end))),
      onDataEnd: (id, end) => frames.push({ type: 0, flags: end ? 1 : 0, id, payload: Buffer.concat(data) }),
      onFrame: (type, flags, id, payload) => {
        frames.push({ type, flags, id, payload: Buffer.from(payload) });
        if (type === 1) answer(socket, id, requests++);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      parser.push(rest);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = openHttp2Transport({ target, maxConnections: 2 });
  t.teardown(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { transport, target, frames, sockets };
}

/** One call with one request, to its end. */
export async function ask(transport: Transport, deadlineMs = 60_000) {
  const call = transport.open('/test.Raw/Ask', {
    metadata: [],
    signal: neverAborted(),
    deadline: Date.now() + deadlineMs,
  });
  await call.write([Buffer.from('q')]);
  call.halfClose();
  const { messages } = await readToEnd(call);
  return { messages: texts(messages), status: await call.status };
}

/** Resolves when the condition holds; a test's own time limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
