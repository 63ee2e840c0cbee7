// `constant.mjs node|fastify DESCRIPTOR_SET`: answers a unary call with the right text without asking anybody. What HTTP costs
// in and out, and no gateway on it can be below: a bound, not a peer.
import http from 'node:http';
import Fastify from 'fastify';
import { loadTypes, makeJsonSamples, SERVICE } from '../samples.mjs';

const [kind, descriptorSet] = process.argv.slice(2);
const text = JSON.stringify(makeJsonSamples(loadTypes(descriptorSet), 'StockPrice', 1)[0]);
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
const announce = (server) => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);

if (kind === 'fastify') {
  const app = Fastify({ logger: false });
  app.get('/v1/stocks/:symbol', (_request, reply) => reply.headers(headers).send(text));
  app.post(`/${SERVICE}/GetStockQuote`, (_request, reply) => reply.headers(headers).send(text));
  await app.listen({ port: 0, host: '127.0.0.1' });
  announce(app.server);
} else {
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200, headers).end(text));
  });
  server.listen(0, '127.0.0.1', () => announce(server));
}
