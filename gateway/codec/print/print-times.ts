import type { MessagePlan, Printer } from '../plan/index.js';
import {
  DURATION_SECONDS_MAX,
  dateFromDay,
  SECONDS_PER_DAY,
  TIMESTAMP_SECONDS_MAX,
  TIMESTAMP_SECONDS_MIN,
  wireError,
} from '../primitive/index.js';
import { putPadded, putPair, putUint53 } from './digits.js';
import { readTag, readVarint, skip } from './wire-values.js';

const QUOTE = 0x22;
const DASH = 0x2d;
const DOT = 0x2e;
const SECONDS_TAG = 0x08;
const NANOS_TAG = 0x10;
const NANOS_MAX = 999_999_999;

/** What `readTime` found: the halves of the seconds, and the nanos; all of them small integers, which V8 keeps unboxed. */
let secondsLow = 0;
let secondsHigh = 0;
let nanos = 0;

/** The second that was printed last, as text, with the quotation mark: many timestamps of a stream are of the same one. */
let lastLow = 0;
let lastHigh = Number.MIN_SAFE_INTEGER;
const lastText = Buffer.from('"0000-00-00T00:00:00');
const LAST_LENGTH = lastText.length;

/** google.protobuf.Timestamp as "2024-05-01T12:00:00.250Z". */
export function printTimestamp(printer: Printer, _plan: MessagePlan): void {
  readTime(printer);
  if (nanos < 0 || nanos > NANOS_MAX) throw wireError('the nanos of a Timestamp are not from 0 to 999999999');
  if (secondsLow !== lastLow || secondsHigh !== lastHigh) rememberSecond();
  printer.room(0);
  const out = printer.out;
  let at = printer.at;
  for (let index = 0; index < LAST_LENGTH; index += 1) out[at + index] = lastText[index] as number;
  at += LAST_LENGTH;
  if (nanos !== 0) at = putFraction(out, at, nanos);
  out[at] = 0x5a;
  out[at + 1] = QUOTE;
  printer.at = at + 2;
}

/** google.protobuf.Duration as "-1.500s". */
export function printDuration(printer: Printer, _plan: MessagePlan): void {
  readTime(printer);
  const seconds = secondsOf();
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
  secondsLow = 0;
  secondsHigh = 0;
  nanos = 0;
  while (printer.pos < printer.end) {
    const tag = readTag(printer);
    if (tag === SECONDS_TAG) {
      readVarint(printer);
      secondsLow = printer.low;
      secondsHigh = printer.high;
    } else if (tag === NANOS_TAG) {
      readVarint(printer);
      nanos = printer.low;
    } else skip(printer, tag);
  }
}

/** A dot and 3, 6 or 9 digits. */
function putFraction(out: Uint8Array, at: number, value: number): number {
  out[at] = DOT;
  const micros = (value / 1000) | 0;
  if (value - micros * 1000 !== 0) {
    putPadded(out, at + 1, at + 10, value);
    return at + 10;
  }
  const millis = (micros / 1000) | 0;
  if (micros - millis * 1000 !== 0) {
    putPadded(out, at + 1, at + 7, micros);
    return at + 7;
  }
  putPadded(out, at + 1, at + 4, millis);
  return at + 4;
}

/** Inexact only far beyond the limits of both types. */
function secondsOf(): number {
  return secondsHigh * 4_294_967_296 + (secondsLow >>> 0);
}

function rememberSecond(): void {
  const seconds = secondsOf();
  if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX) {
    throw wireError('a Timestamp is not from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z');
  }
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const date = dateFromDay(day);
  const year = Math.floor(date / 10_000);
  putPair(lastText, 1, Math.floor(year / 100));
  putPair(lastText, 3, year % 100);
  putPair(lastText, 6, Math.floor(date / 100) % 100);
  putPair(lastText, 9, date % 100);
  const time = seconds - day * SECONDS_PER_DAY;
  putPair(lastText, 12, Math.floor(time / 3600));
  putPair(lastText, 15, Math.floor(time / 60) % 60);
  putPair(lastText, 18, time % 60);
  lastLow = secondsLow;
  lastHigh = secondsHigh;
}
