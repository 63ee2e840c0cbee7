import { type CallSocket, openCallSocket, type SocketOptions } from './call-socket.js';
import { type ClientOptions, createEndpoint } from './endpoint.js';
import type { JsonObject } from './json.js';
import { openServerStream, type ServerStream, type StreamOptions } from './server-stream.js';
import { type CallOptions, callUnary } from './unary.js';

/**
 * Calls of any method the gateway knows, by name: "pkg.Service/Method". Requests and answers are canonical ProtoJSON. It holds no
 * connection and needs no closing.
 */
export interface Client {
  /** One request, one answer. See `callUnary`. */
  unary<Response extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: CallOptions,
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
}

/** Creates a client. Nothing is opened until a call is made. */
export function createClient(options: ClientOptions = {}): Client {
  const endpoint = createEndpoint(options);
  return {
    unary: (method, request, callOptions = {}) => callUnary(endpoint, method, request, callOptions),
    serverStream: (method, request, streamOptions = {}) =>
      openServerStream(endpoint, method, request, streamOptions),
    socket: (method, socketOptions = {}) => openCallSocket(endpoint, method, socketOptions),
  };
}
