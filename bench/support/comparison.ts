import type { Histogram } from "./histogram.ts";
import { median, millis, percent, ratio, table, whole } from "./numbers.ts";
import { cpuMs } from "./processes.ts";
import type { ServerUnderTest } from "./servers.ts";

/** What a server did in one round. */
export interface Sample {
  readonly perSecond: number;
  /** Of the server, per request or chunk. */
  readonly cpuUs: number;
  /** Part of its core that the server had. */
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Work {
  /** Requests or chunks. */
  readonly amount: number;
  readonly durationMs: number;
  readonly latencies: Histogram;
}

/** Does work with a server, and sees what it cost there. */
export async function sampleOf({ pid }: ServerUnderTest, work: () => Promise<Work>): Promise<Sample> {
  const before = cpuMs(pid) ?? Number.NaN;
  const { amount, durationMs, latencies } = await work();
  const usedMs = (cpuMs(pid) ?? Number.NaN) - before;
  return {
    perSecond: (amount / durationMs) * 1000,
    cpuUs: (usedMs * 1000) / amount,
    busy: usedMs / durationMs,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
  };
}

export interface Comparison {
  readonly what: string;
  readonly unit: "req" | "chunk";
  readonly rounds: number;
  /** The first one is the baseline. */
  readonly servers: readonly ServerUnderTest[];
  readonly measure: (server: ServerUnderTest) => Promise<Sample>;
}

/** Prints medians and ratios; gives each server's rounds. */
export async function compare(comparison: Comparison): Promise<ReadonlyMap<ServerUnderTest, Sample[]>> {
  const { what, unit, rounds, servers, measure } = comparison;
  const samples = await inTurns(servers, rounds, measure);
  const rows = [...samples].map(([server, own]) => {
    const at = (member: keyof Sample) => median(own.map((each) => each[member]));
    const times = [millis(at("p50Ms")), millis(at("p99Ms"))];
    return [
      server.name,
      whole(at("perSecond")),
      ...times,
      `${at("cpuUs").toFixed(1)} µs`,
      percent(at("busy")),
    ];
  });
  const times = unit === "req" ? ["p50", "p99"] : ["first byte p50", "p99"];
  console.log(`\n${what}, medians of ${rounds} rounds`);
  console.log(table([["", `${unit}/s`, ...times, `CPU/${unit}`, "of core"], ...rows]));
  const [[baseline, base] = [undefined, []], ...others] = samples;
  for (const [server, own] of others) {
    const rates = own.map(({ perSecond }, at) => perSecond / (base[at]?.perSecond ?? Number.NaN));
    const costs = own.map(({ cpuUs }, at) => (base[at]?.cpuUs ?? Number.NaN) / cpuUs);
    console.log(
      `${server.name} / ${baseline?.name}: ${ratio(median(rates))} in ${unit}/s, ` +
        `${ratio(median(costs))} per CPU time (rounds: ${costs.map(ratio).join(" ")})`,
    );
  }
  return samples;
}

/**
 * They take turns, so that what disturbs the machine for a while disturbs all. A server that fails is said to, and the
 * others go on without it; the first one must not.
 */
export async function inTurns<Result>(
  servers: readonly ServerUnderTest[],
  rounds: number,
  measure: (server: ServerUnderTest) => Promise<Result>,
): Promise<Map<ServerUnderTest, Result[]>> {
  const results = new Map<ServerUnderTest, Result[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [server, own] of results) {
      try {
        own.push(await measure(server));
      } catch (error) {
        if (server === servers[0]) throw error;
        results.delete(server);
        console.log(`\n${server.name} failed: ${(error as Error).message.split("\r\n", 1)[0]}`);
      }
    }
  }
  return results;
}
