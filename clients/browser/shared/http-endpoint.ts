import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Request headers by name. Metadata for the service has the prefix `grpc-metadata-` (PROTOCOL.md, section 3). */
export type RequestHeaders = Readonly<Record<string, string>>;

export interface HttpEndpointOptions {
  /** The URL of the gateway, for example "https://api.example.com" or "/gateway". Default: the origin of the page. */
  readonly baseUrl?: string;
  /**
   * Headers of every HTTP request. A function is called for each request and each reconnect, so that it can return a fresh token.
   * Not for WebSockets: browsers cannot set headers there.
   */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** What a call over HTTP says besides its message. */
export interface HttpCallHead {
  readonly accept: string;
  readonly headers: RequestHeaders | undefined;
  readonly timeoutMs: number | undefined;
  /** The id after which a stream goes on. Default: none. */
  readonly lastEventId?: string;
  readonly signal: AbortSignal;
}

/** The address of a gateway and the way to reach it by HTTP: the options, completed. */
export interface HttpEndpoint {
  /** `baseUrl` without slashes at its end; empty for the origin of the page. */
  readonly baseUrl: string;
  /** The URL of a method for HTTP. Throws INVALID_ARGUMENT if the name is not "pkg.Service/Method". */
  httpUrl(method: string): string;
  /** The request of one call, a `POST`. Headers of the call replace those of the client, and what the call says besides replaces both. */
  post(body: string, call: HttpCallHead): Promise<RequestInit>;
  readonly fetch: typeof fetch;
  /** Whether a stream may resume after an error with this code, because the client has another token then. Absent: it has none. */
  renews?(code: Code): boolean;
}

/** Completes the options. Opens no connection. */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const baseUrl = withoutSlashes(options.baseUrl ?? '');
  const { fetch: givenFetch, headers: given } = options;
  return {
    baseUrl,
    httpUrl: (method) => baseUrl + pathOf(method),
    async post(body, { accept, headers: ofCall, timeoutMs, lastEventId, signal }) {
      const headers = new Headers(typeof given === 'function' ? await given() : given);
      const all: RequestHeaders = {
        ...ofCall,
        'content-type': 'application/json',
        accept,
        ...(lastEventId ? { 'last-event-id': lastEventId } : undefined),
        ...(timeoutMs ? { 'grpc-timeout': grpcTimeout(timeoutMs) } : undefined),
      };
      for (const [name, value] of Object.entries(all)) {
        try {
          headers.set(name, value);
        } catch (cause) {
          const message = `the header ${JSON.stringify(name)} is not valid in HTTP`;
          throw new SluiceError(Code.INVALID_ARGUMENT, message, { cause });
        }
      }
      return { method: 'POST', headers, body, signal };
    },
    // Called as a plain function: the browser's fetch throws for any other `this`.
    fetch: (input, init) => (givenFetch ?? fetch)(input, init),
  };
}

/** A timeout as the value of `Grpc-Timeout`: at most eight digits and a unit. */
function grpcTimeout(timeoutMs: number): string {
  const ms = Math.ceil(timeoutMs);
  return ms <= 99_999_999 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

/** The path of a method, which is its URL below the gateway. Throws INVALID_ARGUMENT if the name is not "pkg.Service/Method". */
export function pathOf(method: string): string {
  const path = method.startsWith('/') ? method : `/${method}`;
  if (!/^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/.test(path)) {
    throw new SluiceError(
      Code.INVALID_ARGUMENT,
      `method must be "pkg.Service/Method", not ${JSON.stringify(method)}`,
    );
  }
  return path;
}

/** The URL without slashes at its end. */
function withoutSlashes(url: string): string {
  return url.endsWith('/') ? withoutSlashes(url.slice(0, -1)) : url;
}
