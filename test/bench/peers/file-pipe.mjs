// `file-pipe.mjs FILE READ_BYTES [TO]`: the least that plain Node can do. GET pipes the first `bytes` of a file from the
// disk's cache to the response; PUT reads the body and drops it, or writes it to TO: `/dev/null`, or `socket`, a process
// that drops what it reads. No gRPC anywhere: a bound, not a peer.
import { createReadStream, createWriteStream } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { pipeline } from 'node:stream';
import { firstJson, here, OTHER_CPU, startNode } from '../processes.mjs';

const [file, readBytes, to] = process.argv.slice(2);

async function openTarget() {
  if (to !== 'socket') return () => createWriteStream(to);
  const limitMs = Number(process.env.BENCH_LIMIT_MS);
  // It ends when its standard input does, so with us.
  const drop = startNode([here('peers/drop.mjs')], { cpu: OTHER_CPU, limitMs, stdin: 'pipe' });
  const { port } = await firstJson(drop, 'drop.mjs');
  return () => net.connect({ host: '127.0.0.1', port, noDelay: true });
}

const target = to === undefined ? undefined : await openTarget();

const server = http.createServer((request, response) => {
  if (request.method === 'PUT') {
    if (target === undefined) {
      request.on('data', () => {});
      request.on('end', () => response.end('{}'));
    } else pipeline(request, target(), () => response.end('{}'));
    return;
  }
  const bytes = Number(/\/(\d+)/.exec(request.url)?.[1]);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  pipeline(createReadStream(file, { highWaterMark: Number(readBytes), end: bytes - 1 }), response, () => {});
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
