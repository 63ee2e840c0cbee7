import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import { Code, RpcError } from '../../status/index.js';
import { PIECE_BYTES } from '../exchange/index.js';
import { reasonOf, type WholeBody } from '../http/index.js';

/** What clients may compress messages with, as `grpc-accept-encoding` and `accept-encoding` list it. */
export const MESSAGE_ENCODINGS = 'identity,gzip,deflate';

/**
 * Hears how many bytes a message holds while it is inflated, compressed and plain ones, whenever that is more. False: it is to go no further. Not called
 * any more when that was said, or the message is done.
 */
export type HoldInflated = (bytes: number) => boolean;

/**
 * Makes a compressed message of a client plain. Rejects with `RpcError`: it is not compressed so, would be too large, or with CANCELLED where `hold` has
 * said so.
 */
export type InflateMessage = (message: Buffer, hold: HoldInflated) => Promise<Buffer>;

type CreateInflater = () => Gunzip | Inflate;

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
      return bounded(createGunzip, name, maxBytes);
    case 'deflate':
      return bounded(createInflate, name, maxBytes);
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

function bounded(create: CreateInflater, name: string, maxBytes: number): InflateMessage {
  return (message, hold) => {
    // Nothing is nothing, also compressed.
    if (message.length === 0) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      const inflater = create();
      const pieces: Buffer[] = [];
      let bytes = 0;
      const fail = (error: RpcError): void => {
        pieces.length = 0;
        inflater.destroy();
        reject(error);
      };
      const goOn = (): boolean => {
        if (hold(message.length + bytes + pieces.length * PIECE_BYTES)) return true;
        fail(new RpcError('CANCELLED', 'the exchange is over'));
        return false;
      };
      if (!goOn()) return;
      inflater.on('data', (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > maxBytes) {
          const limit = `a message inflates to more than ${maxBytes} bytes: see --max-message-bytes`;
          fail(new RpcError('MESSAGE_TOO_LARGE', limit));
        } else goOn();
      });
      inflater.on('end', () => {
        if (inflater.bytesWritten < message.length)
          fail(new RpcError('INVALID_MESSAGE', `something follows the end of the ${name} of a message`));
        // A copy: what the library made it in may be much larger.
        else resolve(Buffer.concat(pieces));
      });
      inflater.on('error', (cause) =>
        fail(new RpcError('INVALID_MESSAGE', `a message is not ${name}`, { cause })),
      );
      inflater.end(message);
    });
  };
}

/** Makes the one message of a request plain; meanwhile it counts as one that is not whole. Rejects as `InflateMessage` does, and with what ends its exchange. */
export async function inflateWhole(
  inflate: InflateMessage,
  message: Buffer,
  { signal, countUnfinished }: Pick<WholeBody, 'signal' | 'countUnfinished'>,
): Promise<Buffer> {
  const unfinished = countUnfinished();
  try {
    return await inflate(message, (bytes) => {
      unfinished.holds(bytes);
      return !signal.aborted;
    });
  } catch (reason) {
    throw signal.aborted ? reasonOf(signal) : reason;
  } finally {
    unfinished.holds(0);
  }
}
