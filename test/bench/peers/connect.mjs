// `connect.mjs UPSTREAM_PORT DESCRIPTOR_SET PEERS_DIR`: Connect for Node as a gateway, the way its documentation
// builds one: a router whose methods call the same service over its gRPC transport. Not a dependency of this
// project: PEERS_DIR says where it is installed.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [upstreamPort, descriptorSet, peersDir] = process.argv.slice(2);
// All from one folder: the library and its messages must come from the same copy.
const require = createRequire(join(peersDir, 'package.json'));
const { createClient } = require('@connectrpc/connect');
const { connectNodeAdapter, createGrpcTransport } = require('@connectrpc/connect-node');
const { createFileRegistry, fromBinary } = require('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSet)));
const service = registry.getService('streaming.StreamingService');
const client = createClient(service, createGrpcTransport({ baseUrl: `http://127.0.0.1:${upstreamPort}` }));

const server = http.createServer(
  connectNodeAdapter({
    routes: (router) => {
      router.service(service, {
        getStockQuote: (request, context) => client.getStockQuote(request, { signal: context.signal }),
        getStockPrices: (request, context) => client.getStockPrices(request, { signal: context.signal }),
      });
    },
  }),
);
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
