// Clients that begin and then stall: `node clients.mjs SURFACE COUNT MESSAGE_BYTES URL`. Says 'ready' when all have begun, and how many
// bytes they got rid of each time it is asked. They send no messages before they hear 'go': a thousand that are full leave the kernel no
// memory to open others.
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

const [surface, count, messageBytes, url] = process.argv.slice(2);
const size = Number(messageBytes);
const { port, host } = new URL(url);
const path = (method) => (method.includes('/') ? `/${method}` : `/foreign.v1.Foreign/${method}`);
let written = 0;
/** What is done at 'go'. */
const begin = [];

function tcp(text) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(text);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.pause();
  });
}

/** Writes the same bytes for ever, as far as the other side takes them. */
function pour(socket, bytes) {
  const write = () => {
    while (!socket.destroyed && !socket.writableNeedDrain) {
      socket.write(bytes);
      written += bytes.length;
    }
  };
  socket.on('drain', write);
  begin.push(write);
}

async function get(method, accept) {
  const socket = await tcp(`GET ${path(method)} HTTP/1.1\r\nhost: ${host}\r\naccept: ${accept}\r\n\r\n`);
  socket.on('error', () => {});
}

/** Frames of Connect: a flag, the length, and a message. */
function envelope(message) {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

async function connectReader(codec) {
  const ask = envelope(Buffer.from(codec === 'json' ? '{}' : ''));
  const head = `POST ${path('Down')} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/connect+${codec}\r\ncontent-length: ${ask.length}\r\n\r\n`;
  const socket = await tcp(Buffer.concat([Buffer.from(head), ask]));
  socket.on('error', () => {});
}

async function post(method, type, bytes) {
  const socket = await tcp(
    `POST ${path(method)} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${type}\r\ncontent-length: 1000000000000\r\n\r\n`,
  );
  socket.on('error', () => {});
  pour(socket, bytes);
}

/** Streams of one connection of HTTP/2: what a gateway allows by default. */
const STREAMS = 100;

/** Requests over HTTP/2 whose answers are taken up to the window of their stream, and no further. */
async function streams(count, head, body, isPouring = false) {
  for (let left = count; left > 0; left -= STREAMS) {
    const connection = connectHttp2(url);
    connection.on('error', () => {});
    await new Promise((resolve) => connection.once('remoteSettings', resolve));
    for (let n = 0; n < Math.min(left, STREAMS); n += 1) {
      const stream = connection.request(head, { endStream: body === undefined });
      stream.on('error', () => {}).pause();
      if (isPouring) pour(stream, body);
      else if (body !== undefined) stream.end(body);
    }
  }
}

const streamReaders = (accept) => streams(Number(count), { ':path': path('Down'), accept });

const GRPC = { 'content-type': 'application/grpc', te: 'trailers', ':method': 'POST' };

async function websocket(address, protocols) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${address}`, protocols);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return socket;
}

/** A masked frame whose mask changes nothing. */
function frame(opcode, payload) {
  const header = Buffer.alloc(14);
  header[0] = 0x80 | opcode;
  let length = 2;
  if (payload.length < 126) header[1] = 0x80 | payload.length;
  else if (payload.length < 65_536) {
    header[1] = 0x80 | 126;
    length = 2 + header.writeUInt16BE(payload.length, 2) - 2;
  } else {
    header[1] = 0x80 | 127;
    length = header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([header.subarray(0, length + 4), payload]);
}

const json = Buffer.from(JSON.stringify({ text: 'x'.repeat(size) }));
const text = Buffer.alloc(size, 'x');
const item = Buffer.concat([Buffer.from([0x0a, ...varint(size)]), text]);

function varint(value) {
  const bytes = [];
  let left = value;
  for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
  return [...bytes, left];
}

async function socketReader(binary) {
  const socket = await websocket(path('Down'));
  socket.send(binary ? Buffer.alloc(0) : '{}');
  socket.pause();
}

async function socketSender(opcode, payload) {
  const socket = await websocket(path('Both'));
  pour(socket._socket, frame(opcode, payload));
}

/** Calls of one session: what a gateway allows by default. */
const SESSION_CALLS = 100;

async function session(protocol, calls, method, credit) {
  const socket = await websocket('/_sluice/session', [protocol]);
  for (let id = 1; id <= calls; id += 1) {
    socket.send(JSON.stringify({ open: { id, method: `foreign.v1.Foreign/${method}`, credit } }));
    if (method === 'Down') socket.send(JSON.stringify({ message: { id, data: {} } }));
  }
  return socket;
}

async function sessionReader(calls, credit, isPaused) {
  const socket = await session('sluice.v1.json', calls, 'Down', credit);
  if (isPaused) socket.pause();
}

/** Sends on each call what it was granted, and no more: that is all that a client may. */
async function sessionSender(calls) {
  const socket = await session('sluice.v1.json', calls, 'Up', 0);
  const data = JSON.stringify({ text: 'x'.repeat(size) });
  socket.on('message', (bytes) => {
    const { opened, credit } = JSON.parse(bytes.toString());
    const grant = opened ?? credit;
    for (let n = 0; n < (grant?.credit ?? grant?.messages ?? 0); n += 1) {
      socket.send(`{"message":{"id":${grant.id},"data":${data}}}`);
      written += size;
    }
  });
}

async function sessions(start) {
  for (let left = Number(count); left > 0; left -= SESSION_CALLS) await start(Math.min(left, SESSION_CALLS));
}

const SURFACES = {
  sse: () => each(() => get('Down', 'text/event-stream')),
  ndjson: () => each(() => get('Down', 'application/x-ndjson')),
  'json-seq': () => each(() => get('Down', 'application/json-seq')),
  'drop-oldest': () => each(() => get('stalled.v1.Stalled/DropOldest', 'text/event-stream')),
  conflate: () => each(() => get('stalled.v1.Stalled/Conflate', 'text/event-stream')),
  disconnect: () => each(() => get('stalled.v1.Stalled/Disconnect', 'text/event-stream')),
  array: () => each(() => get('Down', 'application/json')),
  download: () => each(() => get('Fetch', 'application/octet-stream')),
  'connect-json': () => each(() => connectReader('json')),
  'connect-binary': () => each(() => connectReader('proto')),
  'sse-http2': () => streamReaders('text/event-stream'),
  'ndjson-http2': () => streamReaders('application/x-ndjson'),
  grpc: () => streams(Number(count), { ...GRPC, ':path': path('Down') }, envelope(Buffer.alloc(0))),
  'ws-text': () => each(() => socketReader(false)),
  'ws-binary': () => each(() => socketReader(true)),
  'session-socket': () => sessions((calls) => sessionReader(calls, 2 ** 31 - 1, true)),
  'session-credit': () => sessions((calls) => sessionReader(calls, 10, false)),
  'ndjson-up': () => each(() => post('Up', 'application/x-ndjson', Buffer.concat([json, Buffer.from('\n')]))),
  'connect-up': () => each(() => post('Up', 'application/connect+proto', envelope(item))),
  'grpc-up': () => streams(Number(count), { ...GRPC, ':path': path('Up') }, envelope(item), true),
  upload: () => each(() => post('Store', 'application/octet-stream', Buffer.alloc(65_536, 'x'))),
  'ws-text-up': () => each(() => socketSender(1, json)),
  'ws-binary-up': () => each(() => socketSender(2, item)),
  'session-up': () => sessions(sessionSender),
};

async function each(start) {
  for (let n = 0; n < Number(count); n += 1) await start();
}

process.on('message', (message) => {
  if (message === 'go') for (const write of begin.splice(0)) write();
  process.send({ written });
});
process.on('disconnect', () => process.exit());
await SURFACES[surface]();
process.send({ ready: true });
