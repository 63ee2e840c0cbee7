import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { frame, framesOf } from './grpc-frames.js';
import { askIn, itemOf } from './numbered.js';

/** Streams that never end by themselves: `Own` one for each client, `Shared` one for all. */
export const TICKING_PROTO = `
  syntax = "proto3";
  package t;
  import "sluice/v1/options.proto";
  message Ask { int32 after = 1; }
  message Item { int32 id = 1; }
  service S {
    rpc Own(Ask) returns (stream Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (sluice.v1.stream) = { cursor: "id" resume: "after" };
    }
    rpc Shared(Ask) returns (stream Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (sluice.v1.stream) = { cursor: "id" resume: "after" };
      option (sluice.v1.recording) = { sharing: EVERYONE start: BEGINNING };
    }
  }`;

export interface TickingService {
  readonly target: string;
  /** Calls of a method so far, and those that are open. */
  calls(method: string): number;
  open(method: string): number;
  /** The newest number. */
  readonly newest: number;
}

/** A gRPC service that has a new number each `tickMs`, of which a call gets all behind `after`, without end. Closed in the test's teardown. */
export async function openTicking(t: Test, tickMs: number): Promise<TickingService> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  const begun = new Map<string, number>();
  const streams = new Map<ServerHttp2Stream, { readonly method: string; last: number }>();
  let newest = 10;
  const send = (stream: ServerHttp2Stream) => {
    const call = streams.get(stream);
    if (call === undefined) return;
    const frames: Buffer[] = [];
    for (; call.last < newest; call.last += 1) frames.push(frame(itemOf(call.last + 1)));
    if (frames.length > 0) stream.write(Buffer.concat(frames));
  };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const method = String(headers[':path']).split('/').at(-1) as string;
    begun.set(method, (begun.get(method) ?? 0) + 1);
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.once('close', () => streams.delete(stream));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      const { after } = askIn(framesOf(Buffer.concat(chunks))[0]?.bytes ?? Buffer.alloc(0));
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      streams.set(stream, { method, last: after });
      send(stream);
    });
  });
  const timer = setInterval(() => {
    newest += 1;
    for (const stream of streams.keys()) send(stream);
  }, tickMs);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    clearInterval(timer);
    for (const session of sessions) session.destroy();
    server.close();
  });
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: (method) => begun.get(method) ?? 0,
    open: (wanted) => [...streams.values()].filter(({ method }) => method === wanted).length,
    get newest() {
      return newest;
    },
  };
}
