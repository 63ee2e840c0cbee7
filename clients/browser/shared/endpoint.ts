import { Code } from './code.js';
import { errorFromResponse } from './error-from-wire.js';
import { createHttpEndpoint, type HttpEndpoint, type HttpEndpointOptions, pathOf } from './http-endpoint.js';
import { SluiceError } from './sluice-error.js';
import { type Auth, createTokenSource } from './token-source.js';

export interface EndpointOptions extends HttpEndpointOptions {
  /**
   * Gives the token of who calls. Requests by HTTP ask for it once, and again when the gateway answers 401 or ends a stream because the token has expired;
   * a shared WebSocket asks for one when it is opened, and whenever the gateway wants a new one before the old one ends; `socket` asks for a ticket with
   * it. Where it fails, calls end with UNAUTHENTICATED.
   */
  readonly auth?: Auth;
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
  /** What lets one WebSocket in, without headers; nothing from a gateway that needs none. Rejects with UNAUTHENTICATED. Absent: the client has no token. */
  ticket?(signal: AbortSignal): Promise<string | undefined>;
  /** A new token of who calls, which rejects with UNAUTHENTICATED. Absent: the client has no token. */
  token?(): Promise<string>;
  /** Opens the WebSocket that many calls share (PROTOCOL.md, section 12). */
  openSession(): WebSocketLike;
}

const SESSION_PATH = '/_sluice/session';

/** Completes the options. Opens no connection. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const http: HttpEndpoint & OfToken = withAuth(createHttpEndpoint(options), options.auth);
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

type OfToken = Pick<Endpoint, 'ticket' | 'token'>;

/** Adds the token of the page, if it gives one. */
function withAuth(http: HttpEndpoint, auth: Auth | undefined): HttpEndpoint & OfToken {
  if (auth === undefined) return http;
  const tokens = createTokenSource(auth, http.fetch);
  return {
    ...http,
    fetch: tokens.fetch,
    token: tokens.fresh,
    async ticket(signal) {
      const response = await tokens.fetch(`${http.baseUrl}/_sluice/ticket`, { method: 'POST', signal });
      // A gateway without tokens has no tickets.
      if (response.status === 404) return undefined;
      if (!response.ok) throw await errorFromResponse(response);
      return ((await response.json()) as { ticket: string }).ticket;
    },
    renews: (code) => code === Code.UNAUTHENTICATED && tokens.renew(),
  };
}
