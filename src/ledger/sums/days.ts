/** Sums are kept by the UTC day of an attempt's start; a day is its number since 1970. */
export const DAY_MS = 86_400_000;

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** The first day of the month that a day is in. */
export function monthStart(day: number): number {
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / DAY_MS;
}

/** The first day of a month that is not before this day. */
export function nextMonthStart(day: number): number {
  const date = new Date(day * DAY_MS);
  const isFirst = date.getUTCDate() === 1;
  return isFirst ? day : Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / DAY_MS;
}
