import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';
import { frame, framesOf } from './grpc-frames.js';

/** A numbered stream with a cursor: its messages are 1, 2, 3 and so on, and it goes on after `after`. */
export const NUMBERED_PROTO = `
  message Ask { int32 after = 1; int32 count = 2; }
  message Item { int32 id = 1; string text = 2; }
  service S {
    rpc Numbers(Ask) returns (stream Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (sluice.v1.stream) = { cursor: "id" resume: "after" };
      option (google.api.http) = { get: "/numbers" };
    }
    rpc Uncounted(Ask) returns (stream Item) { option idempotency_level = NO_SIDE_EFFECTS; }
  }`;

/** How a stream breaks. */
export const BREAKS = [
  'unavailable',
  'cancel',
  'internal',
  'no error',
  'no trailers',
  'goaway',
  'connection',
] as const;
export type Break = (typeof BREAKS)[number];

/** One call, as the service gets it. */
export interface NumberedCall {
  readonly headers: IncomingHttpHeaders;
  readonly after: number;
  readonly count: number;
  readonly request: Buffer;
}

/** What the service does with a call: after so many messages it breaks in some way. Nothing: all of it, and OK. */
export type Plan = (call: NumberedCall) => { readonly at: number; readonly how: Break } | undefined;

export interface NumberedService {
  readonly target: string;
  readonly calls: readonly NumberedCall[];
  /** Of calls that are under way. */
  readonly open: number;
  /** Messages that were written. */
  readonly written: number;
}

function varints(bytes: Buffer): Map<number, number> {
  const fields = new Map<number, number>();
  for (let at = 0; at < bytes.length; ) {
    const field = (bytes[at++] as number) >> 3;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    fields.set(field, value);
  }
  return fields;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}

/** A message of this number, with so much text. */
export function itemOf(id: number, text = ''): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.from([
    ...varint(8),
    ...varint(id),
    ...(text === '' ? [] : [0x12, ...varint(bytes.length), ...bytes]),
  ]);
}

/** The number of a message, which is its first field. */
export function idOfItem(item: Buffer): number {
  const length = item.subarray(1).findIndex((byte) => byte < 0x80) + 1;
  return varints(item.subarray(0, 1 + length)).get(1) ?? 0;
}

/** What a request asks for. */
export function askIn(request: Buffer): { readonly after: number; readonly count: number } {
  const fields = varints(request);
  return { after: fields.get(1) ?? 0, count: fields.get(2) ?? 0 };
}

/** A request for so many messages after one. */
export function askOf(count: number, after = 0): Buffer {
  return Buffer.from([...(after === 0 ? [] : [8, ...varint(after)]), 0x10, ...varint(count)]);
}

/** A gRPC service over HTTP/2 of Node, which breaks as planned; closed in the test's teardown. `text`: of each message. */
export async function openNumbered(t: Test, plan: Plan, text = ''): Promise<NumberedService> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  // That of a session may not be destroyed.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const calls: NumberedCall[] = [];
  const seen = { open: 0, written: 0 };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    seen.open += 1;
    stream.on('error', () => {});
    stream.once('close', () => {
      seen.open -= 1;
    });
    // One that the break of another has taken along.
    serve(stream, headers).catch(() => {});
  });
  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(stream, 'end');
    const request = framesOf(Buffer.concat(chunks))[0]?.bytes ?? Buffer.alloc(0);
    const call = { headers, ...askIn(request), request };
    calls.push(call);
    const broken = plan(call);
    const status = (code: number) => ({ 'grpc-status': String(code) });
    let end = status(0);
    const head = { ':status': 200, 'content-type': 'application/grpc' };
    if (broken?.how === 'unavailable' && broken.at === 0) {
      stream.respond({ ...head, ...status(14) }, { endStream: true });
      return;
    }
    stream.respond(head, { waitForTrailers: broken?.how !== 'no trailers' });
    stream.on('wantTrailers', () => stream.sendTrailers(end));
    let sent = 0;
    for (let id = call.after + 1; id <= call.count; id += 1) {
      if (broken !== undefined && sent === broken.at) break;
      if (stream.destroyed) return;
      sent += 1;
      seen.written += 1;
      if (!stream.write(frame(itemOf(id, text)))) {
        // A stream that has gone ends the wait as well.
        await new Promise<void>((resolve) => {
          const end = () => {
            stream.off('drain', end);
            stream.off('close', end);
            resolve();
          };
          stream.on('drain', end);
          stream.on('close', end);
        });
      }
    }
    if (broken === undefined) {
      stream.end();
      return;
    }
    // What has been sent before has arrived: the break is right behind it.
    await new Promise((resolve) => setTimeout(resolve, 5));
    switch (broken.how) {
      case 'unavailable':
        end = status(14);
        stream.end();
        break;
      case 'cancel':
        stream.close(8);
        break;
      case 'internal':
        stream.close(2);
        break;
      case 'no error':
        stream.close(0);
        break;
      case 'no trailers':
        stream.end();
        break;
      case 'goaway':
        stream.session?.goaway(0);
        stream.session?.destroy();
        break;
      case 'connection':
        for (const socket of sockets) socket.destroy();
        break;
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    calls,
    get open() {
      return seen.open;
    },
    get written() {
      return seen.written;
    },
  };
}
