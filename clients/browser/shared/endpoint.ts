import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Request headers by name. Metadata for the service has the prefix `grpc-metadata-` (PROTOCOL.md, section 3). */
export type RequestHeaders = Readonly<Record<string, string>>;

export interface EndpointOptions {
  /** The URL of the gateway, for example "https://api.example.com" or "/gateway". Default: the origin of the page. */
  readonly baseUrl?: string;
  /**
   * Headers of every HTTP request. A function is called for each request and each reconnect, so that it can return a fresh token.
   * Not for WebSockets: browsers cannot set headers there.
   */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default: the global one. Node before 22 has none: pass the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor;
}

/** The part of the WHATWG interface of a WebSocket that this client uses. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: SocketEvent, listener: SocketListener): void;
  removeEventListener(type: SocketEvent, listener: SocketListener): void;
}

type SocketEvent = 'open' | 'message' | 'close' | 'error';
/** `never`, so that listeners of every event fit; both forms, so that the types of the DOM and of `ws` fit. */
type SocketListener = ((event: never) => void) | { handleEvent(event: never): void };

export type WebSocketConstructor = new (url: string, subProtocol?: string) => WebSocketLike;

/** The address of a gateway and the ways to reach it: the options, completed. */
export interface Endpoint {
  /** The name of a method on a session: "pkg.Service/Method". Throws as `httpUrl` does. */
  methodName(method: string): string;
  /** The URL of a method for HTTP. Throws INVALID_ARGUMENT if the name is not "pkg.Service/Method". */
  httpUrl(method: string): string;
  /** The URL of sessions for HTTP: a gateway answers a plain request with 426. */
  sessionUrl(): string;
  /** The origin of the gateway, for error messages: "https://api.example.com". */
  origin(): string;
  /** The URL of a method for a WebSocket, with message fields in the query. Throws as `httpUrl` does. */
  socketUrl(method: string, query: Readonly<Record<string, string>>): string;
  /** The headers of one request. Headers of the call replace those of the client, and `fixed` replaces both. */
  headers(ofCall: RequestHeaders, fixed: RequestHeaders): Promise<Headers>;
  readonly fetch: typeof fetch;
  openSocket(url: string): WebSocketLike;
  /** Opens the WebSocket that many calls share (PROTOCOL.md, section 12). */
  openSession(): WebSocketLike;
}

const SESSION_PATH = '/_sluice/session';

/** Completes the options. Opens no connection. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const baseUrl = withoutSlashes(options.baseUrl ?? '');
  const { fetch: givenFetch, headers: given, WebSocket: givenSocket } = options;
  const urlOf = (path: string) => {
    const { location } = globalThis as { location?: { href: string } };
    return new URL(`${baseUrl}${path}`, location?.href);
  };
  const socketUrlOf = (path: string) => {
    const url = urlOf(path);
    url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
    return url;
  };
  const openSocket = (url: string, ...subProtocol: readonly [] | readonly [string]) => {
    const Socket = givenSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (Socket === undefined) {
      throw new SluiceError(
        Code.FAILED_PRECONDITION,
        'this environment has no WebSocket: pass one in the options',
      );
    }
    return new Socket(url, ...subProtocol);
  };
  return {
    methodName: (method) => pathOf(method).slice(1),
    httpUrl: (method) => `${baseUrl}${pathOf(method)}`,
    sessionUrl: () => `${baseUrl}${SESSION_PATH}`,
    origin: () => urlOf('').origin,
    socketUrl(method, query) {
      const url = socketUrlOf(pathOf(method));
      for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
      return url.href;
    },
    async headers(ofCall, fixed) {
      const headers = new Headers(typeof given === 'function' ? await given() : given);
      for (const [name, value] of Object.entries({ ...ofCall, ...fixed })) setHeader(headers, name, value);
      return headers;
    },
    // Called as a plain function: the browser's fetch throws for any other `this`.
    fetch: (input, init) => (givenFetch ?? fetch)(input, init),
    openSocket: (url) => openSocket(url),
    openSession: () => openSocket(socketUrlOf(SESSION_PATH).href, 'sluice.v1.json'),
  };
}

/** A timeout as the value of `Grpc-Timeout`: at most eight digits and a unit. */
export function grpcTimeout(timeoutMs: number): string {
  const ms = Math.ceil(timeoutMs);
  return ms <= 99_999_999 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch (cause) {
    throw new SluiceError(Code.INVALID_ARGUMENT, `the header ${JSON.stringify(name)} is not valid in HTTP`, {
      cause,
    });
  }
}

function pathOf(method: string): string {
  const path = method.startsWith('/') ? method : `/${method}`;
  if (!/^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/.test(path)) {
    throw new SluiceError(
      Code.INVALID_ARGUMENT,
      `method must be "pkg.Service/Method", not ${JSON.stringify(method)}`,
    );
  }
  return path;
}

/** The URL without slashes at its end. */
function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
