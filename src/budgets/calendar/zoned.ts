/** A date of the calendar, `month` from 1. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const DAY_MS = 86_400_000;
/** No zone is further than this from UTC, and no change of the clock is longer. */
const REACH_MS = 2 * DAY_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the runtime knows the zone's rules: `UTC`, `Europe/Berlin`. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** The date on a calendar in that zone. */
export function dateAt(timeZone: string, atMs: number): CalendarDate {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return { year: part("year"), month: part("month"), day: part("day") };
}

/**
 * When that date begins in the zone: a moment with the date, or a later one, before which there was an earlier date.
 * Where the clock skips midnight the day begins after the gap. Always the same moment for the same date.
 */
export function startOfDate(timeZone: string, date: CalendarDate): number {
  const target = dayNumber(date);
  const noonless = target * DAY_MS;
  let before = noonless - REACH_MS;
  let from = noonless + REACH_MS;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (dayNumber(dateAt(timeZone, middle)) < target) before = middle;
    else from = middle;
  }
  return from;
}

/** Days since 1970-01-01; months and days beyond their range run over, as in `Date.UTC`. */
export function dayNumber({ year, month, day }: CalendarDate): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

export function dateOfDay(dayOfEpoch: number): CalendarDate {
  const date = new Date(dayOfEpoch * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      year: "numeric",
      month: "numeric",
      day: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}
