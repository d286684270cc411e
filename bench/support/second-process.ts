import { compare, type Sample } from "./comparison.ts";
import { mebi, median } from "./numbers.ts";
import { CORES, residentBytes, TWO_SERVER_CORES } from "./processes.ts";
import type { ServerUnderTest } from "./servers.ts";

export interface SecondProcess {
  readonly rounds: number;
  /** The same load on one gateway process and on two. */
  readonly pairs: readonly (readonly [one: ServerUnderTest, two: ServerUnderTest])[];
  readonly measure: (server: ServerUnderTest) => Promise<Sample>;
}

/** What sharing the work between two gateway processes costs: CPU time and memory of all processes together. */
export async function reportSecondProcess({ rounds, pairs, measure }: SecondProcess): Promise<void> {
  if (TWO_SERVER_CORES === undefined) {
    console.log(
      `\n${CORES} cores leave no second one to a server beside load generator and upstream: both processes share one. ` +
        "Their rate says nothing of what a core more would give; CPU time per request is what counts here.",
    );
  }
  const what = "short requests, one gateway process and two";
  const samples = await compare({ what, unit: "req", rounds, servers: pairs.flat(), measure });
  for (const [one, two] of pairs) {
    const [before, after] = [one, two].map((server) =>
      median((samples.get(server) ?? []).map(({ cpuUs }) => cpuUs)),
    );
    if (before === undefined || after === undefined) continue;
    const added = after - before;
    const memory = [one, two].map(({ pid }) => mebi(residentBytes(pid) ?? Number.NaN));
    console.log(
      `${one.name}: a second process adds ${added.toFixed(1)} µs to a request ` +
        `(${((added / before) * 100).toFixed(0)} %); memory ${memory.join(" → ")}`,
    );
  }
}
