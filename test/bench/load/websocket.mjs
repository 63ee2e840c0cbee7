// The client half of WebSocket (RFC 6455) on a raw socket: it counts frames and sends ones made beforehand.
import { randomBytes } from 'node:crypto';
import net from 'node:net';

const FIN = 0x80;
const MASKED = 0x80;
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** One masked frame, as every client must send it. */
export function clientFrame(payload, kind) {
  const mask = randomBytes(4);
  const long = payload.length > 125;
  const head = Buffer.from([FIN | OPCODE[kind], MASKED | (long ? 126 : payload.length)]);
  const length = Buffer.alloc(long ? 2 : 0);
  if (long) length.writeUInt16BE(payload.length, 0);
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index += 1) masked[index] ^= mask[index % 4];
  return Buffer.concat([head, length, mask, masked]);
}

/**
 * Cuts frames out of bytes; `onFrame(opcode, payload)`, where the payload of a data frame is made only with `whole`: counting
 * needs none.
 */
export function createFrameReader(onFrame, whole = false) {
  let left = Buffer.alloc(0);
  /** Payload bytes of a data frame that are still to be skipped. */
  let skip = 0;
  return (bytes) => {
    let at = Math.min(skip, bytes.length);
    skip -= at;
    if (at === bytes.length) return;
    const buffer = left.length === 0 ? bytes : Buffer.concat([left, bytes]);
    left = Buffer.alloc(0);
    while (at < buffer.length) {
      const available = buffer.length - at;
      const short = available < 2 ? 0 : buffer[at + 1] & 0x7f;
      const headBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (available < headBytes) break;
      const length =
        short === 127 ? buffer.readUInt32BE(at + 6) : short === 126 ? buffer.readUInt16BE(at + 2) : short;
      const opcode = buffer[at] & 0x0f;
      const end = at + headBytes + length;
      if (whole || opcode >= OPCODE.close) {
        if (end > buffer.length) break;
        onFrame(opcode, buffer.subarray(at + headBytes, end));
      } else onFrame(opcode);
      if (end > buffer.length) {
        skip = end - buffer.length;
        return;
      }
      at = end;
    }
    left = buffer.subarray(at);
  };
}

/**
 * Upgrades a new connection and resolves with it; `onBytes` gets what comes behind the answer. `fail(why)` is called when it is refused
 * or ends.
 */
export function openUpgraded({ port, path, protocol, onBytes, fail }) {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      (protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`) +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  socket.on('error', (reason) => fail(`broke (${reason.message})`));
  socket.on('close', () => fail('ended'));
  return new Promise((resolve) => {
    let head = Buffer.alloc(0);
    const onHead = (bytes) => {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!head.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) fail(`was refused:\n${head}`);
      socket.off('data', onHead).on('data', onBytes);
      resolve(socket);
      if (head.length > end + 4) onBytes(head.subarray(end + 4));
    };
    socket.on('data', onHead);
  });
}

/**
 * Opens a WebSocket. `opened` resolves with the socket to write to; `onMessages(n)` says how many messages a read has
 * brought. `failed` rejects when it ends, unless `onClose()` is there and the gateway closed with 1000.
 */
export function openWebSocket({ port, path, onMessages = () => {}, onClose }) {
  let fail;
  const failed = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`the WebSocket ${why}`));
  });
  let socket;
  let messages = 0;
  const read = createFrameReader((opcode, payload) => {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) messages += 1;
    else if (opcode === OPCODE.ping) socket.write(clientFrame(payload, 'pong'));
    else if (opcode === OPCODE.close) {
      const code = payload.length < 2 ? 0 : payload.readUInt16BE(0);
      if (code === 1000 && onClose !== undefined) onClose();
      else fail(`was closed: ${code} ${payload.subarray(2)}`);
    }
  });
  const onBytes = (bytes) => {
    messages = 0;
    read(bytes);
    if (messages > 0) onMessages(messages);
  };
  const opened = openUpgraded({ port, path, onBytes, fail }).then((upgraded) => {
    socket = upgraded;
    return upgraded;
  });
  return { opened, failed };
}
