// The service of the check's senders: it keeps every message as the bytes that came.
import { create, toBinary } from '@bufbuild/protobuf';
import grpc from '@grpc/grpc-js';
import { SERVICE } from './samples.mjs';

const identity = (bytes) => bytes;

/** `take(method)` gives the messages of the last call, once. */
export async function openCollector(types) {
  const collected = new Map();
  const answers = { CollectSensorData: 'SensorSummary', UploadFile: 'UploadResult' };
  const methods = Object.keys(answers);
  const definition = (name) => ({
    path: `/${SERVICE}/${name}`,
    requestStream: true,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  });
  const handler = (name) => (call, reply) => {
    const messages = [];
    call.on('data', (message) => messages.push(message));
    call.on('end', () => {
      collected.set(name, messages);
      const type = types(answers[name]);
      reply(null, Buffer.from(toBinary(type, create(type))));
    });
  };
  const server = new grpc.Server();
  server.addService(
    Object.fromEntries(methods.map((name) => [name, definition(name)])),
    Object.fromEntries(methods.map((name) => [name, handler(name)])),
  );
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (failure, bound) =>
      failure ? reject(failure) : resolve(bound),
    );
  });
  return {
    port,
    take(name) {
      const messages = collected.get(name) ?? [];
      collected.delete(name);
      return messages;
    },
    async close() {
      server.forceShutdown();
    },
  };
}
