import { setImmediate as turn } from 'node:timers/promises';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { Bell, CoreError } from '../base/index.js';

/** The requests of a call as they come. */
export interface RequestReader<Request> {
  /** How many have been taken. */
  readonly count: number;
  /** Each request once, decoded as it is taken; rejects with the signal's reason when that aborts. May be iterated once. */
  readonly requests: AsyncIterable<Request>;
}

/**
 * Reads the requests of a call, one only when it is asked for: what nobody takes stays with grpc-js, which stops the sender.
 * `onTaken` learns the bytes of each; `stream` says that more than one may come. Its listeners live as long as the call's stream.
 */
export function openRequestReader<Request>(
  call: ServerDuplexStream<Buffer, Buffer>,
  decode: (bytes: Buffer) => Request,
  signal: AbortSignal,
  options: { readonly stream: boolean; readonly onTaken: (bytes: number) => void },
): RequestReader<Request> {
  const bell = new Bell();
  let ended = false;
  let count = 0;
  call.on('readable', () => bell.ring());
  call.on('end', async () => {
    // grpc-js says 'end' for a stream that was reset as well, and 'cancelled' two turns later: a handler must not
    // take a part for the whole. One request is whole by itself.
    if (options.stream) {
      await turn();
      await turn();
    }
    ended = true;
    bell.ring();
  });

  async function* take(): AsyncGenerator<Request, void, undefined> {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const bytes: Buffer | null = call.read();
      if (bytes !== null) {
        count += 1;
        options.onTaken(bytes.byteLength);
        yield decodeWith(decode, bytes);
      } else if (ended) {
        return;
      } else {
        await bell.wait(signal);
      }
    }
  }

  return {
    get count() {
      return count;
    },
    requests: take(),
  };
}

function decodeWith<Request>(decode: (bytes: Buffer) => Request, bytes: Buffer): Request {
  try {
    return decode(bytes);
  } catch (cause) {
    // INTERNAL is what the gRPC status table has for a request that does not parse.
    throw new CoreError(status.INTERNAL, 'the request is not a valid message of its type', { cause });
  }
}

/**
 * The one request of a unary or server-streaming call. A caller that sends none, or two, gets UNIMPLEMENTED, as the gRPC status
 * table has it ("request cardinality violation").
 */
export async function singleRequest<Request>(requests: AsyncIterable<Request>): Promise<Request> {
  let found: { readonly request: Request } | undefined;
  for await (const request of requests) {
    if (found !== undefined)
      throw new CoreError(status.UNIMPLEMENTED, 'the method takes one request, and the caller sent two');
    found = { request };
  }
  if (found === undefined)
    throw new CoreError(status.UNIMPLEMENTED, 'the method takes one request, and the caller sent none');
  return found.request;
}
