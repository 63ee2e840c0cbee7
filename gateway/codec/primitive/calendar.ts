/** Seconds from 1970 to 0001-01-01T00:00:00Z and to 9999-12-31T23:59:59Z: what a Timestamp may be. */
export const TIMESTAMP_SECONDS_MIN = -62_135_596_800;
export const TIMESTAMP_SECONDS_MAX = 253_402_300_799;
/** What a Duration may be, to both sides: 10,000 years. Source: google/protobuf/duration.proto. */
export const DURATION_SECONDS_MAX = 315_576_000_000;
export const SECONDS_PER_DAY = 86_400;

/** Days before each month in a year that begins in March, so that the leap day is the last. */
const MONTH_STARTS = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
const DAYS_PER_ERA = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_DAY = 719_468;

/** Days from 1970-01-01 to a date of the Gregorian calendar; undefined when there is no such date. */
export function dayFromDate(year: number, month: number, day: number): number | undefined {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = (MONTH_STARTS[(month + 9) % 12] as number) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_DAY;
}

/** The date of a day, as year * 10000 + month * 100 + day. */
export function dateFromDay(epochDay: number): number {
  const shifted = epochDay + EPOCH_DAY;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - (MONTH_STARTS[monthFromMarch] as number) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return year * 10_000 + month * 100 + day;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
