import { inTurns } from "./comparison.ts";
import { median, millis, percent, table, whole } from "./numbers.ts";
import { cpuMs } from "./processes.ts";
import type { Asked } from "./requests.ts";
import { sendOnSchedule } from "./scheduled-requests.ts";
import type { ServerUnderTest } from "./servers.ts";

export interface HalfLoad {
  readonly rounds: number;
  readonly durationMs: number;
  readonly connections: number;
  /** The upstream without anything in between. */
  readonly direct: Asked;
  /** The highest rate that each server has reached in this run, per second. */
  readonly peaks: ReadonlyMap<ServerUnderTest, number>;
}

interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Round {
  readonly direct: Times;
  readonly through: Times;
  readonly latenessP99Ms: number;
  readonly busy: number;
}

/** What each server adds to the way straight to the upstream, when it gets half of what it can do. */
export async function reportHalfLoad(load: HalfLoad): Promise<void> {
  const found = await inTurns([...load.peaks.keys()], load.rounds, (server) => oneRound(server, load));
  const rows = [...found].map(([server, rounds]) => {
    const at = (of: (round: Round) => number) => median(rounds.map(of));
    const shown = (of: (round: Round) => number) => millis(at(of));
    return [
      server.name,
      whole((load.peaks.get(server) ?? 0) / 2),
      shown(({ direct }) => direct.p50Ms),
      shown(({ direct }) => direct.p99Ms),
      shown(({ through }) => through.p50Ms),
      shown(({ through }) => through.p99Ms),
      micros(at(({ direct, through }) => through.p50Ms - direct.p50Ms)),
      micros(at(({ direct, through }) => through.p99Ms - direct.p99Ms)),
      micros(at(({ latenessP99Ms }) => latenessP99Ms)),
      percent(at(({ busy }) => busy)),
    ];
  });
  console.log(
    `\nhalf load (1 kB at fixed moments, latency from the moment), medians of ${load.rounds} rounds`,
  );
  const names = [
    "req/s",
    "direct p50",
    "p99",
    "through p50",
    "p99",
    "adds p50",
    "p99",
    "sent late p99",
    "of core",
  ];
  console.log(table([["", ...names], ...rows]));
}

async function oneRound(server: ServerUnderTest, load: HalfLoad): Promise<Round> {
  const schedule = { ...load, perSecond: (load.peaks.get(server) ?? 0) / 2 };
  const direct = await sendOnSchedule(load.direct, schedule);
  const before = cpuMs(server.pid) ?? Number.NaN;
  const through = await sendOnSchedule(server, schedule);
  const usedMs = (cpuMs(server.pid) ?? Number.NaN) - before;
  return {
    direct: timesOf(direct.latencies),
    through: timesOf(through.latencies),
    latenessP99Ms: through.lateness.percentileMs(99),
    busy: usedMs / load.durationMs,
  };
}

function timesOf(latencies: { percentileMs(percent: number): number }): Times {
  return { p50Ms: latencies.percentileMs(50), p99Ms: latencies.percentileMs(99) };
}

function micros(timeMs: number): string {
  return `${whole(timeMs * 1000)} µs`;
}
