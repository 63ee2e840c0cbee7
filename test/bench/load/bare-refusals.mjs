// What Node alone needs to refuse a request, as the gateway says it.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';

const body = JSON.stringify({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'x'.repeat(300) } });
const headers = {
  'x-request-id': '00000000-0000-4000-8000-000000000000',
  'retry-after': '1',
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(body.length),
};
const server =
  process.argv[2] === 'http2'
    ? createHttp2Server().on('stream', (stream) => {
        stream.respond({ ':status': 429, ...headers });
        stream.end(body);
        stream.resume();
      })
    : createServer((request, response) => {
        request.resume();
        response.writeHead(429, headers);
        response.end(body);
      });
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ msg: 'gateway listening', url }));
});
process.once('SIGTERM', () => process.exit());
