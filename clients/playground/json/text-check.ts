import type { DescMessage } from '@bufbuild/protobuf';
import { wellKnownName } from './field-shape.js';
import { shownValue } from './scalar-check.js';

const TIMESTAMP = 'a time such as "2024-05-01T12:00:00.250Z"';
const DURATION = 'a duration such as "1.500s"';
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const SECONDS = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;
const MAX_DURATION_SECONDS = 315_576_000_000;
/** Of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/** What is wrong with the JSON of a Timestamp, a Duration or a FieldMask, in the words of the gateway; undefined for one that it takes. */
export function problemOfText(type: DescMessage, value: unknown): string | undefined {
  switch (wellKnownName(type)) {
    case 'Timestamp':
      return problemOfTimestamp(value);
    case 'Duration':
      return problemOfDuration(value);
    default:
      if (typeof value !== 'string') return expected('paths in a string', value);
      return value.includes('_') ? 'the paths of a FieldMask are in lowerCamelCase' : undefined;
  }
}

function problemOfTimestamp(value: unknown): string | undefined {
  const atMs = typeof value === 'string' ? msFromTimestamp(value) : undefined;
  if (atMs === undefined) return expected(TIMESTAMP, value);
  if (atMs >= FIRST_MS && atMs <= LAST_MS) return undefined;
  return expected('a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z', value);
}

function problemOfDuration(value: unknown): string | undefined {
  const match = typeof value === 'string' ? SECONDS.exec(value) : null;
  if (match === null) return expected(DURATION, value);
  return Number(match[2]) <= MAX_DURATION_SECONDS
    ? undefined
    : expected('a duration of at most 315576000000 seconds', value);
}

/** Milliseconds since 1970 of an RFC 3339 text, without its digits below those; undefined for a text that is no time. */
export function msFromTimestamp(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const part = (index: number) => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (hour > 23 || minute > 59 || second > 59 || part(9) > 23 || part(10) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Math.trunc(Number(`0.${match[7] ?? 0}`) * 1000));
  // Of a date that does not exist, such as the 30th of February, another one has become.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (part(9) * 60 + part(10)) * (match[8] === '-' ? -60_000 : 60_000);
  return date.getTime() - offset;
}

function expected(wanted: string, value: unknown): string {
  return `expected ${wanted}, not ${shownValue(value)}`;
}
