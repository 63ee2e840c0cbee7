export { type Client, type ClientOptions, createClient } from './client.js';
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client.js';
export type { Call } from './session/call-handle.js';
export type { CallOptions, JoinOptions } from './session/call-options.js';
export type { CallState } from './session/call-state.js';
export type { CallStatus } from './session/call-status.js';
export type { Gap, Metadata } from './session/session-frame.js';
export type { SessionOptions } from './session/session-options.js';
export { Code, type CodeName } from './shared/code.js';
export type {
  EndpointOptions,
  WebSocketConstructor,
  WebSocketLike,
} from './shared/endpoint.js';
export type { HttpEndpointOptions, RequestHeaders } from './shared/http-endpoint.js';
export type { JsonObject } from './shared/json.js';
export type { Reconnect, ReconnectOptions } from './shared/reconnect.js';
export { SluiceError } from './shared/sluice-error.js';
export type { CallSocket } from './socket/call-socket.js';
export type { SocketOptions } from './socket/socket-options.js';
export type { KeptStreamOptions } from './stream/kept-stream.js';
export type { ServerStream } from './stream/server-stream.js';
export {
  createSseParser,
  type SseEvent,
  type SseParser,
  type SseParserOptions,
} from './stream/sse-parser.js';
export type { StreamOptions } from './stream/stream-options.js';
export type { UnaryOptions } from './stream/unary.js';
export type {
  MethodName,
  MethodTypes,
  ServiceTypes,
  TypedCallOptions,
  TypedClient,
  TypedHttpClient,
} from './typed-client.js';
