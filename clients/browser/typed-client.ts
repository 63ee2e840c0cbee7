import type { Call } from './session/call-handle.js';
import type { CallOptions, JoinOptions } from './session/call-options.js';
import type { CallState } from './session/call-state.js';
import type { CallSocket } from './socket/call-socket.js';
import type { SocketOptions } from './socket/socket-options.js';
import type { KeptStreamOptions } from './stream/kept-stream.js';
import type { ServerStream } from './stream/server-stream.js';
import type { StreamOptions } from './stream/stream-options.js';
import type { UnaryOptions } from './stream/unary.js';

/** What `sluice types` says of a method. */
export interface MethodTypes {
  readonly kind: 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';
  readonly request: unknown;
  readonly response: unknown;
}

/** The methods of services by their names "pkg.Service/Method": `Services` of `sluice types`. */
export type ServiceTypes<Services> = { readonly [Name in keyof Services]: MethodTypes };

/** The names of the methods of some kinds. */
export type MethodName<Services, Kind extends MethodTypes['kind'] = MethodTypes['kind']> = {
  [Name in keyof Services]: Services[Name] extends { readonly kind: Kind } ? Name : never;
}[keyof Services] &
  string;

type OneRequest = { readonly kind: 'unary' | 'server_stream' };

/** The options of `call` for a method: only one that takes a single message has `request`. */
export type TypedCallOptions<Method extends MethodTypes> = Omit<CallOptions, 'request'> & {
  readonly request?: Method extends OneRequest ? Method['request'] : never;
};

/** An `HttpClient` that knows the methods of its services, and their types. Nothing is checked at run time. */
export interface TypedHttpClient<Services extends ServiceTypes<Services>> {
  /** See `HttpClient.unary`. */
  unary<Name extends MethodName<Services, 'unary'>>(
    method: Name,
    request: Services[Name]['request'],
    options?: UnaryOptions,
  ): Promise<Services[Name]['response']>;
  /** See `HttpClient.serverStream`. */
  serverStream<Name extends MethodName<Services, 'server_stream'>>(
    method: Name,
    request: Services[Name]['request'],
    options?: StreamOptions,
  ): ServerStream<Services[Name]['response']>;
}

/** A client that knows the methods of its services, and their types. At run time it is a `Client` like any other: nothing is checked there. */
export interface TypedClient<Services extends ServiceTypes<Services>> extends TypedHttpClient<Services> {
  /** See `Client.call`. */
  call<Name extends MethodName<Services>>(
    method: Name,
    options?: TypedCallOptions<Services[Name]>,
  ): Call<Services[Name]['response'], Services[Name]['request']>;
  /** See `Client.serverStream`. */
  serverStream<Name extends MethodName<Services, 'server_stream'>>(
    method: Name,
    request: Services[Name]['request'],
    options?: KeptStreamOptions,
  ): ServerStream<Services[Name]['response']>;
  /** See `Client.join`. The location does not say of which method the call is: `join<'pkg.Service/Method'>(location)`. */
  join<Name extends MethodName<Services>>(
    location: string,
    options?: JoinOptions,
  ): Call<Services[Name]['response'], never>;
  /** See `Client.joinStream`; typed as `join` is. */
  joinStream<Name extends MethodName<Services>>(
    location: string,
    options?: KeptStreamOptions,
  ): ServerStream<Services[Name]['response']>;
  /** See `Client.callState`. */
  callState(location: string, options?: { readonly signal?: AbortSignal }): Promise<CallState>;
  /** See `Client.socket`. */
  socket<Name extends MethodName<Services>>(
    method: Name,
    options?: SocketOptions,
  ): CallSocket<Services[Name]['response'], Services[Name]['request']>;
  /** See `Client.close`. */
  close(): void;
}
