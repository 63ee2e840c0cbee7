import type { MessagePlan, Parser } from '../plan/index.js';
import {
  DURATION_SECONDS_MAX,
  dayFromDate,
  SECONDS_PER_DAY,
  TIMESTAMP_SECONDS_MAX,
  TIMESTAMP_SECONDS_MIN,
} from '../primitive/index.js';
import { putVarint32, putVarint64 } from './parse-scalars.js';
import { peek, QUOTE, stringText, takeString, unexpected } from './tokens.js';

const SECONDS_TAG = 0x08;
const NANOS_TAG = 0x10;
const TWO_32 = 4_294_967_296;
const TIMESTAMP = 'a time such as "2024-05-01T12:00:00.250Z"';
const DURATION = 'a duration such as "1.500s"';

const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const SECONDS = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** google.protobuf.Timestamp. Source: RFC 3339, with the limits of google/protobuf/timestamp.proto. */
export function parseTimestamp(parser: Parser, _plan: MessagePlan): void {
  const start = takeTimeText(parser, TIMESTAMP);
  if (parser.stringEscaped || !parseUsual(parser)) parseAny(parser, start);
}

/** Takes a string and returns where it began. */
function takeTimeText(parser: Parser, wanted: string): number {
  if (peek(parser) !== QUOTE) throw unexpected(parser, wanted);
  const start = parser.pos;
  takeString(parser);
  return start;
}

function refuse(parser: Parser, start: number, wanted: string): Error {
  parser.pos = start;
  return unexpected(parser, wanted);
}

/** What nearly all timestamps look like: in UTC, with `Z`. False when this one is not. */
function parseUsual(parser: Parser): boolean {
  const { text, stringStart: at, stringEnd } = parser;
  const length = stringEnd - at;
  if (length < 20 || length > 30 || text[stringEnd - 1] !== 0x5a) return false;
  if (text[at + 4] !== 0x2d || text[at + 7] !== 0x2d || text[at + 10] !== 0x54) return false;
  if (text[at + 13] !== 0x3a || text[at + 16] !== 0x3a) return false;
  const day = dayOf(text, at);
  const hour = number(text, at + 11, 2);
  const minute = number(text, at + 14, 2);
  const second = number(text, at + 17, 2);
  let nanos = 0;
  if (length > 20) {
    const digits = length - 21;
    if (text[at + 19] !== 0x2e || digits === 0) return false;
    nanos = number(text, at + 20, digits) * (POWERS_OF_TEN[9 - digits] as number);
  }
  if (day === undefined || hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  if (second < 0 || second > 59 || nanos < 0) return false;
  putTime(parser, day * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second, nanos);
  return true;
}

/** The date that was read last: most timestamps of a stream are of the same day. */
const lastDate = new Uint8Array(10);
let lastDay: number | undefined;

/** The day of the date at `at`; undefined when it is none. */
function dayOf(text: Uint8Array, at: number): number | undefined {
  let index = 0;
  while (index < 10 && text[at + index] === lastDate[index]) index += 1;
  if (index === 10) return lastDay;
  const year = number(text, at, 4);
  lastDay = year >= 1 ? dayFromDate(year, number(text, at + 5, 2), number(text, at + 8, 2)) : undefined;
  for (index = 0; index < 10; index += 1) lastDate[index] = text[at + index] as number;
  return lastDay;
}

/** A number of so many digits; negative when one is no digit. */
function number(text: Uint8Array, start: number, digits: number): number {
  let value = 0;
  for (let pos = start; pos < start + digits; pos += 1) {
    const digit = (text[pos] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** With an offset, or with escapes; and everything that is refused. */
function parseAny(parser: Parser, start: number): void {
  const match = RFC_3339.exec(stringText(parser));
  if (match === null) throw refuse(parser, start, TIMESTAMP);
  const part = (index: number) => Number(match[index] ?? 0);
  const day = dayFromDate(part(1), part(2), part(3));
  if (day === undefined || part(4) > 23 || part(5) > 59 || part(6) > 59 || part(9) > 23 || part(10) > 59) {
    throw refuse(parser, start, TIMESTAMP);
  }
  const offset = (part(9) * 60 + part(10)) * (match[8] === '-' ? -60 : 60);
  const seconds = day * SECONDS_PER_DAY + part(4) * 3600 + part(5) * 60 + part(6) - offset;
  if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX) {
    throw refuse(parser, start, 'a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z');
  }
  putTime(parser, seconds, nanosOf(match[7]));
}

/** google.protobuf.Duration. */
export function parseDuration(parser: Parser, _plan: MessagePlan): void {
  const start = takeTimeText(parser, DURATION);
  const match = SECONDS.exec(stringText(parser));
  if (match === null) throw refuse(parser, start, DURATION);
  const seconds = Number(match[2]);
  if (seconds > DURATION_SECONDS_MAX)
    throw refuse(parser, start, 'a duration of at most 315576000000 seconds');
  const sign = match[1] === '-' ? -1 : 1;
  putTime(parser, sign * seconds, sign * nanosOf(match[3]));
}

function nanosOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(9, '0'));
}

/** Both messages are int64 seconds = 1 and int32 nanos = 2. */
function putTime(parser: Parser, seconds: number, nanos: number): void {
  parser.room(0);
  if (seconds !== 0) putField(parser, SECONDS_TAG, seconds);
  if (nanos !== 0) putField(parser, NANOS_TAG, nanos);
}

function putField(parser: Parser, tag: number, value: number): void {
  parser.out[parser.at] = tag;
  parser.at += 1;
  if (value >= 0 && value < TWO_32) {
    putVarint32(parser, value);
    return;
  }
  const high = Math.floor(value / TWO_32);
  putVarint64(parser, (value - high * TWO_32) | 0, high | 0);
}
