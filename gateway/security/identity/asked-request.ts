import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Metadata } from '../../status/index.js';
import type { Principal } from './principal.js';

/** What an authorization service is asked about: who wants to do what. */
export interface AskedRequest {
  /** The id of the request, as in the log. */
  readonly requestId: string;
  /** Of the client. */
  readonly address: string;
  readonly port: number;
  /** The issuer, '#' and the subject of the client; empty for nobody. */
  readonly principal: string;
  /** In milliseconds since the epoch. */
  readonly time: number;
  readonly httpMethod: string;
  /** With the query. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** "HTTP/1.1", "HTTP/2". */
  readonly protocol: string;
  /** What the service would get, and the headers of the request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The gRPC method, as "package.Service/Method"; what the gateway answers itself has none. */
  readonly method: string;
  /** The name that the client asked for in TLS; empty without. */
  readonly sni: string;
}

/** What has been let in by the gateway's own rules, and is to be asked about. */
export interface Asking {
  readonly http: IncomingMessage;
  readonly requestId: string;
  /** Where it comes from. */
  readonly source: { readonly address: string };
  /** The host that the client has named; `undefined` for none. */
  readonly authority: string | undefined;
  readonly principal: Principal;
  /** "/package.Service/Method"; empty for what the gateway answers itself. */
  readonly path: string;
}

/** Describes a request, with its headers as they came. */
export function askedRequest({ http, authority, requestId, source, principal, path }: Asking): AskedRequest {
  return {
    ...transportOf(http),
    host: authority ?? '',
    requestId,
    address: source.address,
    port: http.socket.remotePort ?? 0,
    principal: principalOf(principal),
    time: Date.now(),
    httpMethod: http.method ?? 'GET',
    path: http.url ?? '/',
    headers: headersOf(http),
    method: path.slice(1),
  };
}

/** Describes a call of a session: over the headers of its handshake lies its own metadata, and the rest is as if it came alone. */
export function askedCall(asking: Asking, metadata: Metadata): AskedRequest {
  const headers = headersOf(asking.http);
  for (const [name, value] of metadata) headers[name] = value;
  return { ...askedRequest(asking), httpMethod: 'POST', path: asking.path, headers };
}

function transportOf(http: IncomingMessage) {
  const socket = http.socket as Partial<TLSSocket>;
  const isTls = socket.encrypted === true;
  return {
    scheme: isTls ? 'https' : 'http',
    protocol: http.httpVersionMajor === 2 ? 'HTTP/2' : `HTTP/${http.httpVersion}`,
    sni: isTls && typeof socket.servername === 'string' ? socket.servername : '',
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    all[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return all;
}

function principalOf({ isAnonymous, issuer, subject }: Principal): string {
  return isAnonymous ? '' : `${issuer}#${subject}`;
}
