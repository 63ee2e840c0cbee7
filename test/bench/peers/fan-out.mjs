// `fan-out.mjs response|socket UPSTREAM_PORT DESCRIPTOR_SET`: one call of the service, and each of its messages to all who read here, as server-sent events
// that are made once. A bound, not a peer: it has no journal, no bounds, and waits for no reader. `response` writes to responses of node:http, which frame each
// chunk; `socket` writes finished chunks to their sockets.
import http from 'node:http';
import http2 from 'node:http2';
import { loadTypes, makeJsonSamples, SERVICE } from '../samples.mjs';

const [mode, upstreamPort, descriptorSet] = process.argv.slice(2);
const texts = makeJsonSamples(loadTypes(descriptorSet), 'StockPrice').map((value) => JSON.stringify(value));
/** As long as the id of a recording. */
const ID = `~${'x'.repeat(22)}.`;
const HEAD = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
const GRPC_HEAD_BYTES = 5;

const readers = new Set();
let sent = 0;

function sendAll(count) {
  let text = '';
  for (let index = 0; index < count; index += 1, sent += 1)
    text += `id: ${ID}${sent}\ndata: ${texts[sent % texts.length]}\n\n`;
  if (mode === 'response') {
    const bytes = Buffer.from(text);
    for (const { response } of readers) response.write(bytes);
    return;
  }
  const bytes = Buffer.from(text);
  const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  for (const { socket } of readers) socket.write(chunk);
}

let left = Buffer.alloc(0);
function received(bytes) {
  left = Buffer.concat([left, bytes]);
  let at = 0;
  let count = 0;
  while (left.length - at >= GRPC_HEAD_BYTES) {
    const end = at + GRPC_HEAD_BYTES + left.readUInt32BE(at + 1);
    if (end > left.length) break;
    at = end;
    count += 1;
  }
  left = left.subarray(at);
  if (count > 0) sendAll(count);
}

const call = http2.connect(`http://127.0.0.1:${upstreamPort}`).request(
  {
    ':method': 'POST',
    ':path': `/${SERVICE}/GetStockPrices`,
    'content-type': 'application/grpc',
    te: 'trailers',
  },
  { endStream: false },
);
call.on('data', received);
call.end(Buffer.alloc(GRPC_HEAD_BYTES));

const server = http.createServer((request, response) => {
  response.writeHead(200, HEAD);
  response.write(': stream\n\n');
  const reader = { response, socket: response.socket };
  readers.add(reader);
  response.on('close', () => readers.delete(reader));
  request.resume();
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', 511, () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
