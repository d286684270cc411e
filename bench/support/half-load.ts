import { inTurns, type Sample, sampleOf } from "./comparison.ts";
import type { Histogram } from "./histogram.ts";
import { median, millis, percent, table, whole } from "./numbers.ts";
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

interface Round {
  readonly direct: Histogram;
  readonly through: Sample;
  readonly latenessP99Ms: number;
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
      shown(({ direct }) => direct.percentileMs(50)),
      shown(({ direct }) => direct.percentileMs(99)),
      shown(({ through }) => through.p50Ms),
      shown(({ through }) => through.p99Ms),
      micros(at(({ direct, through }) => through.p50Ms - direct.percentileMs(50))),
      micros(at(({ direct, through }) => through.p99Ms - direct.percentileMs(99))),
      micros(at(({ latenessP99Ms }) => latenessP99Ms)),
      percent(at(({ through }) => through.busy)),
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
  const { latencies: direct } = await sendOnSchedule(load.direct, schedule);
  let latenessP99Ms = Number.NaN;
  const through = await sampleOf(server, async () => {
    const { latencies, lateness } = await sendOnSchedule(server, schedule);
    latenessP99Ms = lateness.percentileMs(99);
    return { amount: latencies.total, durationMs: load.durationMs, latencies };
  });
  return { direct, through, latenessP99Ms };
}

function micros(timeMs: number): string {
  return `${whole(timeMs * 1000)} µs`;
}
