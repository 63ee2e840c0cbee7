import {
  DURATION_SECONDS_MAX,
  dateFromDay,
  SECONDS_PER_DAY,
  TIMESTAMP_SECONDS_MAX,
  TIMESTAMP_SECONDS_MIN,
} from '../calendar.js';
import type { MessagePlan } from '../plan.js';
import { wireError } from '../wire-reader.js';
import { putPadded, putUint53 } from './digits.js';
import type { Printer } from './printer.js';
import { readTag, readVarint, skip } from './wire-values.js';

const QUOTE = 0x22;
const COLON = 0x3a;
const DASH = 0x2d;
const DOT = 0x2e;
const SECONDS_TAG = 0x08;
const NANOS_TAG = 0x10;
const NANOS_MAX = 999_999_999;

/** What `readTime` found. */
let seconds = 0;
let nanos = 0;

/** The day that was printed last, as text: most timestamps of a stream are of the same day. */
let lastDay = Number.NaN;
const lastDate = new Uint8Array(10);

/** google.protobuf.Timestamp as "2024-05-01T12:00:00.250Z". */
export function printTimestamp(printer: Printer, _plan: MessagePlan): void {
  readTime(printer);
  if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX) {
    throw wireError('a Timestamp is not from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z');
  }
  if (nanos < 0 || nanos > NANOS_MAX) throw wireError('the nanos of a Timestamp are not from 0 to 999999999');
  printer.room(0);
  const out = printer.out;
  let at = printer.at;
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  if (day !== lastDay) rememberDay(day);
  out[at++] = QUOTE;
  for (let index = 0; index < 10; index += 1) out[at + index] = lastDate[index] as number;
  at += 10;
  const time = seconds - day * SECONDS_PER_DAY;
  const minutes = (time / 60) | 0;
  const hours = (minutes / 60) | 0;
  out[at] = 0x54;
  putPadded(out, at + 1, at + 3, hours);
  out[at + 3] = COLON;
  putPadded(out, at + 4, at + 6, minutes - hours * 60);
  out[at + 6] = COLON;
  putPadded(out, at + 7, at + 9, time - minutes * 60);
  at += 9;
  if (nanos !== 0) at = putFraction(out, at, nanos);
  out[at] = 0x5a;
  out[at + 1] = QUOTE;
  printer.at = at + 2;
}

/** google.protobuf.Duration as "-1.500s". */
export function printDuration(printer: Printer, _plan: MessagePlan): void {
  readTime(printer);
  if (Math.abs(seconds) > DURATION_SECONDS_MAX)
    throw wireError('a Duration is longer than 315576000000 seconds');
  if (Math.abs(nanos) > NANOS_MAX)
    throw wireError('the nanos of a Duration are not from -999999999 to 999999999');
  if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
    throw wireError('the seconds and the nanos of a Duration have different signs');
  }
  printer.room(0);
  const out = printer.out;
  let at = printer.at;
  out[at++] = QUOTE;
  if (seconds < 0 || nanos < 0) out[at++] = DASH;
  at = putUint53(out, at, Math.abs(seconds));
  if (nanos !== 0) at = putFraction(out, at, Math.abs(nanos));
  out[at] = 0x73;
  out[at + 1] = QUOTE;
  printer.at = at + 2;
}

/** Both messages are int64 seconds = 1 and int32 nanos = 2; the last of each counts, in any order. */
function readTime(printer: Printer): void {
  seconds = 0;
  nanos = 0;
  while (printer.pos < printer.end) {
    const tag = readTag(printer);
    if (tag === SECONDS_TAG) {
      readVarint(printer);
      // Inexact only far beyond the limits of both types.
      seconds = printer.high * 4_294_967_296 + (printer.low >>> 0);
    } else if (tag === NANOS_TAG) {
      readVarint(printer);
      nanos = printer.low;
    } else skip(printer, tag);
  }
}

/** A dot and 3, 6 or 9 digits. */
function putFraction(out: Uint8Array, at: number, value: number): number {
  out[at] = DOT;
  if (value % 1000 !== 0) {
    putPadded(out, at + 1, at + 10, value);
    return at + 10;
  }
  const micros = value / 1000;
  if (micros % 1000 !== 0) {
    putPadded(out, at + 1, at + 7, micros);
    return at + 7;
  }
  putPadded(out, at + 1, at + 4, micros / 1000);
  return at + 4;
}

function rememberDay(day: number): void {
  const date = dateFromDay(day);
  const year = Math.floor(date / 10_000);
  putPadded(lastDate, 0, 4, year);
  lastDate[4] = DASH;
  putPadded(lastDate, 5, 7, Math.floor(date / 100) % 100);
  lastDate[7] = DASH;
  putPadded(lastDate, 8, 10, date % 100);
  lastDay = day;
}
