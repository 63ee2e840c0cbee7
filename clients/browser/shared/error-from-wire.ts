import { Code, codeFromHttpStatus, codeFromName, codeFromNumber, codeName } from './code.js';
import { excerpt, isJsonObject } from './json.js';
import { SluiceError } from './sluice-error.js';

/**
 * The `error` object of PROTOCOL.md section 4, as it stands in an HTTP body, an SSE `error` event or the last
 * element of NDJSON. Its `code` is an HTTP status, so the gRPC code is taken from the name.
 */
export function errorFromErrorObject(
  error: unknown,
  extra: { truncated?: boolean; retryAfterMs?: number } = {},
): SluiceError {
  if (!isJsonObject(error)) {
    return new SluiceError(Code.UNKNOWN, 'the gateway reported an error without saying which', extra);
  }
  const httpStatus = typeof error.code === 'number' ? error.code : undefined;
  const code = codeFromName(error.status) ?? codeFromHttpStatus(httpStatus ?? 0);
  return new SluiceError(code, textOf(error.message, code), {
    ...extra,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    details: detailsOf(error.details),
  });
}

/** The `status` object (google.rpc.Status) of an SSE `end` event; undefined when it says OK. */
export function errorFromStatusObject(status: unknown): SluiceError | undefined {
  // A missing number is OK: ProtoJSON may leave out a zero.
  const code = isJsonObject(status) ? codeFromNumber(status.code ?? 0) : Code.UNKNOWN;
  if (code === Code.OK) return undefined;
  const { message, details } = isJsonObject(status) ? status : {};
  return new SluiceError(code, textOf(message, code), { details: detailsOf(details) });
}

/** An HTTP answer that is not a success: with our body, or with whatever a proxy in between wrote. */
export function errorFromHttp(httpStatus: number, headers: Headers, body: string): SluiceError {
  const retryAfterMs = retryAfterFromHeader(headers.get('retry-after'));
  const extra = retryAfterMs === undefined ? {} : { retryAfterMs };
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJsonObject(parsed) && isJsonObject(parsed.error)) {
      return errorFromErrorObject({ code: httpStatus, ...parsed.error }, extra);
    }
  } catch {
    // Not ours: a proxy's page. What it means is told by the status alone.
  }
  const text = body.trim() === '' ? 'no text' : excerpt(body.trim());
  const grpcStatus = headers.get('grpc-status');
  const code =
    grpcStatus !== null && /^\d{1,2}$/.test(grpcStatus)
      ? codeFromNumber(Number(grpcStatus))
      : codeFromHttpStatus(httpStatus);
  return new SluiceError(code === Code.OK ? Code.UNKNOWN : code, `HTTP ${httpStatus}, ${text}`, {
    ...extra,
    httpStatus,
  });
}

/** `Retry-After` in seconds, as milliseconds. The form with a date is ignored: the clocks may differ. */
function retryAfterFromHeader(value: string | null): number | undefined {
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) * 1000 : undefined;
}

function textOf(message: unknown, code: Code): string {
  return typeof message === 'string' && message !== '' ? message : codeName(code);
}

function detailsOf(details: unknown) {
  return Array.isArray(details) ? details.filter(isJsonObject) : [];
}
