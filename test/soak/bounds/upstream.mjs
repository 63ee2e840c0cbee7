// A gRPC service straight over node:http2 that writes as long as it may, or never reads: `node upstream.mjs MESSAGE_BYTES
// [LIMIT_BYTES]`, the most that it sends in one call. Says its port, then, each time it is asked, how many bytes it got rid of. Between
// 'hold' and 'go' it sends no messages: a thousand streams that are full leave the kernel no memory to open others.
import http2 from 'node:http2';

const messageBytes = Number(process.argv[2]);
const limitBytes = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);

/** Length-prefixed `{1: bytes}`, which is an Item with a text as well as a Piece with content. */
function message(size) {
  const varint = [];
  for (let left = size; ; left >>>= 7) {
    if (left < 128) {
      varint.push(left);
      break;
    }
    varint.push((left & 127) | 128);
  }
  const body = Buffer.concat([Buffer.from([0x0a, ...varint]), Buffer.alloc(size, 'x')]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

const one = message(messageBytes);
/** Many small messages in one write, so that the gateway is never short of them. */
const chunk = one.length > 16_384 ? one : Buffer.concat(Array(Math.ceil(16_384 / one.length)).fill(one));
let sent = 0;
let open = 0;
let isHeld = false;
/** What the calls that have begun meanwhile do then. */
const held = [];

/** Calls that are never read, and never answered. */
const NEVER_READ = new Set(['Up', 'Both', 'Store']);

const server = http2.createServer({
  settings: { maxConcurrentStreams: 4_096 },
  // Node refuses streams beyond ten megabytes of what waits for all of them.
  maxSessionMemory: 100_000,
});
server.on('stream', (stream, headers) => {
  open += 1;
  stream.on('error', () => {});
  stream.on('close', () => {
    open -= 1;
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  const method = headers[':path'].split('/').at(-1);
  if (NEVER_READ.has(method)) return;
  stream.resume();
  let left = limitBytes;
  const write = () => {
    while (left > 0 && !stream.destroyed && !stream.writableNeedDrain) {
      stream.write(chunk);
      sent += chunk.length;
      left -= chunk.length;
    }
  };
  stream.on('drain', write);
  if (isHeld) held.push(write);
  else write();
});
server.on('session', (session) => session.on('error', () => {}));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message !== 'status') isHeld = message === 'hold';
  if (message === 'go') for (const write of held.splice(0)) write();
  process.send({ sent, open });
});
process.on('disconnect', () => process.exit());
