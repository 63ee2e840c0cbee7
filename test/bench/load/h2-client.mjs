// A gRPC client that is as cheap as can be: HTTP/2 frames by hand on one connection. It is what a call costs without a gateway,
// and a client in the load must not be what is measured. It does not read header blocks: a call without a message
// in its answer has failed.
import net from 'node:net';
import { frameHeader } from '../upstream/frames.mjs';
import { createDeframer, withHead } from '../upstream/replies.mjs';

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const HEADER_BYTES = 9;
const MOST_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;

const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** HPACK from the static table only, nothing indexed (RFC 7541, appendix A). */
function headerBlock(path) {
  const POST_HTTP = Buffer.from([0x83, 0x86]);
  const parts = [
    POST_HTTP,
    Buffer.from([0x04]),
    text(path),
    Buffer.from([0x01]),
    text('127.0.0.1'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ];
  return Buffer.concat(parts);
}

const withPayload = (type, flags, id, payload) =>
  Buffer.concat([frameHeader(payload.length, type, flags, id), payload]);

function windowUpdate(bytes) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return withPayload(FRAME.windowUpdate, 0, 0, payload);
}

/** `open(path, { onMessage(bytes), onEnd() })` begins a call: `{ write(message, last) }`. `failed` rejects when the connection is worth nothing. */
export function openH2(port) {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  const calls = new Map();
  const blocks = new Map();
  let nextId = 1;
  let left = Buffer.alloc(0);
  let received = 0;
  let fail;
  const failed = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`the direct connection ${why}`));
  });
  socket.on('error', (reason) => fail(`broke (${reason.message})`));
  socket.on('close', () => fail('was closed'));
  const initialWindow = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(withPayload(FRAME.settings, 0, 0, initialWindow));
  socket.write(windowUpdate(MOST_WINDOW - DEFAULT_WINDOW));

  function onFrame(type, flags, id, payload) {
    if (type === FRAME.data) {
      received += payload.length;
      calls.get(id)?.push(payload);
    } else if (type === FRAME.settings && !(flags & ACK))
      socket.write(frameHeader(0, FRAME.settings, ACK, 0));
    else if (type === FRAME.ping && !(flags & ACK)) socket.write(withPayload(FRAME.ping, ACK, 0, payload));
    else if (type === FRAME.goAway || type === FRAME.reset) fail(`was given up by the service (${type})`);
    if (flags & END_STREAM && (type === FRAME.data || type === FRAME.headers)) {
      const call = calls.get(id);
      calls.delete(id);
      if (call !== undefined && call.messages === 0) fail('had a call without an answer');
      call?.onEnd();
    }
  }

  socket.on('data', (bytes) => {
    const buffer = left.length === 0 ? bytes : Buffer.concat([left, bytes]);
    let at = 0;
    while (buffer.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + buffer.readUIntBE(at, 3);
      if (end > buffer.length) break;
      onFrame(
        buffer[at + 3],
        buffer[at + 4],
        buffer.readUInt32BE(at + 5),
        buffer.subarray(at + HEADER_BYTES, end),
      );
      at = end;
    }
    left = buffer.subarray(at);
    if (received > MOST_WINDOW / 2) {
      socket.write(windowUpdate(received));
      received = 0;
    }
  });

  function open(path, { onMessage, onEnd = () => {} }) {
    const id = nextId;
    nextId += 2;
    if (!blocks.has(path)) blocks.set(path, headerBlock(path));
    const block = blocks.get(path);
    const call = { onEnd, messages: 0, push: undefined };
    call.push = createDeframer((message) => {
      call.messages += 1;
      onMessage?.(message);
    });
    calls.set(id, call);
    let head = withPayload(FRAME.headers, END_HEADERS, id, block);
    return {
      write(message, last) {
        const data = withPayload(FRAME.data, last ? END_STREAM : 0, id, withHead(message));
        socket.write(head === undefined ? data : Buffer.concat([head, data]));
        head = undefined;
      },
    };
  }
  return { open, failed, close: () => socket.destroy() };
}
