const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * The milliseconds of a `grpc-timeout` value, rounded up so that a short timeout never becomes none; `undefined`
 * when it is malformed. Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Timeout".
 */
export function parseGrpcTimeout(value: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  const unitMs = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  if (match === null || unitMs === undefined) return undefined;
  return Math.ceil(Number(match[1]) * unitMs);
}
