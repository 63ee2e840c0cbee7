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

/** The names by their numbers: a page that does not use `Code` need not load it. */
const NAMES: readonly CodeName[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

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
  const code = NAMES.indexOf(value as CodeName);
  return code === -1 ? undefined : (code as Code);
}

/**
 * The code for an HTTP status without the gateway's own error, for example the 502 of a proxy.
 * Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function codeFromHttpStatus(httpStatus: number | undefined): Code {
  const codes: { readonly [status: number]: Code } = {
    400: Code.INTERNAL,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.UNIMPLEMENTED,
    429: Code.UNAVAILABLE,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.UNAVAILABLE,
  };
  return codes[httpStatus ?? 0] ?? Code.UNKNOWN;
}

/** Whether a stream with cursors may resume after an error with this code (PROTOCOL.md, section 6). */
export function isRetryable(code: Code): boolean {
  const temporary: readonly Code[] = [
    Code.UNAVAILABLE,
    Code.RESOURCE_EXHAUSTED,
    Code.ABORTED,
    Code.DEADLINE_EXCEEDED,
  ];
  return temporary.includes(code);
}
