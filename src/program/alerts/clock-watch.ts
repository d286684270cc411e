import { readFileSync } from "node:fs";
import type { Clock } from "../../kernel/index.ts";

/** Smaller steps are corrections. */
const JUMP_MS = 3_600_000;

/**
 * Notices when the clock was set: it went further, or back, than a clock that nobody sets. The monotonic one stands
 * still while the machine sleeps, so that going forward tells nothing; where the time since the machine's start is
 * known, which goes on then, it is taken instead.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #sinceBootMs: () => number | undefined;
  #last: { readonly wallMs: number; readonly steadyMs: number; readonly asleep: boolean } | undefined;

  constructor(clock: Clock, sinceBootMs: () => number | undefined = readSinceBoot) {
    this.#clock = clock;
    this.#sinceBootMs = sinceBootMs;
  }

  /** By how much the clock was set since the last look, if by more than an hour. */
  look(): number | undefined {
    const sinceBootMs = this.#sinceBootMs();
    const now = {
      wallMs: this.#clock.nowMs(),
      steadyMs: sinceBootMs ?? this.#clock.monotonicMs(),
      asleep: sinceBootMs === undefined,
    };
    const last = this.#last;
    this.#last = now;
    if (last === undefined || last.asleep !== now.asleep) return undefined;
    const byMs = Math.round(now.wallMs - last.wallMs - (now.steadyMs - last.steadyMs));
    if (byMs < -JUMP_MS) return byMs;
    return byMs > JUMP_MS && !now.asleep ? byMs : undefined;
  }
}

/** Linux tells it, sleep included. */
function readSinceBoot(): number | undefined {
  try {
    const seconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
