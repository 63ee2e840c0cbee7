import { Code } from './code.js';
import { createHttpEndpoint, type HttpEndpoint, type HttpEndpointOptions, pathOf } from './http-endpoint.js';
import { SluiceError } from './sluice-error.js';

export interface EndpointOptions extends HttpEndpointOptions {
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

/** The address of a gateway and all ways to reach it: the options, completed. */
export interface Endpoint extends HttpEndpoint {
  /** The name of a method on a session: "pkg.Service/Method". Throws as `httpUrl` does. */
  methodName(method: string): string;
  /** The URL of sessions for HTTP: a gateway answers a plain request with 426. */
  sessionUrl(): string;
  /** The origin of the gateway, for error messages: "https://api.example.com". */
  origin(): string;
  /** The URL of a method for a WebSocket, with message fields in the query. Throws as `httpUrl` does. */
  socketUrl(method: string, query: Readonly<Record<string, string>>): string;
  openSocket(url: string): WebSocketLike;
  /** Opens the WebSocket that many calls share (PROTOCOL.md, section 12). */
  openSession(): WebSocketLike;
}

const SESSION_PATH = '/_sluice/session';

/** Completes the options. Opens no connection. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const http = createHttpEndpoint(options);
  const { baseUrl } = http;
  const { WebSocket: givenSocket } = options;
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
    ...http,
    methodName: (method) => pathOf(method).slice(1),
    sessionUrl: () => `${baseUrl}${SESSION_PATH}`,
    origin: () => urlOf('').origin,
    socketUrl(method, query) {
      const url = socketUrlOf(pathOf(method));
      for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
      return url.href;
    },
    openSocket: (url) => openSocket(url),
    openSession: () => openSocket(socketUrlOf(SESSION_PATH).href, 'sluice.v1.json'),
  };
}
