import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';
import { Code } from '../../gateway/status/index.js';
import { CallFailure } from './call-end.js';
import { type CallLink, shownAddress } from './call-link.js';

/** A request to the gateway over HTTP/1.1. */
export interface GatewayRequest {
  readonly method: string;
  /** Below the base path, beginning with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Ends the exchange, whatever it is doing. */
  readonly signal?: AbortSignal;
}

/** How long a gateway may say nothing before the head of its answer, in milliseconds. */
const HEAD_MS = 30_000;

/** Metadata that is a header of its own; everything else is `grpc-metadata-NAME`. Source: PROTOCOL.md, section 3. */
const OWN_HEADERS = new Set([
  'authorization',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'idempotency-key',
]);

/** Metadata as headers for the gateway's own HTTP forms. */
export function headersOfMetadata(metadata: CallLink['metadata']): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of metadata) {
    const header = OWN_HEADERS.has(name) ? name : `grpc-metadata-${name}`;
    headers[header] = [...(headers[header] ?? []), value];
  }
  return headers;
}

/**
 * Sends a request, with `body` as it comes, and resolves with the answer as soon as its head is there. Rejects with `CallFailure` UNAVAILABLE where nothing
 * answers, and with the reason of `signal`. What `body` rejects with, this does.
 */
export async function askGateway(
  link: CallLink,
  asked: GatewayRequest & { readonly signal: AbortSignal },
  body?: AsyncIterable<Uint8Array | string>,
): Promise<IncomingMessage> {
  const { signal } = asked;
  const request = openRequest(link, { ...asked, path: link.address.basePath + asked.path });
  const silent = setTimeout(
    () => request.destroy(new Error(`it did not answer within ${HEAD_MS / 1_000} s`)),
    HEAD_MS,
  );
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('close', () => reject(unreachable(link, new Error('the connection ended'))));
    request.once('error', (cause) => reject(signal.aborted ? signal.reason : unreachable(link, cause)));
  });
  // It may come before the body has ended.
  answer.catch(() => {});
  const sent = sendBody(request, body, answer).catch((reason: unknown) => {
    request.destroy();
    throw reason;
  });
  try {
    return await Promise.race([answer, sent.then(() => answer)]);
  } finally {
    clearTimeout(silent);
  }
}

/** Opens a request of HTTP/1.1; its path is the whole one. Whoever opens it ends it, and listens for its errors. */
export function openRequest({ address, authority, tls }: CallLink, asked: GatewayRequest): ClientRequest {
  const end = address.target.lastIndexOf(':');
  const host = address.target.slice(0, end).replace(/^\[(.*)\]$/, '$1');
  const isSocket = address.target.startsWith('unix:');
  const options = {
    ...(isSocket
      ? { socketPath: address.target.replace(/^unix:(\/\/)?/, '') }
      : { host, port: Number(address.target.slice(end + 1)) }),
    agent: false as const,
    method: asked.method,
    path: asked.path,
    headers: { host: authority ?? address.authority, ...asked.headers },
    ...(asked.signal === undefined ? {} : { signal: asked.signal }),
  };
  if (tls === undefined) return requestPlain(options);
  const { serverName, ...files } = tls;
  return requestTls({ ...options, ...files, servername: serverName ?? (isIP(host) === 0 ? host : '') });
}

async function sendBody(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array | string> | undefined,
  answer: Promise<unknown>,
): Promise<void> {
  for await (const piece of body ?? []) {
    if (request.destroyed) return;
    if (request.write(piece)) continue;
    await Promise.race([new Promise<void>((resolve) => request.once('drain', resolve)), answer]);
  }
  request.end();
}

function unreachable(link: CallLink, cause: NodeJS.ErrnoException): CallFailure {
  const hint = cause.code?.startsWith('HPE') ? ' (a gRPC server is called with --grpc)' : '';
  const message = `${shownAddress(link)}: ${cause.message || cause.code}${hint}`;
  return new CallFailure({ code: Code.UNAVAILABLE, message }, cause);
}
