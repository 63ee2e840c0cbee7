import { gunzip, type InputType, inflate, type ZlibOptions } from 'node:zlib';
import { Code, RpcError } from '../../status/index.js';

/** What clients may compress messages with, as `grpc-accept-encoding` and `accept-encoding` list it. */
export const MESSAGE_ENCODINGS = 'identity,gzip,deflate';

/** Makes a compressed message of a client plain. Rejects with `RpcError`: it is not compressed so, or would be too large. */
export type InflateMessage = (message: Buffer) => Promise<Buffer>;

/** What came out, and what has read the message. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Callback = (error: Error | null, inflated: Inflated) => void;
type Method = (bytes: InputType, options: ZlibOptions & { info: true }, done: Callback) => void;

/**
 * How a client's messages of this encoding are made plain; `undefined` for `identity` and none. Throws UNIMPLEMENTED, which names what is taken, for any
 * other. In the pool of threads: a kilobyte that becomes a megabyte must not stop everybody else. Memory is bounded by `maxBytes` of what comes out.
 * Source: grpc/doc/compression.md
 */
export function inflateMessageOf(
  encoding: string | undefined,
  maxBytes: number,
  accepted: Readonly<Record<string, string>> = { 'grpc-accept-encoding': MESSAGE_ENCODINGS },
): InflateMessage | undefined {
  const name = encoding?.trim().toLowerCase();
  switch (name) {
    case undefined:
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
      return bounded(gunzip as unknown as Method, name, maxBytes);
    case 'deflate':
      return bounded(inflate as unknown as Method, name, maxBytes);
    default:
      throw new RpcError(
        'UNSUPPORTED_CONTENT_ENCODING',
        `messages cannot be compressed with ${JSON.stringify(name)}: use ${MESSAGE_ENCODINGS}`,
        { code: Code.UNIMPLEMENTED, headers: accepted },
      );
  }
}

/** INTERNAL, as gRPC has it: a message says that it is compressed, and the request that none is. */
export function undeclared(): RpcError {
  return new RpcError('INVALID_MESSAGE', 'a message is compressed, and the request does not say how', {
    code: Code.INTERNAL,
  });
}

function bounded(method: Method, name: string, maxBytes: number): InflateMessage {
  return (message) => {
    // Nothing is nothing, also compressed.
    if (message.length === 0) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      // The library takes no limit of 0.
      method(message, { maxOutputLength: Math.max(1, maxBytes), info: true }, (cause, inflated) => {
        const hasRest = cause === null && inflated.engine.bytesWritten < message.length;
        if (hasRest)
          reject(new RpcError('INVALID_MESSAGE', `something follows the end of the ${name} of a message`));
        else if (cause === null && inflated.buffer.length <= maxBytes) resolve(inflated.buffer);
        else if (cause === null || cause instanceof RangeError) {
          reject(
            new RpcError(
              'MESSAGE_TOO_LARGE',
              `a message inflates to more than ${maxBytes} bytes: see --max-message-bytes`,
            ),
          );
        } else reject(new RpcError('INVALID_MESSAGE', `a message is not ${name}`, { cause }));
      });
    });
  };
}
