import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { type CaseSchema, PACKAGE } from './case-schema.js';
import type { CaseHeader } from './case-types.js';
import { numberOfCode } from './rpc-codes.js';
import { answerCall, METHODS, type ServiceCall } from './service-answer.js';
import { MESSAGE_LIMIT } from './suites.js';

export interface ConformanceService {
  /** "127.0.0.1:port" */
  readonly address: string;
  /** Ends everything at once. */
  close(): void;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

/**
 * A gRPC server on a free port of 127.0.0.1 with the service of the cases. It takes messages of at most `messageLimit` bytes; -1: of any size. Close it in a
 * teardown.
 */
export async function openConformanceService(
  types: CaseSchema,
  messageLimit = MESSAGE_LIMIT,
): Promise<ConformanceService> {
  const server = new Server({ 'grpc.max_receive_message_length': messageLimit });
  for (const method of METHODS) {
    const path = `/${PACKAGE}.ConformanceService/${method}`;
    const handle = (stream: Stream) => {
      stream.on('error', () => {});
      answerCall(callOf(stream, method, types)).catch((error) => stream.destroy(error));
    };
    server.addService({ [method]: definition(path) }, { [method]: handle });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Every method as bidirectional: the request decides. */
function definition(path: string): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function callOf(stream: Stream, method: string, types: CaseSchema): ServiceCall {
  const left = Number(stream.getDeadline()) - Date.now();
  return {
    method,
    requestHeaders: headersOf(stream.metadata),
    timeoutMs: Number.isFinite(left) ? Math.max(0, left) : undefined,
    requests: decoded(stream, `${PACKAGE}.${method}Request`, types),
    isOver: () => stream.cancelled,
    sendHeaders: (headers) => stream.sendMetadata(metadataOf(headers)),
    send(payload) {
      stream.write(Buffer.from(types.encode(`${PACKAGE}.${method}Response`, { payload })));
    },
    end(trailers, error) {
      const metadata = metadataOf(trailers);
      if (error === undefined) {
        stream.end(metadata);
        return;
      }
      const { message = '', details = [] } = error;
      const code = numberOfCode(error.code);
      const status = types.encode('google.rpc.Status', { code, message, details });
      metadata.set('grpc-status-details-bin', Buffer.from(status));
      stream.emit('error', { code, details: message, metadata });
    },
  };
}

async function* decoded(stream: Stream, type: string, types: CaseSchema): AsyncGenerator<unknown> {
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) yield types.decode(type, bytes);
}

function headersOf(metadata: Metadata): CaseHeader[] {
  return Object.keys(metadata.getMap()).map((name) => ({
    name,
    value: metadata.get(name).map((value) => (typeof value === 'string' ? value : value.toString('base64'))),
  }));
}

function metadataOf(headers: readonly CaseHeader[]): Metadata {
  const metadata = new Metadata();
  for (const { name, value = [] } of headers) {
    for (const one of value) metadata.add(name, name.endsWith('-bin') ? Buffer.from(one, 'base64') : one);
  }
  return metadata;
}
