// `file-pipe.mjs FILE READ_BYTES`: the least that plain Node can do. GET pipes the first `bytes` of a file from the
// disk's cache to the response; PUT reads the body and drops it. No gRPC anywhere: a bound, not a peer.
import { createReadStream } from 'node:fs';
import http from 'node:http';
import { pipeline } from 'node:stream';

const [file, readBytes] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  if (request.method === 'PUT') {
    request.on('data', () => {});
    request.on('end', () => response.end('{}'));
    return;
  }
  const bytes = Number(/\/(\d+)/.exec(request.url)?.[1]);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  pipeline(createReadStream(file, { highWaterMark: Number(readBytes), end: bytes - 1 }), response, () => {});
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
