import type { CannedUpstream } from "./canned-upstream.ts";
import { mebi, table } from "./numbers.ts";
import { cpuMs, residentBytes } from "./processes.ts";
import type { ServerUnderTest } from "./servers.ts";
import { openStream, type OpenStream } from "./streams.ts";

const OPENED_AT_ONCE = 50;
const BEGINS_WITHIN_MS = 5000;
const SETTLE_MS = 2000;
const IDLE_MS = 5000;

/** Streams that have begun and then stay silent: what they weigh, what they cost, and that all end as they should. */
export async function reportIdleStreams(
  servers: readonly ServerUnderTest[],
  upstream: CannedUpstream,
  amount: number,
): Promise<void> {
  const rows: string[][] = [];
  for (const server of servers) rows.push(await rowOf(server, upstream, amount));
  console.log(
    `\n${amount.toLocaleString("en")} streams that stay silent for ${IDLE_MS / 1000} s, then go on and end`,
  );
  console.log(
    table([["", "begun", "ended well", "memory before", "with them", "each", "after", "CPU"], ...rows]),
  );
}

async function rowOf(server: ServerUnderTest, upstream: CannedUpstream, amount: number): Promise<string[]> {
  await Bun.sleep(SETTLE_MS);
  const before = residentBytes(server.pid) ?? Number.NaN;
  const streams = await openMany(server, amount);
  await Bun.sleep(SETTLE_MS);
  const held = residentBytes(server.pid) ?? Number.NaN;
  const usedBefore = cpuMs(server.pid) ?? Number.NaN;
  await Bun.sleep(IDLE_MS);
  const used = (cpuMs(server.pid) ?? Number.NaN) - usedBefore;
  const endedWell = await endAll(streams, upstream);
  await Bun.sleep(SETTLE_MS);
  const after = residentBytes(server.pid) ?? Number.NaN;
  return [
    server.name,
    String(streams.size),
    String(endedWell),
    mebi(before),
    mebi(held),
    `${((held - before) / streams.size / 1024).toFixed(1)} KiB`,
    mebi(after),
    `${((used / IDLE_MS) * 100).toFixed(1)} %`,
  ];
}

/** Those that have begun, by number; the others are left. */
async function openMany(server: ServerUnderTest, amount: number): Promise<Map<number, OpenStream>> {
  const begun = new Map<number, OpenStream>();
  const open = async (number: number) => {
    const stream = await openStream(server, number, () => {});
    const hasBegun = await Promise.race([
      stream.firstByteMs.then(() => true).catch(() => false),
      Bun.sleep(BEGINS_WITHIN_MS).then(() => false),
    ]);
    if (hasBegun) begun.set(number, stream);
    else stream.leave();
  };
  for (let from = 0; from < amount; from += OPENED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(OPENED_AT_ONCE, amount - from) }, (_, at) => from + at);
    const before = begun.size;
    await Promise.all(numbers.map(open));
    // Where none of these could begin, none of the others will.
    if (begun.size === before) break;
  }
  return begun;
}

/** Each gets one more event and its end; gives how many have got both. */
async function endAll(streams: ReadonlyMap<number, OpenStream>, upstream: CannedUpstream): Promise<number> {
  for (const number of streams.keys()) {
    upstream.nextEvent(number);
    upstream.endStream(number);
  }
  const EVENTS_WITH_END = 3;
  const ends = await Promise.allSettled([...streams.values()].map(({ ended }) => ended));
  return ends.filter((end) => end.status === "fulfilled" && end.value >= EVENTS_WITH_END).length;
}
