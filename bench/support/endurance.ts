import { Histogram } from "./histogram.ts";
import { mebi, millis, table, whole } from "./numbers.ts";
import { cpuMs, residentBytes } from "./processes.ts";
import type { ServerUnderTest } from "./servers.ts";
import { sendShortRequests } from "./short-requests.ts";

const PARTS = 10;
const SETTLE_MS = 1000;

interface Part {
  readonly perSecond: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number;
}

/** Many requests, seen in tenths: whatever grows with their number shows. */
export async function reportEndurance(
  server: ServerUnderTest,
  { requests, connections }: { readonly requests: number; readonly connections: number },
): Promise<void> {
  const perPart = Math.ceil(requests / PARTS);
  const latencies = new Histogram();
  const parts: Part[] = [];
  let begun = stand(server);
  const onAnswer = (done: number) => {
    if (done % perPart !== 0) return;
    const now = stand(server);
    parts.push({
      perSecond: (perPart / (now.timeMs - begun.timeMs)) * 1000,
      bytes: residentBytes(server.pid) ?? Number.NaN,
      p50Ms: latencies.percentileMs(50),
      p99Ms: latencies.percentileMs(99),
      cpuUs: ((now.cpuMs - begun.cpuMs) * 1000) / perPart,
    });
    latencies.clear();
    begun = now;
  };
  const load = { connections, requests: perPart * PARTS, limitMs: Infinity, latencies, onAnswer };
  await sendShortRequests(server, load);
  await Bun.sleep(SETTLE_MS);
  console.log(`\n${server.name}, ${(perPart * PARTS).toLocaleString("en")} requests in tenths`);
  console.log(
    table([
      ["requests", "req/s", "memory", "p50", "p99", "CPU/req"],
      ...parts.map((part, at) => rowOf(part, (at + 1) * perPart)),
    ]),
  );
  console.log(`memory ${SETTLE_MS / 1000} s after: ${mebi(residentBytes(server.pid) ?? Number.NaN)}`);
  const [first, last] = [parts.at(0), parts.at(-1)];
  if (first && last) console.log(`last tenth / first tenth: ${growth(first, last)}`);
}

function stand({ pid }: ServerUnderTest): { readonly timeMs: number; readonly cpuMs: number } {
  return { timeMs: performance.now(), cpuMs: cpuMs(pid) ?? Number.NaN };
}

function rowOf({ perSecond, bytes, p50Ms, p99Ms, cpuUs }: Part, until: number): string[] {
  return [
    whole(until),
    whole(perSecond),
    mebi(bytes),
    millis(p50Ms),
    millis(p99Ms),
    `${cpuUs.toFixed(1)} µs`,
  ];
}

function growth(first: Part, last: Part): string {
  const members = [
    ["memory", "bytes"],
    ["p50", "p50Ms"],
    ["p99", "p99Ms"],
    ["CPU/req", "cpuUs"],
  ] as const;
  return members.map(([name, member]) => `${name} ${(last[member] / first[member]).toFixed(2)}`).join(", ");
}
