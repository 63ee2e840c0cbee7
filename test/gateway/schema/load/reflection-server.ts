import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { baseFiles } from '../../../../gateway/schema/base/base-files.js';
import type { ReflectionCall, ReflectionOpen } from '../../../../gateway/schema/index.js';

const bytes = (value: Buffer): Buffer => value;

/** What a server answers: a response as ProtoJSON, raw bytes, or nothing yet. */
export type Answer = JsonObject | Uint8Array | undefined;

export interface ReflectionScript {
  readonly versions: readonly ('v1' | 'v1alpha')[];
  /** Called for each request, as ProtoJSON. Several answers to one question are possible. */
  answer(request: JsonObject, stream: ServerDuplexStream<Buffer, Buffer>): Answer | Answer[];
}

/** A grpc-js server that does what a script says, and a way to call it that counts its calls. */
export async function startReflection(
  t: Pick<Test, 'teardown'>,
  script: ReflectionScript,
): Promise<{ open: ReflectionOpen; port: number; calls: { opened: number; over: number } }> {
  const server = new Server();
  const { registry } = baseFiles();
  const calls = { opened: 0, over: 0 };
  for (const version of script.versions) {
    const service = `grpc.reflection.${version}`;
    const request = registry.getMessage(`${service}.ServerReflectionRequest`);
    const response = registry.getMessage(`${service}.ServerReflectionResponse`);
    if (request === undefined || response === undefined) throw new Error('no reflection descriptors');
    const method = {
      path: `/${service}.ServerReflection/ServerReflectionInfo`,
      requestStream: true,
      responseStream: true,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const handler = (stream: ServerDuplexStream<Buffer, Buffer>): void => {
      calls.opened += 1;
      stream.on('data', (data: Buffer) => {
        const asked = toJson(request, fromBinary(request, data)) as JsonObject;
        for (const answer of [script.answer(asked, stream)].flat()) {
          if (answer === undefined) continue;
          const raw = answer instanceof Uint8Array ? answer : toBinary(response, fromJson(response, answer));
          stream.write(Buffer.from(raw));
        }
      });
      stream.on('error', () => {});
      stream.on('end', () => stream.end());
      stream.on('cancelled', () => {
        calls.over += 1;
      });
    };
    server.addService({ ServerReflectionInfo: method }, { ServerReflectionInfo: handler });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { open: openReflection(t, port), port, calls };
}

/** The way to call a server on a port, bytes in and bytes out. */
export function openReflection(t: Pick<Test, 'teardown'>, port: number): ReflectionOpen {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  return (path, signal): ReflectionCall => {
    const call = client.makeBidiStreamRequest(path, bytes, bytes);
    const status = new Promise<{ code: number; message: string }>((resolve) => {
      call.on('status', ({ code, details }) => resolve({ code, message: details }));
    });
    call.on('error', () => {});
    const stop = (): void => call.cancel();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    status.then(
      () => signal.removeEventListener('abort', stop),
      () => {},
    );
    const messages = call[Symbol.asyncIterator]();
    return {
      write: (batch) =>
        new Promise((resolve) => {
          for (const message of batch)
            call.write(Buffer.from(message), (error: unknown) => resolve(error == null));
        }),
      read: () =>
        messages.next().then(
          ({ done, value }) => (done === true ? undefined : [value as Uint8Array]),
          () => undefined,
        ),
      halfClose: () => call.end(),
      cancel: stop,
      status,
    };
  };
}

/** Answers as a well-behaved server would, from descriptors. `alone`: each file without its imports. */
export function answerFromFiles(
  files: readonly FileDescriptorProto[],
  { alone = false }: { alone?: boolean } = {},
): (request: JsonObject) => JsonObject {
  const byName = new Map(files.map((file) => [file.name, file]));
  const withImports = (name: string, found = new Set<FileDescriptorProto>()): Set<FileDescriptorProto> => {
    const file = byName.get(name);
    if (file === undefined || found.has(file)) return found;
    found.add(file);
    for (const imported of alone ? [] : file.dependency) withImports(imported, found);
    return found;
  };
  const send = (name: string): JsonObject => {
    const found = [...withImports(name)];
    if (found.length === 0) return { errorResponse: { errorCode: 5, errorMessage: `no ${name}` } };
    const base64 = found.map((file) =>
      Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64'),
    );
    return { fileDescriptorResponse: { fileDescriptorProto: base64 } };
  };
  const services = files.flatMap((file) =>
    file.service.map((service) => ({
      name: file.package === '' ? service.name : `${file.package}.${service.name}`,
      file: file.name,
    })),
  );
  return (request) => {
    if (typeof request.fileByFilename === 'string') return send(request.fileByFilename);
    if (typeof request.fileContainingSymbol === 'string') {
      return send(services.find(({ name }) => name === request.fileContainingSymbol)?.file ?? 'such symbol');
    }
    return { listServicesResponse: { service: services.map(({ name }) => ({ name })) } };
  };
}
