import { AppError } from "../kernel/index.ts";
import type { Budget } from "./budget.ts";
import { isTimeZone } from "./calendar/zoned.ts";

/** What of a budget keeps its value until somebody changes it. */
export type BudgetSettings = Pick<Budget, "timeZone" | "resetDay" | "hard" | "allow">;

/** What is `undefined` stays as it is. */
export type SettingsChange = { readonly [Name in keyof BudgetSettings]?: BudgetSettings[Name] | undefined };

/** What a new budget has of what was not said. */
export const FIRST_SETTINGS: BudgetSettings = { timeZone: "UTC", resetDay: 1, hard: true, allow: [] };

/** The largest amount: what the database's integers hold, with room for sums. */
const MOST_NANOS = 10n ** 18n;
const MOST_ALLOWED = 50;

/** @throws AppError `invalid_input` for what no budget can have. */
export function checkedSettings(
  input: SettingsChange & Pick<Budget, "limitNanos" | "unit"> & { readonly spentNanos?: bigint | undefined },
  before: BudgetSettings,
): BudgetSettings {
  const { unit, limitNanos, spentNanos = 0n } = input;
  if (limitNanos > MOST_NANOS || spentNanos > MOST_NANOS) {
    throw refused("the amount is too large", "the largest is 1000000000usd");
  }
  if (unit === "lifetime" && input.timeZone !== undefined) {
    throw refused("a budget for the whole lifetime has no time zone", "it never begins anew; leave it out");
  }
  const timeZone = input.timeZone ?? before.timeZone;
  if (!isTimeZone(timeZone)) {
    throw refused(
      "this is not the name of a time zone",
      "write it like Europe/Berlin, America/New_York or UTC",
    );
  }
  return {
    timeZone,
    resetDay: checkedDay(input, unit, before),
    hard: input.hard ?? before.hard,
    allow: checkedAllow(input.allow ?? before.allow),
  };
}

function checkedDay({ resetDay }: SettingsChange, unit: Budget["unit"], before: BudgetSettings): number {
  const most = unit === "week" ? 7 : unit === "month" ? 31 : undefined;
  if (resetDay === undefined) return before.resetDay;
  if (most === undefined) {
    throw refused(`a budget per ${unit} has no reset day`, "a reset day is for weeks and months");
  }
  if (Number.isInteger(resetDay) && resetDay >= 1 && resetDay <= most) return resetDay;
  throw unit === "week"
    ? refused("a week has no such day", "1 is Monday, 7 is Sunday")
    : refused("a month has no such day", "1 to 31; a shorter month begins anew on its last day");
}

/** Names of fields, each once, in a fixed order. */
function checkedAllow(allow: readonly string[]): readonly string[] {
  const names = [...new Set(allow)].sort();
  if (names.length <= MOST_ALLOWED && names.every((name) => /^[A-Za-z0-9_.:*/[\]-]{1,100}$/.test(name)))
    return names;
  throw refused(
    "this is not a list of fields of requests",
    "write names as they stand in requests: previous_response_id",
  );
}

function refused(message: string, hint: string): AppError {
  return new AppError("invalid_input", message, { hint });
}
