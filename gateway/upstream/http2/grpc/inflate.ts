import { gunzipSync, inflateSync } from 'node:zlib';
import { RpcError } from '../../../status/index.js';

/** Makes a compressed message plain. Throws an RpcError. */
export type Inflate = (message: Uint8Array) => Uint8Array;

/**
 * The way to inflate messages of a `grpc-encoding`, never to more than `maxMessageBytes`. In the thread: a message
 * costs at most what inflating that many bytes does, and order keeps itself.
 * Source: grpc/doc/compression.md
 */
export function inflateOf(encoding: string | undefined, maxMessageBytes: number): Inflate {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
      return bounded(gunzipSync, 'gzip', maxMessageBytes);
    case 'deflate':
      return bounded(inflateSync, 'deflate', maxMessageBytes);
    case undefined:
    case '':
    case 'identity':
      return refuse('the upstream marked a message as compressed and named no encoding');
    default:
      return refuse('the upstream compressed a message in a way that was not offered');
  }
}

function bounded(inflate: typeof gunzipSync, name: string, maxMessageBytes: number): Inflate {
  return (message) => {
    // The library refuses a limit of 0 bytes of input only; an empty output is fine.
    try {
      return inflate(message, { maxOutputLength: maxMessageBytes });
    } catch (cause) {
      if (cause instanceof RangeError) {
        throw new RpcError(
          'UPSTREAM_TOO_LARGE',
          `the upstream sent a message that inflates to more than ${maxMessageBytes} bytes`,
          { cause },
        );
      }
      throw new RpcError('UPSTREAM_PROTOCOL_ERROR', `the upstream sent a message that is not ${name}`, {
        cause,
      });
    }
  };
}

function refuse(message: string): Inflate {
  return () => {
    throw new RpcError('UPSTREAM_PROTOCOL_ERROR', message);
  };
}
