export { type Client, type ClientOptions, createClient } from './client.js';
export type { Call, CallOptions } from './session/call.js';
export type { Reconnect } from './session/call-attempts.js';
export type { CallStatus } from './session/call-status.js';
export type { Gap, Metadata } from './session/session-frame.js';
export type { SessionOptions } from './session/session-pool.js';
export { Code, type CodeName } from './shared/code.js';
export type {
  EndpointOptions,
  RequestHeaders,
  WebSocketConstructor,
  WebSocketLike,
} from './shared/endpoint.js';
export type { JsonObject } from './shared/json.js';
export { SluiceError } from './shared/sluice-error.js';
export type { CallSocket, SocketOptions } from './socket/call-socket.js';
export type { ServerStream, StreamOptions } from './stream/server-stream.js';
export {
  createSseParser,
  type SseEvent,
  type SseParser,
  type SseParserOptions,
} from './stream/sse-parser.js';
export type { UnaryOptions } from './stream/unary.js';
