import { type CalendarDate, dateAt, dateOfDay, dayNumber, daysInMonth, startOfDate } from "./zoned.ts";

export const PERIOD_UNITS = ["day", "week", "month", "lifetime"] as const;
export type PeriodUnit = (typeof PERIOD_UNITS)[number];

export interface PeriodRule {
  readonly unit: PeriodUnit;
  /** Name of the zone in whose calendar the periods begin. */
  readonly timeZone: string;
  /**
   * Of a week: 1 = Monday to 7 = Sunday. Of a month: 1 to 31; a shorter month begins its period on its last day.
   * Means nothing for the others.
   */
  readonly resetDay: number;
}

/** A stretch of time with an amount of its own: from `startMs` up to `endMs`, which is already the next one. */
export interface Period {
  /** Names it among all periods of a budget, whatever its rule was. */
  readonly key: string;
  readonly startMs: number;
  /** `null` = never ends. */
  readonly endMs: number | null;
}

const LIFETIME: Period = { key: "lifetime", startMs: 0, endMs: null };

/**
 * The period that a moment is in. Every moment is in exactly one; each ends where the next one begins, also where
 * clocks are changed and months are short.
 */
export function periodAt(rule: PeriodRule, atMs: number): Period {
  if (rule.unit === "lifetime") return LIFETIME;
  let first = firstDay(rule, dateAt(rule.timeZone, atMs));
  let startMs = startOfDay(rule, first);
  // Where a clock is put back over midnight a date comes twice: the moment decides, not the date.
  while (startMs > atMs) {
    first = firstDay(rule, dateOfDay(first - 1));
    startMs = startOfDay(rule, first);
  }
  for (;;) {
    const next = nextFirstDay(rule, first);
    const endMs = startOfDay(rule, next);
    if (endMs > atMs) return { key: `${rule.unit} ${startMs}-${endMs}`, startMs, endMs };
    first = next;
    startMs = endMs;
  }
}

/** Number of the day on which the period begins that the date is in. */
function firstDay({ unit, resetDay }: PeriodRule, date: CalendarDate): number {
  const day = dayNumber(date);
  if (unit === "day") return day;
  if (unit === "week") {
    // Day 0, 1970-01-01, was a Thursday.
    const weekday = ((((day + 3) % 7) + 7) % 7) + 1;
    return day - ((weekday - resetDay + 7) % 7);
  }
  const here = resetDayOf(date.year, date.month, resetDay);
  return here <= day ? here : resetDayOf(date.year, date.month - 1, resetDay);
}

function nextFirstDay({ unit, resetDay }: PeriodRule, first: number): number {
  if (unit === "day") return first + 1;
  if (unit === "week") return first + 7;
  const { year, month } = dateOfDay(first);
  return resetDayOf(year, month + 1, resetDay);
}

function resetDayOf(year: number, month: number, resetDay: number): number {
  const begin = dateOfDay(dayNumber({ year, month, day: 1 }));
  const day = Math.min(resetDay, daysInMonth(begin.year, begin.month));
  return dayNumber({ ...begin, day });
}

function startOfDay({ timeZone }: PeriodRule, day: number): number {
  return startOfDate(timeZone, dateOfDay(day));
}
