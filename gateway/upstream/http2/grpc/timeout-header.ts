/** Units of a `grpc-timeout`, finest first. Source: grpc/doc/PROTOCOL-HTTP2.md, "Timeout". */
const UNITS = [
  ['m', 1],
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
] as const;

/** At most eight digits. */
const MAX_NUMBER = 99_999_999;

/**
 * Beyond this a service may do worse than nothing: one on grpc-js keeps the time in 32 bits and ends the call at
 * once. We end it ourselves either way.
 */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The header for a time from now, rounded up to its unit; `undefined` where the service is better not told. */
export function formatGrpcTimeout(timeoutMs: number): string | undefined {
  if (timeoutMs > MAX_TIMEOUT_MS) return undefined;
  for (const [unit, unitMs] of UNITS) {
    const number = Math.max(1, Math.ceil(timeoutMs / unitMs));
    if (number <= MAX_NUMBER) return `${number}${unit}`;
  }
  return undefined;
}
