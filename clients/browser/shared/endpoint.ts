import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Names and values of request headers. Metadata for the service has the prefix `grpc-metadata-` (PROTOCOL.md, section 3). */
export type RequestHeaders = Readonly<Record<string, string>>;

export interface EndpointOptions {
  /** Where the gateway is, for example "https://api.example.com" or "/gateway". Default: where the page came from. */
  readonly baseUrl?: string;
  /**
   * Headers of every HTTP request. A function is asked again for each request, also for each reconnect, so a token can be a
   * fresh one. Not for WebSockets: browsers cannot set headers there.
   */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default: the global one. Node before 22 has none: give the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor;
}

/** What this client needs of a WebSocket: the part of the WHATWG interface that it uses. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: SocketEvent, listener: SocketListener): void;
  removeEventListener(type: SocketEvent, listener: SocketListener): void;
}

type SocketEvent = 'open' | 'message' | 'close' | 'error';
/** `never`, so that the listeners of any event fit; both forms, so that the DOM's interface and that of `ws` do. */
type SocketListener = ((event: never) => void) | { handleEvent(event: never): void };

export type WebSocketConstructor = new (url: string, subProtocol?: string) => WebSocketLike;

/** A gateway, and how to reach it: the options, completed. */
export interface Endpoint {
  /** The method as sessions name it: "pkg.Service/Method". Fails as `httpUrl` does. */
  methodName(method: string): string;
  /** The address of a method on HTTP. Fails with INVALID_ARGUMENT for what is not "pkg.Service/Method". */
  httpUrl(method: string): string;
  /** Where sessions are, for HTTP: a gateway answers 426 there. */
  sessionUrl(): string;
  /** Where the gateway is, for people: "https://api.example.com". */
  origin(): string;
  /** The same as `httpUrl` for a WebSocket, with fields in the query. */
  socketUrl(method: string, query: Readonly<Record<string, string>>): string;
  /** The headers of one request: those of the client, those of the call over them, ours over all. */
  headers(given: RequestHeaders, own: RequestHeaders): Promise<Headers>;
  readonly fetch: typeof fetch;
  openSocket(url: string): WebSocketLike;
  /** Opens the WebSocket that many calls share (PROTOCOL.md, section 12). */
  openSession(): WebSocketLike;
}

const SESSION_PATH = '/_sluice/session';

/** Completes the options. Nothing is opened. */
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
      throw new SluiceError(Code.FAILED_PRECONDITION, 'there is no WebSocket here: give one in the options');
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
    async headers(ofCall, own) {
      const headers = new Headers(typeof given === 'function' ? await given() : given);
      for (const [name, value] of Object.entries({ ...ofCall, ...own })) setHeader(headers, name, value);
      return headers;
    },
    // Called as a plain function: the browser's fetch refuses any other `this`.
    fetch: (input, init) => (givenFetch ?? fetch)(input, init),
    openSocket: (url) => openSocket(url),
    openSession: () => openSocket(socketUrlOf(SESSION_PATH).href, 'sluice.v1.json'),
  };
}

/** `Grpc-Timeout` for so many milliseconds: at most eight digits and a unit. */
export function grpcTimeout(timeoutMs: number): string {
  const ms = Math.ceil(timeoutMs);
  return ms <= 99_999_999 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch (cause) {
    throw new SluiceError(Code.INVALID_ARGUMENT, `HTTP cannot carry the header ${JSON.stringify(name)}`, {
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

/** Without those at its end. */
function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
