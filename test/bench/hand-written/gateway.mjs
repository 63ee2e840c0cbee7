// `gateway.mjs UPSTREAM_PORT PROTO_DIR [WINDOW_BYTES]`: what a good engineer writes in a day to put one gRPC service
// in front of browsers: fastify, @grpc/grpc-js, @grpc/proto-loader and ws, flow control kept, calls cancelled with their
// browser. It is here to be compared with, so it must stay fair: nothing slow on purpose, nothing left out
// that it would need.
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import Fastify from 'fastify';
import { addFileRoutes } from './files.mjs';
import { callUnary, sendError, streamToResponse } from './http.mjs';
import { serveSockets } from './sockets.mjs';

const [upstreamPort, protoDir, windowBytes] = process.argv.slice(2);

const definition = protoLoader.loadSync(join(protoDir, 'streaming.proto'), {
  includeDirs: [protoDir],
  longs: String,
  enums: String,
});
const { StreamingService } = grpc.loadPackageDefinition(definition).streaming;
const client = new StreamingService(`127.0.0.1:${upstreamPort}`, grpc.credentials.createInsecure(), {
  ...(windowBytes === undefined ? {} : { 'grpc-node.flow_control_window': Number(windowBytes) }),
});

const app = Fastify({ logger: false });
app.setErrorHandler((error, _request, reply) => sendError(reply, error));

for (const [name, method] of Object.entries(StreamingService.service)) {
  if (method.requestStream) continue;
  const open = (message) => client[name](message);
  if (method.responseStream) {
    app.get(method.path, (request, reply) =>
      streamToResponse(open(fromQuery(request.query)), request, reply),
    );
    app.post(method.path, (request, reply) => streamToResponse(open(request.body ?? {}), request, reply));
  } else {
    app.post(method.path, async (request) => await callUnary(client, name, request));
  }
}
app.get(
  '/v1/stocks/:symbol',
  async (request) => await callUnary(client, 'GetStockQuote', request, request.params),
);
addFileRoutes(app, client);
serveSockets(app.server, client, StreamingService.service);

/** `symbols=A&symbols=B&intervalSeconds=3`: proto-loader takes numbers as text, and one value where a list may be. */
function fromQuery(query) {
  const lists = ['symbols'];
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, lists.includes(name) ? [value].flat() : value]),
  );
}

await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ port: app.server.address().port })}\n`);
