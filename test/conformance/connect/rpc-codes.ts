/** The codes in their order, which is their number in gRPC. */
const NAMES = [
  'ok',
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];

/** "CODE_NOT_FOUND" of 5; of what is no error, "CODE_UNKNOWN". */
export function codeOfNumber(number: number): string {
  return `CODE_${(NAMES[number] ?? 'unknown').toUpperCase()}`;
}

export function numberOfCode(code: string): number {
  const number = NAMES.indexOf(code.slice('CODE_'.length).toLowerCase());
  if (number < 0) throw new RangeError(code);
  return number;
}

/** "CODE_NOT_FOUND" of Connect's "not_found"; `undefined` for what is no name of an error. */
export function codeOfConnectName(name: unknown): string | undefined {
  return typeof name === 'string' && NAMES.indexOf(name) > 0 ? `CODE_${name.toUpperCase()}` : undefined;
}

/** What a client makes of an HTTP status that says nothing else; Connect and gRPC have the same table. */
export function codeOfHttpStatus(status: number): string {
  switch (status) {
    case 400:
      return 'CODE_INTERNAL';
    case 401:
      return 'CODE_UNAUTHENTICATED';
    case 403:
      return 'CODE_PERMISSION_DENIED';
    case 404:
      return 'CODE_UNIMPLEMENTED';
    case 429:
    case 502:
    case 503:
    case 504:
      return 'CODE_UNAVAILABLE';
    default:
      return 'CODE_UNKNOWN';
  }
}
