import { type Call, type CallOptions, openCall } from './session/call.js';
import type { Metadata } from './session/session-frame.js';
import { createSessionPool, type SessionOptions } from './session/session-pool.js';
import { createEndpoint, type EndpointOptions } from './shared/endpoint.js';
import type { JsonObject } from './shared/json.js';
import { type CallSocket, openCallSocket, type SocketOptions } from './socket/call-socket.js';
import { openServerStream, type ServerStream, type StreamOptions } from './stream/server-stream.js';
import { callUnary, type UnaryOptions } from './stream/unary.js';

export interface ClientOptions extends EndpointOptions {
  /** Metadata of every `call`, under that of the call itself. A function is asked again whenever a call begins or resumes. */
  readonly metadata?: Metadata | (() => Metadata | Promise<Metadata>);
  /** The sockets that `call` shares. */
  readonly session?: SessionOptions;
}

/** Calls of any method the gateway knows, by name: "pkg.Service/Method". Requests and answers are canonical ProtoJSON. */
export interface Client {
  /**
   * A call of any kind, on a WebSocket that all of them share: with flow control both ways that ends at the page's own code, not at the
   * browser's buffers, and moving from a gateway that leaves to another. Begins at once. See `Call`.
   */
  call<Message extends JsonObject = JsonObject>(method: string, options?: CallOptions): Call<Message>;
  /** One request, one answer. See `callUnary`. */
  unary<Response extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: UnaryOptions,
  ): Promise<Response>;
  /** One request, many answers; pauses the service, resumes where the method allows. See `openServerStream`. */
  serverStream<Message extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: StreamOptions,
  ): ServerStream<Message>;
  /** Many requests, one or many answers. See `openCallSocket`. */
  socket<Message extends JsonObject = JsonObject>(
    method: string,
    options?: SocketOptions,
  ): CallSocket<Message>;
  /**
   * Closes the sockets of `call`; calls that are open end with CANCELLED, and later ones with FAILED_PRECONDITION. A client that is not used
   * needs no closing: idle sockets close by themselves, and the other three ways hold nothing.
   */
  close(): void;
}

/** Creates a client. Nothing is opened until a call is made. */
export function createClient(options: ClientOptions = {}): Client {
  const endpoint = createEndpoint(options);
  const pool = createSessionPool(endpoint, options.session ?? {});
  const { metadata = {} } = options;
  const clientMetadata = typeof metadata === 'function' ? metadata : () => metadata;
  return {
    call: (method, callOptions = {}) =>
      openCall({ pool, method: endpoint.methodName(method), clientMetadata, options: callOptions }),
    unary: (method, request, callOptions = {}) => callUnary(endpoint, method, request, callOptions),
    serverStream: (method, request, streamOptions = {}) =>
      openServerStream(endpoint, method, request, streamOptions),
    socket: (method, socketOptions = {}) => openCallSocket(endpoint, method, socketOptions),
    close: () => pool.close(),
  };
}
