import type { Control } from "../../control/index.ts";
import { HabitWatch } from "../../usage/index.ts";
import { tellOfBudgets } from "./budget-alerts.ts";
import { tellOfClock } from "./clock-alerts.ts";
import { ClockWatch } from "./clock-watch.ts";
import { tellOfHabits } from "./habit-alerts.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Looks for what somebody should hear of, and delivers it: as tasks of the running program, once for a home. */
export function alertTasks(
  control: Control,
): (readonly [name: string, everyMs: number, task: () => Promise<void>])[] {
  const habits = new HabitWatch(control.ledgers);
  const clockWatch = new ClockWatch(control.clock);
  return [
    ["deliver alerts", 2 * SECOND_MS, () => control.notifier.deliverDue()],
    ["budget alerts", 10 * SECOND_MS, () => tellOfBudgets(control)],
    ["clock alerts", 30 * SECOND_MS, () => tellOfClock(control, clockWatch)],
    ["habit alerts", 15 * MINUTE_MS, () => tellOfHabits(control, habits)],
  ];
}
