import { loadPackageDefinition, Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { StreamData } from '../../../proto/types/streaming/StreamData.js';
import type { StreamRequest__Output } from '../../../proto/types/streaming/StreamRequest.js';
import type { ProtoGrpcType } from '../../../proto/types/streaming.js';

export type DataCall = ServerWritableStream<StreamRequest__Output, StreamData>;

/** A real gRPC server whose GetDataStream is a script: the first call runs the first one, and so on; the last one runs for all that follow. */
export async function openDataService(
  scripts: readonly ((call: DataCall) => void)[],
  listen = '127.0.0.1:0',
) {
  const grpc = loadPackageDefinition(
    loadSync('streaming.proto', {
      includeDirs: ['proto'],
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
    }),
  ) as unknown as ProtoGrpcType;
  const calls: DataCall[] = [];
  const server = new Server();
  server.addService(grpc.streaming.StreamingService.service, {
    GetDataStream(call: DataCall) {
      const script = scripts[Math.min(calls.length, scripts.length - 1)];
      calls.push(call);
      script?.(call);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    calls,
    starts: () => calls.map((call) => call.request.start_from_id),
    close: () => server.forceShutdown(),
  };
}

/** Sends these items at once. */
export function sendItems(call: DataCall, from: number, to: number): void {
  for (let id = from; id <= to; id += 1) call.write({ id, data: `item ${id}` });
}
