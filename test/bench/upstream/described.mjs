// A service that only describes itself: server reflection of the descriptor set whose path is the first argument, one file an answer as C++ and Python
// servers give them. It knows nothing of the gateway. Prints its port.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials } from '@grpc/grpc-js';

const BASE = fileURLToPath(new URL('../../../proto/base.binpb', import.meta.url));
const SERVICE = 'grpc.reflection.v1.ServerReflection';
const raw = (value) => value;

/** Serialized files, by their names and by the names of what is in them. */
function indexOf(set) {
  const byFile = new Map();
  const bySymbol = new Map();
  const services = [];
  for (const file of fromBinary(FileDescriptorSetSchema, set).file) {
    const bytes = toBinary(FileDescriptorProtoSchema, file);
    byFile.set(file.name, bytes);
    const add = (scope, { name }) => bySymbol.set(scope === '' ? name : `${scope}.${name}`, bytes);
    const addMessage = (scope, message) => {
      add(scope, message);
      const inner = scope === '' ? message.name : `${scope}.${message.name}`;
      for (const nested of message.nestedType) addMessage(inner, nested);
      for (const each of message.enumType) add(inner, each);
    };
    for (const message of file.messageType) addMessage(file.package, message);
    for (const each of file.enumType) add(file.package, each);
    for (const service of file.service) {
      add(file.package, service);
      services.push({ name: file.package === '' ? service.name : `${file.package}.${service.name}` });
    }
  }
  return { byFile, bySymbol, services };
}

const { byFile, bySymbol, services } = indexOf(readFileSync(process.argv[2]));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(BASE)));
const Request = registry.getMessage('grpc.reflection.v1.ServerReflectionRequest');
const Response = registry.getMessage('grpc.reflection.v1.ServerReflectionResponse');

function answerTo({ case: asked, value }) {
  const found = asked === 'fileByFilename' ? byFile.get(value) : bySymbol.get(value);
  if (asked === 'listServices') return { case: 'listServicesResponse', value: { service: services } };
  if (asked === 'allExtensionNumbersOfType') {
    return { case: 'allExtensionNumbersResponse', value: { baseTypeName: value } };
  }
  if (found === undefined) {
    return { case: 'errorResponse', value: { errorCode: 5, errorMessage: `${value} is not here` } };
  }
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: [found] } };
}

const server = new Server();
const method = {
  path: `/${SERVICE}/ServerReflectionInfo`,
  requestStream: true,
  responseStream: true,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
};
server.addService(
  { ServerReflectionInfo: method },
  {
    ServerReflectionInfo(stream) {
      stream.on('data', (data) => {
        const originalRequest = fromBinary(Request, data);
        const messageResponse = answerTo(originalRequest.messageRequest);
        stream.write(Buffer.from(toBinary(Response, create(Response, { originalRequest, messageResponse }))));
      });
      stream.on('error', () => {});
      stream.on('end', () => stream.end());
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`described on 127.0.0.1:${port}`);
});
