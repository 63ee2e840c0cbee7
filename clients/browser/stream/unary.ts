import { MAX_ANSWER_BYTES, readBodyText } from '../shared/body-text.js';
import { openCallScope } from '../shared/call-scope.js';
import { errorFromResponse } from '../shared/error-from-wire.js';
import type { HttpEndpoint, RequestHeaders } from '../shared/http-endpoint.js';
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
  endpoint: HttpEndpoint,
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
    const { headers, timeoutMs } = options;
    const post = await endpoint.post(body, {
      accept: 'application/json',
      headers,
      timeoutMs,
      signal: scope.signal,
    });
    const response = await reached(endpoint.fetch(url, post));
    options.onHeaders?.(response.headers);
    if (response.status !== 200) throw await reached(errorFromResponse(response));
    return parseJson(await reached(readBodyText(response, MAX_ANSWER_BYTES))) as Response;
  } finally {
    scope.close();
  }
}
