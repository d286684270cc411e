import { type Control, loadNames } from "../../control/index.ts";
import { formatTime, formatUsd } from "../../kernel/index.ts";
import type { HabitWatch } from "../../usage/index.ts";

const KEPT_MS = 30 * 86_400_000;

/** Tells of virtual keys that spend far above their habit, each at most once a day. */
export async function tellOfHabits(control: Control, watch: HabitWatch): Promise<void> {
  const nowMs = control.clock.nowMs();
  const unusual = await watch.look(nowMs);
  if (unusual.length === 0) return;
  const names = await loadNames(
    control,
    unusual.map(({ virtualKeyId }) => virtualKeyId),
  );
  const day = formatTime(nowMs).slice(0, 10);
  for (const { virtualKeyId, todayNanos, usualNanos, days } of unusual) {
    const virtualKey = names.virtualKey(virtualKeyId);
    const [today, usual] = [formatUsd(todayNanos), formatUsd(usualNanos)];
    await control.notifier.raise({
      type: "virtual_key.unusual_spend",
      mark: `habit ${virtualKeyId} ${day}`,
      keepMs: KEPT_MS,
      message: `virtual key ${virtualKey} has spent ${today} usd today; ${usual} usd a day is usual`,
      data: { virtualKey, virtualKeyId, day, todayUsd: today, usualUsd: usual, usualOfDays: days },
    });
  }
}
