import { NANOS_PER_USD } from "../kernel/index.ts";
import type { LedgerReader } from "../ledger/index.ts";

/** What makes a day's spending unusual: more than so many times the usual, and more than the floor. */
const FACTOR = 5n;
const FLOOR_NANOS = NANOS_PER_USD;
/** The usual is the median of the days on which anything was spent, among so many before today. */
export const HABIT_DAYS = 14;
/** Fewer days are no habit. */
const LEAST_DAYS = 3;

const DAY_MS = 86_400_000;

export interface UnusualSpend {
  readonly virtualKeyId: string;
  readonly todayNanos: bigint;
  readonly usualNanos: bigint;
  /** On how many days the usual rests. */
  readonly days: number;
}

/** What a virtual key usually spends on a day, and whether today's is far above it. */
export function unusualSpend(
  todayNanos: bigint,
  dailyNanos: readonly bigint[],
): { usualNanos: bigint; days: number } | undefined {
  const days = dailyNanos.filter((nanos) => nanos > 0n).sort((a, b) => (a < b ? -1 : 1));
  if (days.length < LEAST_DAYS || todayNanos <= FLOOR_NANOS) return undefined;
  const upper = days[days.length >> 1] ?? 0n;
  const lower = days[(days.length - 1) >> 1] ?? 0n;
  const usualNanos = (lower + upper) / 2n;
  return todayNanos > usualNanos * FACTOR ? { usualNanos, days: days.length } : undefined;
}

/** Looks for virtual keys that spend far above their habit today. Days are those of UTC; past ones are read once. */
export class HabitWatch {
  readonly #ledgers: Pick<LedgerReader, "totals">;
  readonly #past = new Map<number, ReadonlyMap<string, bigint>>();

  constructor(ledgers: Pick<LedgerReader, "totals">) {
    this.#ledgers = ledgers;
  }

  async look(nowMs: number): Promise<UnusualSpend[]> {
    const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
    const days = Array.from({ length: HABIT_DAYS }, (_, index) => today - (index + 1) * DAY_MS);
    for (const known of this.#past.keys()) if (!days.includes(known)) this.#past.delete(known);
    for (const day of days) {
      if (!this.#past.has(day)) this.#past.set(day, await this.#spentOn(day));
    }
    const found: UnusualSpend[] = [];
    for (const [virtualKeyId, todayNanos] of await this.#spentOn(today)) {
      const daily = days.map((day) => this.#past.get(day)?.get(virtualKeyId) ?? 0n);
      const unusual = unusualSpend(todayNanos, daily);
      if (unusual) found.push({ virtualKeyId, todayNanos, ...unusual });
    }
    return found;
  }

  async #spentOn(day: number): Promise<Map<string, bigint>> {
    const spent = new Map<string, bigint>();
    const range = { by: "vk", sinceMs: day, untilMs: day + DAY_MS } as const;
    for await (const { key, costNanos } of this.#ledgers.totals(range)) {
      if (key !== null) spent.set(key, (spent.get(key) ?? 0n) + costNanos);
    }
    return spent;
  }
}
