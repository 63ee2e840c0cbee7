/** Units of a `grpc-timeout`, finest first. Source: grpc/doc/PROTOCOL-HTTP2.md, "Timeout". */
const units = [
  ['m', 1],
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
] as const;

/** At most eight digits. */
const largestNumber = 99_999_999;

/**
 * Beyond this a service may do worse than nothing: one on grpc-js keeps the time in 32 bits and ends the call at
 * once. We end it ourselves either way.
 */
const longestMs = 2 ** 31 - 1;

/** The header for a time from now, rounded up to its unit; `undefined` where the service is better not told. */
export function formatGrpcTimeout(timeoutMs: number): string | undefined {
  if (timeoutMs > longestMs) return undefined;
  for (const [unit, unitMs] of units) {
    const number = Math.max(1, Math.ceil(timeoutMs / unitMs));
    if (number <= largestNumber) return `${number}${unit}`;
  }
  return undefined;
}
