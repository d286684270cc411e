import type { Control } from "../../control/index.ts";
import { formatTime } from "../../kernel/index.ts";
import type { ClockWatch } from "./clock-watch.ts";

const KEPT_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;

/** Tells when the clock was set by more than an hour: periods and expiries hang on it. */
export async function tellOfClock({ clock, notifier, home }: Control, watch: ClockWatch): Promise<void> {
  const byMs = watch.look();
  if (byMs === undefined) return;
  const minutes = Math.round(Math.abs(byMs) / MINUTE_MS);
  const way = byMs > 0 ? "forward" : "back";
  const at = formatTime(clock.nowMs());
  await notifier.raise({
    type: "clock.jumped",
    mark: `clock ${home} ${at}`,
    keepMs: KEPT_MS,
    message: `the clock of this machine was set ${way} by ${minutes} minutes; budgets' periods never go back with it`,
    data: { way, minutes, now: at },
  });
}
