import { createHttpEndpoint, type HttpEndpoint, type HttpEndpointOptions } from './shared/http-endpoint.js';
import type { JsonObject } from './shared/json.js';
import { openServerStream, type ServerStream } from './stream/server-stream.js';
import type { StreamOptions } from './stream/stream-options.js';
import { callUnary, type UnaryOptions } from './stream/unary.js';
import type { ServiceTypes, TypedHttpClient } from './typed-client.js';

export type HttpClientOptions = HttpEndpointOptions;

/** Calls methods with one request, each by an HTTP request of its own. */
export interface HttpClient {
  /** One request, one answer. See `callUnary`. */
  unary<Response extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: UnaryOptions,
  ): Promise<Response>;
  /** One request, many answers; resumes if the method has cursors. See `openServerStream`. */
  serverStream<Message extends JsonObject = JsonObject>(
    method: string,
    request: unknown,
    options?: StreamOptions,
  ): ServerStream<Message>;
}

/**
 * Creates a client with `unary` and `serverStream` alone, a third of the code of `createClient`: what a page imports nothing of, its bundler leaves out.
 * It holds no connection, so there is nothing to close. With the `Services` of `sluice types` the compiler knows the methods.
 */
export function createHttpClient(options?: HttpClientOptions): HttpClient;
export function createHttpClient<Services extends ServiceTypes<Services>>(
  options?: HttpClientOptions,
): TypedHttpClient<Services>;
// Again: `ReturnType<typeof createHttpClient>` is that of the last one.
export function createHttpClient(options?: HttpClientOptions): HttpClient;
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return httpCalls(createHttpEndpoint(options));
}

/** The calls of a client that go by HTTP. */
export function httpCalls(endpoint: HttpEndpoint): HttpClient {
  return {
    unary: (method, request, options = {}) => callUnary(endpoint, method, request, options),
    serverStream: (method, request, options = {}) => openServerStream(endpoint, method, request, options),
  };
}
