// The service of soak.proto, straight over node:http2, which writes as long as it may. Says its port, then, each time it is asked, how many messages it has sent and
// how many calls are open.
import http2 from 'node:http2';

const KEYS = 16;
const TEXT = 'x'.repeat(60);
/** A feed ends after so many messages, and what is counted breaks. */
const FEED = 150_000;
const BREAK = 40_000;
/** Messages of one write. */
const PART = 100;

let sent = 0;
let open = 0;
let calls = 0;

function varint(value) {
  const bytes = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  bytes.push(left);
  return bytes;
}

/** All that is the same in each message of a key: field 2 and 3. */
const TAILS = Array.from({ length: KEYS }, (_, key) => {
  const name = `k${key}`;
  return Buffer.from([0x12, name.length, ...Buffer.from(name), 0x1a, TEXT.length, ...Buffer.from(TEXT)]);
});

function put(target, at, id) {
  const tail = TAILS[id % KEYS];
  const digits = varint(id);
  const length = 1 + digits.length + tail.length;
  target.writeUInt8(0, at);
  target.writeUInt32BE(length, at + 1);
  target[at + 5] = 0x08;
  target.set(digits, at + 6);
  target.set(tail, at + 6 + digits.length);
  return at + 5 + length;
}

/** `{ after, count }` of an Ask. */
function askIn(frame) {
  const fields = [0, 0, 0];
  for (let at = 5; at < frame.length; ) {
    const field = frame[at] >> 3;
    at += 1;
    for (let shift = 1, byte = 128; byte > 127; shift *= 128, at += 1) {
      byte = frame[at];
      fields[field] += (byte & 127) * shift;
    }
  }
  return { after: fields[1], count: fields[2] };
}

/** After how many messages a call is over, and whether it breaks there. */
function endOf(method, count) {
  if (method === 'Job') return { most: count, breaks: false };
  if (method === 'Counted') return { most: BREAK, breaks: true };
  return { most: method === 'Feed' ? FEED : Number.POSITIVE_INFINITY, breaks: false };
}

const server = http2.createServer({ settings: { maxConcurrentStreams: 4_096 } });
server.on('stream', (stream, headers) => {
  open += 1;
  calls += 1;
  stream.on('error', () => {});
  stream.on('close', () => {
    open -= 1;
  });
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.once('end', () => {
    if (stream.destroyed) return;
    const { after, count } = askIn(Buffer.concat(chunks));
    const { most, breaks } = endOf(headers[':path'].split('/').at(-1), count);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': breaks ? '14' : '0' }));
    const last = after + most;
    let id = after;
    const write = () => {
      while (!stream.destroyed && !stream.writableNeedDrain && id < last) {
        const part = Buffer.allocUnsafe(PART * 100);
        let length = 0;
        for (let n = 0; n < PART && id < last; n += 1) {
          id += 1;
          sent += 1;
          length = put(part, length, id);
        }
        stream.write(part.subarray(0, length));
      }
      if (id >= last) stream.end();
    };
    stream.on('drain', write);
    write();
  });
});
server.on('session', (session) => session.on('error', () => {}));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => process.send({ sent, open, calls }));
process.on('disconnect', () => process.exit());
