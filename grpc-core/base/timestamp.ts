import type { Timestamp } from '../../proto/types/google/protobuf/Timestamp.js';

/** A `google.protobuf.Timestamp` of a moment in epoch milliseconds, before 1970 too. */
export function timestampFromMs(epochMs: number): Timestamp {
  const seconds = Math.floor(epochMs / 1000);
  return { seconds, nanos: Math.floor((epochMs - seconds * 1000) * 1_000_000) };
}
