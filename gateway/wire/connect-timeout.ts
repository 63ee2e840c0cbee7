const DIGITS = /^\d{1,10}$/;

/**
 * The milliseconds of a `connect-timeout-ms` value; `undefined` when it is malformed. 0 is a deadline that has passed.
 * Source: https://connectrpc.com/docs/protocol, "Timeout-Milliseconds".
 */
export function parseConnectTimeout(value: string): number | undefined {
  return DIGITS.test(value) ? Number(value) : undefined;
}
