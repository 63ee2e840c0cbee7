import { Code, codeFromHttpStatus, codeFromName, codeFromNumber, codeName } from './code.js';
import { excerpt, isJsonObject } from './json.js';
import { SluiceError, type SluiceErrorOptions } from './sluice-error.js';

/**
 * The error of an `error` object (PROTOCOL.md, section 4): in an HTTP body, an SSE `error` event or the last element of NDJSON.
 * Its `code` is an HTTP status, so the gRPC code comes from the name in `status`.
 */
export function errorFromErrorObject(
  error: unknown,
  extra: Pick<SluiceErrorOptions, 'truncated' | 'retryAfterMs'> = {},
): SluiceError {
  if (!isJsonObject(error)) {
    return new SluiceError(Code.UNKNOWN, 'the gateway sent an error without a description', extra);
  }
  const httpStatus = typeof error.code === 'number' ? error.code : undefined;
  const code = codeFromName(error.status) ?? codeFromHttpStatus(httpStatus ?? 0);
  return new SluiceError(code, textOf(error.message, code), {
    ...extra,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    details: detailsOf(error.details),
  });
}

/** The error of a `status` object (google.rpc.Status), as `end` events and `end` frames have it. Undefined for OK. */
export function errorFromStatusObject(status: unknown): SluiceError | undefined {
  // ProtoJSON may omit a zero, so a missing code is OK.
  const code = isJsonObject(status) ? codeFromNumber(status.code ?? 0) : Code.UNKNOWN;
  if (code === Code.OK) return undefined;
  const { message, details } = isJsonObject(status) ? status : {};
  return new SluiceError(code, textOf(message, code), { details: detailsOf(details) });
}

/** The error of an HTTP response that is not a success. Its body is the gateway's `error` object, or the text of a proxy. */
export function errorFromHttp(httpStatus: number, headers: Headers, body: string): SluiceError {
  const retryAfterMs = retryAfterFromHeader(headers.get('retry-after'));
  const extra = retryAfterMs === undefined ? {} : { retryAfterMs };
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJsonObject(parsed) && isJsonObject(parsed.error)) {
      return errorFromErrorObject({ code: httpStatus, ...parsed.error }, extra);
    }
  } catch {
    // Not the gateway's: a proxy's page, whose only reliable information is its status.
  }
  const grpcStatus = headers.get('grpc-status');
  const code =
    grpcStatus !== null && /^\d{1,2}$/.test(grpcStatus)
      ? codeFromNumber(Number(grpcStatus))
      : codeFromHttpStatus(httpStatus);
  const text = body.trim() === '' ? 'without a body' : `with the body ${excerpt(body.trim())}`;
  return new SluiceError(code === Code.OK ? Code.UNKNOWN : code, `HTTP ${httpStatus} ${text}`, {
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
