/** The gRPC status codes. Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof Code;
export type Code = (typeof Code)[CodeName];

const NAMES = Object.keys(Code) as CodeName[];

/** The name of a code, for example "NOT_FOUND". */
export function codeName(code: Code): CodeName {
  return NAMES[code] as CodeName;
}

/** A number from the wire as a code. Numbers that gRPC does not define become UNKNOWN. */
export function codeFromNumber(value: unknown): Code {
  return typeof value === 'number' && NAMES[value] !== undefined ? (value as Code) : Code.UNKNOWN;
}

/** A name from the wire as a code; undefined if gRPC does not define it. */
export function codeFromName(value: unknown): Code | undefined {
  return typeof value === 'string' && Object.hasOwn(Code, value) ? Code[value as CodeName] : undefined;
}

/**
 * The code for an HTTP status without the gateway's own error, for example the 502 of a proxy.
 * Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function codeFromHttpStatus(httpStatus: number): Code {
  switch (httpStatus) {
    case 400:
      return Code.INTERNAL;
    case 401:
      return Code.UNAUTHENTICATED;
    case 403:
      return Code.PERMISSION_DENIED;
    case 404:
      return Code.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code.UNAVAILABLE;
    default:
      return Code.UNKNOWN;
  }
}

/** Whether a stream with cursors may resume after an error with this code (PROTOCOL.md, section 6). */
export function isRetryable(code: Code): boolean {
  switch (code) {
    case Code.UNAVAILABLE:
    case Code.RESOURCE_EXHAUSTED:
    case Code.ABORTED:
    case Code.DEADLINE_EXCEEDED:
      return true;
    default:
      return false;
  }
}
