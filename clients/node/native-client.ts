import {
  type ChannelCredentials,
  type ChannelOptions,
  credentials,
  loadPackageDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { StreamingServiceClient } from '../../proto/types/streaming/StreamingService.js';
import type { ProtoGrpcType } from '../../proto/types/streaming.js';
import { protoFolder } from './proto-file.js';

export interface NativeClientOptions {
  /** Default: no TLS. */
  readonly credentials?: ChannelCredentials;
  /** Channel options that replace the defaults of this client. */
  readonly channelOptions?: ChannelOptions;
}

const DEFAULT_CHANNEL_OPTIONS: ChannelOptions = {
  // Detects a dead connection (a lost route, a laptop that slept) within 40 s.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // While a channel waits to reconnect, calls fail at once. So it waits less than the back-off of those who retry.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // Otherwise `write` accepts a megabyte that the service has not read, and `drain` means nothing.
  'grpc.enable_retries': 0,
  'grpc.per_rpc_retry_buffer_size': 0,
};

let loaded: ProtoGrpcType | undefined;

/**
 * Creates a client of `streaming.StreamingService` over native gRPC, for an address such as "127.0.0.1:50051". It connects with the first
 * call. The caller closes it with `close()`, which does not end open streams. Messages have the field names of the
 * proto file; 64-bit numbers are strings, enums are names, and absent fields have their defaults.
 */
export function createNativeClient(
  address: string,
  options: NativeClientOptions = {},
): StreamingServiceClient {
  loaded ??= loadPackageDefinition(
    loadSync('streaming.proto', {
      includeDirs: [protoFolder()],
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      oneofs: true,
    }),
  ) as unknown as ProtoGrpcType;
  return new loaded.streaming.StreamingService(address, options.credentials ?? credentials.createInsecure(), {
    ...DEFAULT_CHANNEL_OPTIONS,
    ...options.channelOptions,
  });
}
