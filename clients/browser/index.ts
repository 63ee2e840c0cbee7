export type { CallSocket, SocketOptions } from './call-socket.js';
export { type Client, createClient } from './client.js';
export { Code, type CodeName } from './code.js';
export type { ClientOptions, RequestHeaders, WebSocketConstructor, WebSocketLike } from './endpoint.js';
export type { JsonObject } from './json.js';
export type { ServerStream, StreamOptions } from './server-stream.js';
export { SluiceError } from './sluice-error.js';
export { createSseParser, type SseEvent, type SseParser, type SseParserOptions } from './sse-parser.js';
export type { CallOptions } from './unary.js';
