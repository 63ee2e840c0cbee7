// Runs in a page: Google's client of gRPC-Web, which speaks by XMLHttpRequest. Messages are bytes for it.
import {
  GrpcWebClientBase,
  type Metadata,
  MethodDescriptor,
  MethodType,
  type RpcError,
  type Status,
} from 'grpc-web';

/** What became of one call. */
export interface SeenByPage {
  readonly messages: readonly (readonly number[])[];
  readonly header: string | undefined;
  readonly trailer: string | undefined;
  readonly code: number;
  readonly text: string;
}

/** How many messages of an endless stream are taken before it is left. */
const TAKEN = 10;

function descriptor(name: string, type: string) {
  const path = `/foreign.v1.Foreign/${name}`;
  const same = (message: unknown) => message as Uint8Array;
  return new MethodDescriptor(path, type, Uint8Array, Uint8Array, same as never, same as never);
}

/** Calls a method in one of the modes, and takes all that comes. */
export function callOf(
  baseUrl: string,
  format: 'binary' | 'text',
  name: 'Ask' | 'Down',
  message: readonly number[],
  metadata: Metadata,
): Promise<SeenByPage> {
  const client = new GrpcWebClientBase({ format });
  const url = `${baseUrl}/foreign.v1.Foreign/${name}`;
  const request = Uint8Array.from(message);
  const messages: number[][] = [];
  let header: string | undefined;
  let trailer: string | undefined;
  let status: Status | undefined;
  return new Promise((resolve) => {
    const end = ({ code, message: text }: Pick<RpcError, 'code' | 'message'>) =>
      resolve({ messages, header, trailer, code, text: decodeURIComponent(text) });
    const stream =
      name === 'Ask'
        ? client.rpcCall(url, request, metadata, descriptor(name, MethodType.UNARY), (error, answer) => {
            if (answer !== null && error === null) messages.push([...answer]);
            // The status comes behind the answer.
            setTimeout(() => end(error ?? { code: status?.code ?? 0, message: '' }));
          })
        : client.serverStreaming(url, request, metadata, descriptor(name, MethodType.SERVER_STREAMING));
    stream.on('metadata', (values) => {
      header ??= values.shard;
    });
    stream.on('status', (seen) => {
      status = seen;
      trailer = seen.metadata?.cost;
    });
    if (name === 'Ask') return;
    stream.on('data', (answer) => messages.push([...answer]));
    stream.on('error', end);
    stream.on('end', () => end({ code: status?.code ?? 0, message: '' }));
  });
}

/** Takes some messages of a stream that does not end, and leaves it. */
export function leave(baseUrl: string, metadata: Metadata): Promise<number> {
  const client = new GrpcWebClientBase({ format: 'text' });
  const url = `${baseUrl}/foreign.v1.Foreign/Down`;
  const stream = client.serverStreaming(
    url,
    new Uint8Array(0),
    metadata,
    descriptor('Down', MethodType.SERVER_STREAMING),
  );
  let taken = 0;
  return new Promise((resolve) => {
    stream.on('data', () => {
      taken += 1;
      if (taken !== TAKEN) return;
      stream.cancel();
      resolve(taken);
    });
  });
}
