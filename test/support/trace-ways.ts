import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { Test } from 'tap';
import type { Metadata as Pairs } from '../../gateway/status/index.js';
import { envelope } from './connect.js';
import { bytes, type Foreign, method } from './foreign.js';
import { frame } from './grpc-frames.js';
import { http } from './http.js';
import { ask, connectHttp2 } from './http2-client.js';
import { openOf, openSession, type Protocol } from './session.js';
import { connect } from './websocket.js';

/** One call over a surface, with these headers, to its end. */
export interface TraceWay {
  /** The surface in the log. */
  readonly surface: string;
  /** Of the foreign service. */
  readonly method: string;
  run(t: Test, foreign: Foreign, headers: Record<string, string>): Promise<unknown>;
}

const JSON_TYPE = { 'content-type': 'application/json' };

const post = (surface: string, name: string, accept: string): TraceWay => ({
  surface,
  method: name,
  run: (_t, { url }, headers) =>
    http(url + method(name), { method: 'POST', body: '{}', headers: { ...JSON_TYPE, accept, ...headers } }),
});

const lines = (surface: string, name: string): TraceWay => ({
  surface,
  method: name,
  run: (_t, { url }, headers) =>
    http(url + method(name), {
      method: 'POST',
      body: '{}\n',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
    }),
});

const http2 = (surface: string, name: string, contentType: string): TraceWay => ({
  surface,
  method: name,
  async run(t, { url }, headers) {
    const message = await bytes({});
    const isConnect = contentType.startsWith('application/connect');
    const body =
      contentType === 'application/proto' ? message : isConnect ? envelope(message) : frame(message);
    const session = connectHttp2(t, url);
    const answer = await ask(
      session,
      method(name),
      { 'content-type': contentType, te: 'trailers', ...headers },
      body,
    );
    session.close();
    return answer;
  },
});

const handshake = (protocol: Protocol): TraceWay => ({
  surface: 'session',
  method: 'Down',
  async run(_t, { wsUrl }, headers) {
    const session = await openSession(wsUrl, protocol, { headers });
    await session.send(openOf(1, 'Down'), { halfClose: { id: 1 } });
    await session.all(1);
    session.test.socket.close();
    await session.closed;
  },
});

const opened = (protocol: Protocol): TraceWay => ({
  surface: 'session',
  method: 'Down',
  async run(_t, { wsUrl }, metadata) {
    const session = await openSession(wsUrl, protocol);
    await session.send(openOf(1, 'Down', { metadata }), { halfClose: { id: 1 } });
    await session.all(1);
    session.test.socket.close();
    await session.closed;
  },
});

/** Every surface, in each way in which its clients say where they stand in a trace. */
export const TRACE_WAYS: Readonly<Record<string, TraceWay>> = {
  'JSON, POST': post('json', 'Ask', 'application/json'),
  'JSON, GET of a rule': {
    surface: 'json',
    method: 'Ask',
    run: (_t, { url }, headers) => http(`${url}/foreign/items/1`, { headers }),
  },
  'JSON as grpc-metadata-*': {
    surface: 'json',
    method: 'Ask',
    run: (_t, { url }, headers) =>
      http(`${url}/foreign/items/1`, {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [`grpc-metadata-${name}`, value]),
        ),
      }),
  },
  'client stream': lines('json', 'Up'),
  bidi: lines('ndjson', 'Both'),
  SSE: post('sse', 'Down', 'text/event-stream'),
  NDJSON: post('ndjson', 'Down', 'application/x-ndjson'),
  array: post('array', 'Down', 'application/json'),
  'JSON text sequence': post('json-seq', 'Down', 'application/json-seq'),
  download: {
    surface: 'bytes',
    method: 'Fetch',
    run: (_t, { url }, headers) => http(`${url}/foreign/files/x`, { headers }),
  },
  upload: {
    surface: 'json',
    method: 'Store',
    run: (_t, { url }, headers) => http(`${url}/foreign/files/x`, { method: 'PUT', body: 'abc', headers }),
  },
  WebSocket: {
    surface: 'websocket',
    method: 'Both',
    async run(_t, { wsUrl }, headers) {
      const { socket, closed } = await connect(wsUrl + method('Both'), { headers });
      socket.send('');
      await closed;
    },
  },
  'handshake of a session': handshake('sluice.v1.json'),
  'open of a session, JSON': opened('sluice.v1.json'),
  'open of a session, proto': opened('sluice.v1.proto'),
  'gRPC-Web': http2('grpc-web', 'Down', 'application/grpc-web+proto'),
  'gRPC over plain HTTP/2': http2('grpc', 'Down', 'application/grpc'),
  'Connect, unary': http2('connect', 'Ask', 'application/proto'),
  'Connect, stream': http2('connect', 'Down', 'application/connect+proto'),
  'native client of gRPC': {
    surface: 'grpc',
    method: 'Ask',
    async run(t, { url }, headers) {
      const client = new Client(new URL(url).host, credentials.createInsecure());
      t.teardown(() => client.close());
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const same = (message: Buffer) => message;
      await new Promise((resolve) => {
        client.makeUnaryRequest(method('Ask'), same, same, Buffer.alloc(0), metadata, resolve);
      });
    },
  },
};

/** What the newest call of a method has of a name. */
export function toldOf({ upstream }: Foreign, name: string, wanted: string): string[] {
  const metadata: Pairs = upstream.calls(method(name)).at(-1)?.metadata ?? [];
  return metadata.filter(([one]) => one === wanted).map(([, value]) => value);
}
