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

const names = Object.keys(Code) as CodeName[];

/** The name of a code, for example "NOT_FOUND". */
export function codeName(code: Code): CodeName {
  return names[code] as CodeName;
}

/** A number from the wire as a code. What gRPC does not define is UNKNOWN, as its specification demands. */
export function codeFromNumber(value: number): Code {
  return Number.isInteger(value) && value >= 0 && value < names.length ? (value as Code) : Code.UNKNOWN;
}

/**
 * Whether the same request may succeed when it is simply sent again a little later: what lets an
 * `EventSource` come back instead of giving up.
 */
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
