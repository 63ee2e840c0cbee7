import { status } from '@grpc/grpc-js';
import type { StreamData__Output } from '../../proto/types/streaming/StreamData.js';
import type { StreamingServiceClient } from '../../proto/types/streaming/StreamingService.js';
import { createNativeClient, type NativeClientOptions } from './native-client.js';
import { type ResilientStreamOptions, resilientStream } from './resilient-stream.js';
import { StreamError } from './stream-error.js';

/** An item of the durable stream `GetDataStream`. */
export type DataItem = StreamData__Output;

export interface DataStreamOptions
  extends Omit<ResilientStreamOptions<DataItem>, 'idOf'>,
    NativeClientOptions {
  /** "host:port" of the core. */
  readonly address: string;
  /** The deadline of each call, in milliseconds; the next call resumes after it. Default: none. */
  readonly callTimeoutMs?: number;
}

/**
 * The stream `GetDataStream` from the item after `startFromId`, without end: across lost connections and restarts of the core, each item
 * once and in order (see `resilientStream`). Opens its own channel when the first item is asked for, and closes it when the loop
 * ends. A `startFromId` that is not an integer from 0 to 2^31-1 throws INVALID_ARGUMENT at once.
 */
export function dataStream(options: DataStreamOptions): AsyncIterableIterator<DataItem> {
  const { address, callTimeoutMs, startFromId } = options;
  if (startFromId !== undefined && !isInt32(startFromId)) {
    throw new StreamError(status.INVALID_ARGUMENT, 'startFromId must be an integer from 0 to 2147483647');
  }
  let client: StreamingServiceClient | undefined;
  const open = (lastId: number) => {
    client ??= createNativeClient(address, options);
    const deadline = callTimeoutMs === undefined ? {} : { deadline: Date.now() + callTimeoutMs };
    return client.getDataStream({ start_from_id: lastId }, deadline);
  };
  return resilientStream(open, {
    ...options,
    idOf: (item) => item.id,
    onClose() {
      client?.close();
      options.onClose?.();
    },
  });
}

function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 2_147_483_647;
}
