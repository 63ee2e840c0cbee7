import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A peer that speaks HTTP/2 and whatever else a test makes it say. */
export interface Peer {
  readonly target: string;
  readonly port: number;
  /** Every connection so far. */
  readonly sessions: readonly ServerHttp2Session[];
  /** Request headers, one entry a call. */
  readonly requests: readonly IncomingHttpHeaders[];
  close(): void;
}

export interface PeerOptions {
  readonly settings?: Settings;
  readonly tls?: SecureServerOptions;
}

/** Opens a peer on a free port of 127.0.0.1. Close it in a teardown. */
export async function openPeer(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, index: number) => void,
  { settings = {}, tls }: PeerOptions = {},
): Promise<Peer> {
  const sessions: ServerHttp2Session[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const server = tls ? createSecureServer({ ...tls, settings }) : createServer({ settings });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    requests.push(headers);
    answer(stream, headers, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    port,
    sessions,
    requests,
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** One message in its frame. */
export function frame(message: Uint8Array | string, flag = 0, length = Buffer.byteLength(message)): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, Buffer.from(message as Uint8Array)]);
}

export const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' } as const;

/** Sends headers, bytes and trailers. */
export function answerWith(
  stream: ServerHttp2Stream,
  body: readonly Uint8Array[],
  trailers: Readonly<Record<string, string | readonly string[]>>,
  headers: Readonly<Record<string, string | number>> = grpcHeaders,
): void {
  stream.respond({ ...headers }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers } as Record<string, string>));
  for (const bytes of body) stream.write(bytes);
  stream.end();
}
