import { Code } from './code.js';

/** What a reason says on the wire besides its name. */
interface ReasonRow {
  /** The gRPC code; the first one where what happened upstream decides. */
  readonly code: Code;
  /** Where HTTP has a status that says more than the code's own. */
  readonly httpStatus?: number;
  /** When to try again, where nothing else says it, in seconds. */
  readonly retryAfter?: number;
}

/**
 * Why the gateway itself refuses or ends something: the closed list of PROTOCOL.md, section 17, with the code and the HTTP status of
 * each. A reason is never given to an error of the service.
 */
export const REASONS = {
  // The request names something that is not here, or in a way that is not taken.
  PATH_NOT_FOUND: { code: Code.NOT_FOUND },
  METHOD_NOT_FOUND: { code: Code.UNIMPLEMENTED },
  METHOD_LEFT_OUT: { code: Code.UNIMPLEMENTED },
  HTTP_METHOD_UNKNOWN: { code: Code.UNIMPLEMENTED },
  HTTP_METHOD_NOT_ALLOWED: { code: Code.UNIMPLEMENTED, httpStatus: 405 },
  NOT_ACCEPTABLE: { code: Code.INVALID_ARGUMENT, httpStatus: 406 },
  LENGTH_REQUIRED: { code: Code.INVALID_ARGUMENT, httpStatus: 411 },
  UNSUPPORTED_CONTENT_TYPE: { code: Code.INVALID_ARGUMENT, httpStatus: 415 },
  UNSUPPORTED_CONTENT_ENCODING: { code: Code.INVALID_ARGUMENT, httpStatus: 415 },
  HTTP_VERSION_TOO_OLD: { code: Code.UNIMPLEMENTED, httpStatus: 505 },
  CALL_NOT_FOUND: { code: Code.NOT_FOUND },
  CALL_GONE: { code: Code.NOT_FOUND, httpStatus: 410 },
  UPGRADE_REQUIRED: { code: Code.INVALID_ARGUMENT, httpStatus: 426 },
  // The request cannot be read.
  INVALID_REQUEST: { code: Code.INVALID_ARGUMENT },
  INVALID_HEADER: { code: Code.INVALID_ARGUMENT },
  INVALID_METADATA: { code: Code.INVALID_ARGUMENT },
  INVALID_PARAMETER: { code: Code.INVALID_ARGUMENT },
  INVALID_CURSOR: { code: Code.INVALID_ARGUMENT },
  INVALID_MESSAGE: { code: Code.INVALID_ARGUMENT },
  UNEXPECTED_BODY: { code: Code.INVALID_ARGUMENT },
  UNEXPECTED_MESSAGE: { code: Code.INVALID_ARGUMENT },
  IDEMPOTENCY_CONFLICT: { code: Code.INVALID_ARGUMENT, httpStatus: 422 },
  // The client may not come in.
  HOST_NOT_SERVED: { code: Code.PERMISSION_DENIED, httpStatus: 421 },
  ORIGIN_NOT_ALLOWED: { code: Code.PERMISSION_DENIED },
  CREDENTIAL_NEEDED: { code: Code.UNAUTHENTICATED },
  CREDENTIAL_INVALID: { code: Code.UNAUTHENTICATED },
  CREDENTIAL_EXPIRED: { code: Code.UNAUTHENTICATED },
  ACCESS_DENIED: { code: Code.PERMISSION_DENIED },
  KEYS_UNREACHABLE: { code: Code.UNAVAILABLE },
  AUTHORIZATION_DENIED: { code: Code.PERMISSION_DENIED },
  AUTHORIZATION_UNREACHABLE: { code: Code.UNAVAILABLE },
  // Too large, or too much at once.
  HEAD_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED, httpStatus: 431 },
  CHUNK_EXTENSIONS_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED, httpStatus: 413 },
  MESSAGE_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED, httpStatus: 413 },
  METADATA_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED },
  PIPELINE_LIMIT: { code: Code.RESOURCE_EXHAUSTED },
  UPLOAD_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED, httpStatus: 413 },
  ADDRESS_LIMIT: { code: Code.RESOURCE_EXHAUSTED },
  PRINCIPAL_LIMIT: { code: Code.RESOURCE_EXHAUSTED },
  RATE_LIMIT: { code: Code.RESOURCE_EXHAUSTED },
  SESSION_LIMIT: { code: Code.RESOURCE_EXHAUSTED },
  DETACHED_LIMIT: { code: Code.RESOURCE_EXHAUSTED, retryAfter: 1 },
  RECORDING_FULL: { code: Code.RESOURCE_EXHAUSTED },
  GATEWAY_LIMIT: { code: Code.UNAVAILABLE, retryAfter: 1 },
  // Something took too long, or ended early.
  HEAD_TIMEOUT: { code: Code.DEADLINE_EXCEEDED, httpStatus: 408 },
  MESSAGE_TIMEOUT: { code: Code.DEADLINE_EXCEEDED, httpStatus: 408 },
  BODY_IDLE: { code: Code.DEADLINE_EXCEEDED, httpStatus: 408 },
  FIRST_MESSAGE_TIMEOUT: { code: Code.DEADLINE_EXCEEDED },
  DEADLINE_PASSED: { code: Code.DEADLINE_EXCEEDED },
  CLIENT_STALLED: { code: Code.RESOURCE_EXHAUSTED },
  CLIENT_TOO_SLOW: { code: Code.RESOURCE_EXHAUSTED },
  SERVICE_STALLED: { code: Code.DEADLINE_EXCEEDED },
  SERVICE_SILENT: { code: Code.DEADLINE_EXCEEDED },
  CANCELLED: { code: Code.CANCELLED },
  CLIENT_LEFT: { code: Code.CANCELLED },
  // Messages are missing, and this surface has no place to say so and go on.
  GAP: { code: Code.OUT_OF_RANGE },
  // The gateway is not ready, or leaves.
  DRAINING: { code: Code.UNAVAILABLE },
  JOURNAL_UNREACHABLE: { code: Code.UNAVAILABLE, retryAfter: 1 },
  LEADER_LOST: { code: Code.UNAVAILABLE },
  SCHEMA_NOT_LOADED: { code: Code.UNAVAILABLE },
  // The service could not be asked, or what it sent is not gRPC.
  UPSTREAM_UNREACHABLE: { code: Code.UNAVAILABLE },
  UPSTREAM_NOT_GRPC: { code: Code.UNAVAILABLE },
  UPSTREAM_FULL: { code: Code.RESOURCE_EXHAUSTED },
  UPSTREAM_CONNECTION_LOST: { code: Code.UNAVAILABLE },
  UPSTREAM_RESET: { code: Code.INTERNAL },
  UPSTREAM_HTTP_STATUS: { code: Code.UNKNOWN },
  UPSTREAM_PROTOCOL_ERROR: { code: Code.INTERNAL },
  UPSTREAM_INVALID_MESSAGE: { code: Code.INTERNAL },
  UPSTREAM_TOO_LARGE: { code: Code.RESOURCE_EXHAUSTED },
  // A defect of the gateway.
  INTERNAL: { code: Code.INTERNAL },
} as const satisfies Readonly<Record<string, ReasonRow>>;

/** One of `REASONS`. */
export type Reason = keyof typeof REASONS;

/** The gRPC code of a reason. */
export function codeOfReason(reason: Reason): Code {
  return REASONS[reason].code;
}

/** The HTTP status of a reason where it is not that of its code. */
export function httpStatusOfReason(reason: Reason): number | undefined {
  const row: ReasonRow = REASONS[reason];
  return row.httpStatus;
}

/** When to try again what was refused for a reason, in seconds; `undefined`: not said. */
export function retryAfterOfReason(reason: Reason): number | undefined {
  const row: ReasonRow = REASONS[reason];
  return row.retryAfter;
}
