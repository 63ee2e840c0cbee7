import { randomUUID } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';

/** The metadata key that carries the request id, both ways. */
export const REQUEST_ID_KEY = 'x-request-id';

/**
 * The caller's `x-request-id`, if it is one value of 1 to 128 printable ASCII characters; otherwise a new UUID. It is written into
 * every log line of the call, so nothing else may get in.
 */
export function requestIdOf(metadata: Metadata): string {
  const values = metadata.get(REQUEST_ID_KEY);
  const [value] = values;
  return values.length === 1 && typeof value === 'string' && /^[ -~]{1,128}$/.test(value)
    ? value
    : randomUUID();
}
