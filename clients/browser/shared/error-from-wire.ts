import { MAX_ERROR_BYTES, readBodyText } from './body-text.js';
import { Code, codeFromHttpStatus, codeFromName, codeFromNumber, codeName } from './code.js';
import { excerpt, isJsonObject, objectFrom } from './json.js';
import { SluiceError, type SluiceErrorOptions, textOf } from './sluice-error.js';

/**
 * The error of an `error` object (PROTOCOL.md, section 4): in an HTTP body, an SSE `error` event or the last element of NDJSON.
 * Its `code` is an HTTP status, so the gRPC code comes from the name in `status`.
 */
export function errorFromErrorObject(error: unknown, extra: SluiceErrorOptions = {}): SluiceError {
  const { code: httpStatus, status, message, details } = objectFrom(error);
  const known = typeof httpStatus === 'number' ? httpStatus : undefined;
  return wireError(codeFromName(status) ?? codeFromHttpStatus(known), message, details, {
    ...extra,
    httpStatus: known,
  });
}

/** The error of a `status` object (google.rpc.Status), as `end` events and `end` frames have it. Undefined for OK. */
export function errorFromStatusObject(status: unknown): SluiceError | undefined {
  if (!isJsonObject(status)) return new SluiceError(Code.UNKNOWN, 'UNKNOWN');
  // ProtoJSON may omit a zero, so a missing code is OK.
  const code = codeFromNumber(status.code ?? 0);
  return code === Code.OK ? undefined : wireError(code, status.message, status.details);
}

/**
 * The error of an HTTP response that is not a success, whose body is read here. That is the gateway's `error` object, or the text of a proxy.
 * Rejects when the body cannot be read.
 */
export async function errorFromResponse(response: Response): Promise<SluiceError> {
  const { status: httpStatus, headers } = response;
  const body = (await readBodyText(response, MAX_ERROR_BYTES)).trim();
  // In seconds. The form with a date is ignored: the clocks may differ.
  const retryAfter = headers.get('retry-after') ?? '';
  const retryAfterMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
  try {
    const { error } = objectFrom(JSON.parse(body));
    if (isJsonObject(error)) return errorFromErrorObject({ code: httpStatus, ...error }, { retryAfterMs });
  } catch {
    // Not the gateway's: a proxy's page, whose only reliable information is its status.
  }
  const grpcStatus = headers.get('grpc-status') ?? '';
  const code = /^\d{1,2}$/.test(grpcStatus)
    ? codeFromNumber(Number(grpcStatus))
    : codeFromHttpStatus(httpStatus);
  const text = body === '' ? 'without a body' : `with the body ${excerpt(body)}`;
  return new SluiceError(code === Code.OK ? Code.UNKNOWN : code, `HTTP ${httpStatus} ${text}`, {
    retryAfterMs,
    httpStatus,
  });
}

/** The text and the details of an error are what arrived, so they may be anything. */
function wireError(code: Code, message: unknown, details: unknown, extra?: SluiceErrorOptions): SluiceError {
  return new SluiceError(code, textOf(message) ?? codeName(code), {
    ...extra,
    details: Array.isArray(details) ? details.filter(isJsonObject) : [],
  });
}
