import { Client, credentials, Server, ServerCredentials, type StatusObject } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { type Calls, createCalls, createReadGate, type HandlersOf } from '../../../grpc-core/rpc/index.js';
import { streamingServiceDefinition } from '../../../grpc-core/rpc/proto-service.js';
import type {
  StreamingServiceClient,
  StreamingServiceDefinition,
} from '../../../proto/types/streaming/StreamingService.js';
import { clientOf, recordingLog } from '../core-fixture.js';

export interface Served {
  readonly server: Server;
  readonly calls: Calls;
  readonly client: StreamingServiceClient;
  /** Sends bytes to any path, for what no proper client would send. */
  readonly raw: Client;
  readonly lines: Array<Record<string, unknown>>;
}

/** A real server with these handlers, and a client. */
export async function serveHandlers(
  t: Test,
  handlers: HandlersOf<StreamingServiceDefinition>,
  options: { readonly maxUnaryMs?: number; readonly bufferBytes?: number } = {},
): Promise<Served> {
  const { log, lines } = recordingLog();
  const gate = createReadGate(options.bufferBytes ?? 65_536);
  const server = new Server({
    interceptors: [gate.interceptor],
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
  });
  const calls = createCalls(server, {
    log,
    maxUnaryMs: options.maxUnaryMs ?? 30_000,
    highWaterBytes: options.bufferBytes ?? 65_536,
    onTaken: gate.taken,
  });
  calls.add(streamingServiceDefinition(), handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  const address = `127.0.0.1:${port}`;
  const raw = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  t.teardown(() => raw.close());
  return { server, calls, client: clientOf(t, address), raw, lines };
}

export const path = (method: string): string => `/streaming.StreamingService/${method}`;
export const bytes = (value: Buffer): Buffer => value;

/** How a call ended. */
export function statusOf(call: {
  on(event: 'status', listener: (status: StatusObject) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
}): Promise<StatusObject> {
  call.on('error', () => {});
  return new Promise((resolve) => call.on('status', resolve));
}
