import type { Timestamp } from '../../../proto/types/google/protobuf/Timestamp.js';
import { invalid } from '../../base/index.js';

/** A moment that can be compared: whole seconds since the epoch and the nanoseconds after them. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

// google/protobuf/timestamp.proto: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

/** The moment of a clock reading in epoch milliseconds. */
export function momentFromMillis(epochMs: number): Moment {
  const seconds = Math.floor(epochMs / 1000);
  return { seconds, nanos: Math.floor(epochMs - seconds * 1000) * 1_000_000 };
}

/** The moment as the message that is sent. */
export function timestampFromMoment(moment: Moment): Timestamp {
  return { seconds: String(moment.seconds), nanos: moment.nanos };
}

/** The moment a caller sent. Outside of what google.protobuf.Timestamp allows: INVALID_ARGUMENT naming `field`. */
export function momentFromTimestamp(
  field: string,
  timestamp: { readonly seconds: string; readonly nanos: number },
): Moment {
  const seconds = Number(timestamp.seconds);
  if (!Number.isInteger(seconds) || seconds < FIRST_SECOND || seconds > LAST_SECOND) {
    throw invalid(field, 'seconds must lie between the years 1 and 9999');
  }
  const { nanos } = timestamp;
  if (!Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) {
    throw invalid(field, 'nanos must be between 0 and 999999999');
  }
  return { seconds, nanos };
}

/** Negative when `a` is before `b`, 0 when they are the same moment. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
