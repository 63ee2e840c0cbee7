import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES, readBodyText } from '../shared/body-text.js';
import { openCallScope } from '../shared/call-scope.js';
import { type Endpoint, grpcTimeout, type RequestHeaders } from '../shared/endpoint.js';
import { errorFromHttp } from '../shared/error-from-wire.js';
import { type JsonObject, parseJson, stringifyJson } from '../shared/json.js';

export interface UnaryOptions {
  /** Aborting it ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Headers of this call; they replace those of the client, name by name. */
  readonly headers?: RequestHeaders;
  /** The deadline of the whole call, in milliseconds, sent as `Grpc-Timeout`. Default: the gateway's (30 s for unary calls, none for streams). */
  readonly timeoutMs?: number;
  /** Called with the response headers, for a stream those of each connection. `grpc-metadata-*` and `grpc-trailer-*` come from the service. */
  readonly onHeaders?: (headers: Headers) => void;
}

/**
 * Calls a unary method: one request, one answer. Every failure of the service, the gateway or the network is a
 * `SluiceError`. It never retries.
 */
export async function callUnary<Response extends JsonObject>(
  endpoint: Endpoint,
  method: string,
  request: unknown,
  options: UnaryOptions,
): Promise<Response> {
  const url = endpoint.httpUrl(method);
  const body = stringifyJson(request);
  const scope = openCallScope({ ...options, endsWithPage: true });
  const reached = <Value>(pending: Promise<Value>) =>
    pending.catch((cause: unknown) => {
      throw scope.errorFrom(cause);
    });
  try {
    const headers = await endpoint.headers(options.headers ?? {}, {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(options.timeoutMs === undefined ? {} : { 'grpc-timeout': grpcTimeout(options.timeoutMs) }),
    });
    const response = await reached(
      endpoint.fetch(url, { method: 'POST', headers, body, signal: scope.signal }),
    );
    options.onHeaders?.(response.headers);
    if (response.status !== 200) {
      throw errorFromHttp(
        response.status,
        response.headers,
        await reached(readBodyText(response, MAX_ERROR_BYTES)),
      );
    }
    return parseJson(await reached(readBodyText(response, MAX_ANSWER_BYTES))) as Response;
  } finally {
    scope.close();
  }
}
