import { type HttpClient, httpCalls } from './http-client.js';
import { openCall } from './session/call.js';
import type { Call } from './session/call-handle.js';
import type { CallOptions, JoinOptions } from './session/call-options.js';
import { type CallState, callState } from './session/call-state.js';
import type { Metadata } from './session/session-frame.js';
import type { SessionOptions } from './session/session-options.js';
import { createSessionPool } from './session/session-pool.js';
import { endpointAt, pathOfCall } from './shared/call-location.js';
import { createEndpoint, type EndpointOptions } from './shared/endpoint.js';
import type { JsonObject } from './shared/json.js';
import { type CallSocket, openCallSocket } from './socket/call-socket.js';
import type { SocketOptions } from './socket/socket-options.js';
import { type KeptStreamOptions, openKeptStream } from './stream/kept-stream.js';
import type { ServerStream } from './stream/server-stream.js';
import type { ServiceTypes, TypedClient } from './typed-client.js';

export interface ClientOptions extends EndpointOptions {
  /** Metadata of every `call`; metadata of the call replaces it, name by name. A function is called whenever a call begins or resumes. */
  readonly metadata?: Metadata | (() => Metadata | Promise<Metadata>);
  /** The WebSockets that calls share. */
  readonly session?: SessionOptions;
}

/** Calls any method that the gateway knows, by its name "pkg.Service/Method". Requests and answers are canonical ProtoJSON. */
export interface Client extends HttpClient {
  /**
   * A call of any kind, on a WebSocket that all calls of the client share. Flow control works in both directions up to the page's own code,
   * and a call with cursors moves away from a gateway that shuts down. Begins at once. See `Call`.
   */
  call<Message extends JsonObject = JsonObject>(method: string, options?: CallOptions): Call<Message>;
  /**
   * Joins a detached call at its location, with any number of others: its messages from the beginning that the method's rule names, or after `cursor`. Sends
   * nothing, and leaving it does not end the call; `stop` does. A location that is none throws INVALID_ARGUMENT.
   */
  join<Message extends JsonObject = JsonObject>(location: string, options?: JoinOptions): Call<Message>;
  /** As `join`, over HTTP, as `serverStream` is: see `openServerStream`. Begins when the first message is asked for. */
  joinStream<Message extends JsonObject = JsonObject>(
    location: string,
    options?: KeptStreamOptions,
  ): ServerStream<Message>;
  /** See `HttpClient.serverStream`. */
  serverStream<Message extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: KeptStreamOptions,
  ): ServerStream<Message>;
  /** How a detached call stands. Rejects with NOT_FOUND for a location where there is none, or none any more. */
  callState(location: string, options?: { readonly signal?: AbortSignal }): Promise<CallState>;
  /** Many requests, one or many answers, on a WebSocket of its own. See `openCallSocket`. */
  socket<Message extends JsonObject = JsonObject>(
    method: string,
    options?: SocketOptions,
  ): CallSocket<Message>;
  /**
   * Closes the shared sockets: open calls end with CANCELLED, and later ones with FAILED_PRECONDITION. A client without calls need not be closed:
   * its idle sockets close by themselves. The other three ways are not affected.
   */
  close(): void;
}

/**
 * Creates a client. It opens no connection until a call is made. With the `Services` of `sluice types`, as in `createClient<Services>()`, the compiler
 * completes the names of methods and refuses a wrong request.
 */
export function createClient(options?: ClientOptions): Client;
export function createClient<Services extends ServiceTypes<Services>>(
  options?: ClientOptions,
): TypedClient<Services>;
// Again: `ReturnType<typeof createClient>` is that of the last one.
export function createClient(options?: ClientOptions): Client;
export function createClient(options: ClientOptions = {}): Client {
  const endpoint = createEndpoint(options);
  const pool = createSessionPool(endpoint, options.session ?? {});
  const { metadata = {} } = options;
  const clientMetadata = typeof metadata === 'function' ? metadata : () => metadata;
  const shared = { pool, clientMetadata };
  return {
    ...httpCalls(endpoint),
    call: (method, callOptions = {}) =>
      openCall({ ...shared, method: endpoint.methodName(method), location: '', options: callOptions }),
    serverStream: (method, request, streamOptions = {}) =>
      openKeptStream(endpoint, method, request, streamOptions),
    joinStream: (location, streamOptions = {}) =>
      openKeptStream(endpointAt(endpoint, location), '', {}, streamOptions),
    join: (location, joinOptions = {}) =>
      openCall({ ...shared, method: '', location: pathOfCall(location), options: joinOptions }),
    callState: (location, { signal } = {}) => callState(endpoint, location, clientMetadata, signal),
    socket: (method, socketOptions = {}) => openCallSocket(endpoint, method, socketOptions),
    close: () => pool.close(),
  };
}
