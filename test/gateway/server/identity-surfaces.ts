import type { ClientHttp2Session } from 'node:http2';
import { WebSocket } from 'ws';
import { method } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { type HttpOptions, http } from '../../support/http.js';
import { ask } from '../../support/http2-client.js';

/** What a client gets that shows a credential. */
export interface Outcome {
  /** Of HTTP; 200 and 101 are in. */
  readonly status: number;
  /** Of gRPC, where the surface tells one. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly challenge: string | undefined;
  /** All that it was told. */
  readonly text: string;
}

/** One way to call a method with the values of `authorization`. */
export type AuthSurface = (values: readonly string[], method?: string) => Promise<Outcome>;

const JSON_TYPE = { 'content-type': 'application/json' };
const EMPTY = new Uint8Array(0);

/** Every surface, over HTTP/1.1 and HTTP/2, by Fastify's path and past it. */
export function authSurfaces(url: string, http2: ClientHttp2Session): Record<string, AuthSurface> {
  const over1 =
    (options: HttpOptions, path?: string, usual = 'Ask'): AuthSurface =>
    async (values, name = usual) => {
      // Node's own client joins no values of it, but sends a list as several lines.
      const headers = { ...options.headers, ...(values.length > 0 && { authorization: values }) } as never;
      const answer = await http(url + (path ?? method(name)), { ...options, headers });
      return outcomeOf(answer.status, answer.headers, answer.text);
    };
  const over2 =
    (headers: Record<string, string>, body?: Uint8Array | string): AuthSurface =>
    async (values, name = 'Ask') => {
      const all = { ...headers, ...(values.length > 0 && { authorization: values }) } as never;
      const answer = await ask(http2, method(name), all, body);
      return outcomeOf(answer.status, answer.headers, answer.text);
    };
  const json = { headers: JSON_TYPE, body: '{}' };
  return {
    json: over1(json),
    'json, Fastify': over1({ ...json, headers: { ...JSON_TYPE, expect: '100-continue' } }),
    'json, rule': over1({}, '/foreign/items/1'),
    sse: over1({ ...json, headers: { ...JSON_TYPE, accept: 'text/event-stream' } }, undefined, 'Down'),
    ndjson: over1({ ...json, headers: { ...JSON_TYPE, accept: 'application/x-ndjson' } }, undefined, 'Down'),
    array: over1({}, '/foreign/down'),
    'grpc-web': over1({ headers: { 'content-type': 'application/grpc-web+proto' }, body: frame(EMPTY) }),
    'connect unary': over1({
      headers: { ...JSON_TYPE, 'connect-protocol-version': '1' },
      body: '{}',
    }),
    websocket: (values, name = 'Ask') => handshake(url.replace('http', 'ws') + method(name), values),
    session: (values) =>
      handshake(`${url.replace('http', 'ws')}/_sluice/session`, values, ['sluice.v1.json']),
    'session call': (values, name = 'Ask') => sessionCall(url, values, name),
    'json, HTTP/2': over2(JSON_TYPE, '{}'),
    grpc: over2({ 'content-type': 'application/grpc', te: 'trailers' }, frame(EMPTY)),
    'connect, HTTP/2': over2({ 'content-type': 'application/proto' }, EMPTY),
    document: over1({}, '/_sluice/openapi.json'),
    services: over1({}, '/_sluice/services'),
  };
}

function outcomeOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): Outcome {
  const one = (name: string) => headers[name]?.toString();
  const code = one('grpc-status');
  const kept = Object.entries(headers).filter(([name]) => !/^(date|x-request-id|:status)$/.test(name));
  return {
    status,
    code: code === undefined ? undefined : Number(code),
    reason: one('sluice-reason') ?? /"reason":"(\w+)"/.exec(text)?.[1],
    challenge: one('www-authenticate'),
    text: JSON.stringify([kept, text]),
  };
}

function handshake(url: string, values: readonly string[], protocols: string[] = []): Promise<Outcome> {
  const headers = (values.length > 0 ? { authorization: values } : {}) as never;
  const socket = new WebSocket(url, protocols, { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.terminate();
      resolve({ status: 101, code: undefined, reason: undefined, challenge: undefined, text: '' });
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      response.on('end', () => resolve(outcomeOf(response.statusCode ?? 0, response.headers, text)));
      response.on('error', reject);
    });
  });
}

/** A call of an anonymous session that says the credential in its own metadata, where it can. */
function sessionCall(url: string, values: readonly string[], name: string): Promise<Outcome> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/_sluice/session`, ['sluice.v1.json']);
  const metadata = values.length > 0 ? { authorization: values.join(',') } : {};
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      socket.send(JSON.stringify({ open: { id: 1, method: method(name).slice(1), credit: 1, metadata } }));
      socket.send(JSON.stringify({ message: { id: 1, data: {} } }));
    });
    socket.on('message', (bytes: Buffer) => {
      const { end } = JSON.parse(bytes.toString());
      if (end === undefined) return;
      socket.terminate();
      const { code, details } = end.status;
      const status = code === 0 ? 200 : code === 7 ? 403 : code === 14 ? 503 : code === 16 ? 401 : 400;
      resolve({
        status,
        code,
        reason: details[0]?.reason,
        challenge: undefined,
        text: JSON.stringify(end),
      });
    });
  });
}
