// The gateway against a bare proxy on the same core, with the same canned upstream. Ownkey runs as the real program:
// key check, reservation and durable ledger are on. What the other core does (load generator and upstream) is shown, so
// that nobody takes its limit for a server's. nginx and other gateways run beside them where they are there: README.md
// says how to put them into `--rivals FOLDER`.
// `--only short,long,streams,half-load,idle,aborts,workers,endurance --rounds 5 --seconds 3 --connections 32
// --chunks 200 --idle-streams 1000 --requests 100000 --program PATH`
import { startCannedUpstream } from "./support/canned-upstream.ts";
import { compare, inTurns, type Sample, sampleOf } from "./support/comparison.ts";
import { reportEndurance } from "./support/endurance.ts";
import { reportHalfLoad } from "./support/half-load.ts";
import { reportIdleStreams } from "./support/idle-streams.ts";
import { mebi, median, millis, whole } from "./support/numbers.ts";
import { numberOption, textOption } from "./support/options.ts";
import { pinThisProcess, residentBytes, SERVER_CORE, TWO_SERVER_CORES } from "./support/processes.ts";
import { startRivals } from "./support/rivals/index.ts";
import { reportSecondProcess } from "./support/second-process.ts";
import {
  PROGRAM,
  type ServerUnderTest,
  startBareProxy,
  startOwnkeyFor,
  withEverythingOn,
} from "./support/servers.ts";
import { sendShortRequests } from "./support/short-requests.ts";
import { measureAborts, runStreams } from "./support/streams.ts";

const rounds = numberOption("--rounds", 5);
const limitMs = numberOption("--seconds", 3) * 1000;
const connections = numberOption("--connections", 32);
const chunks = numberOption("--chunks", 200);
const idleStreams = numberOption("--idle-streams", 1000);
const requests = numberOption("--requests", 100_000);
const program = textOption("--program", PROGRAM);
// The engine goes on compiling: after 20,000 requests it takes another tenth of what a request costs, after 60,000 a thirtieth.
const WARM_UP_REQUESTS = 60_000;
const RIVALS_WARM_UP_REQUESTS = 2000;
const LONG_PROMPT_BYTES = 200_000;
const ABORTS = 50;

const SECTIONS: Readonly<Record<string, (servers: readonly ServerUnderTest[]) => Promise<void>>> = {
  idle: (servers) => reportIdleStreams(servers, upstream, idleStreams),
  short: reportShort,
  long: reportLong,
  streams: reportStreams,
  "half-load": reportHalf,
  aborts: reportAborts,
  workers: reportWorkers,
  endurance: () => reportEndurance(bounded, { requests, connections }),
};
const chosen = textOption("--only", Object.keys(SECTIONS).join(",")).split(",");
const unknown = chosen.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(", ")}`);

pinThisProcess();
const upstream = startCannedUpstream();
const direct = { port: upstream.port, credential: "none" };
const bare = await startBareProxy(upstream.port);
const ownkey = await startOwnkeyFor(upstream.port, program);
const bounded = await withEverythingOn(ownkey);
const rivals = await startRivals(upstream.port, textOption("--rivals", ""));
const all = [bare, ownkey, bounded, ...rivals];
/** The highest rate of short requests that each has reached so far. */
const peaks = new Map<ServerUnderTest, number>();
try {
  console.log(
    SERVER_CORE === undefined
      ? "cores cannot be chosen here: servers, load and upstream share them all"
      : `servers on core ${SERVER_CORE}, load generator and upstream on the other`,
  );
  await reportGenerator();
  console.log(`idle memory: ${all.map((server) => `${server.name} ${memory(server)}`).join(", ")}`);
  const servers = [...(await inTurns(all, 1, warmUp)).keys()];
  for (const [name, report] of Object.entries(SECTIONS)) if (chosen.includes(name)) await report(servers);
} finally {
  await Promise.all([bare, ownkey, ...rivals].map((server) => server.stop()));
  upstream.close();
}

/** Without any proxy: what the load generator and the upstream could do at most. */
async function reportGenerator(): Promise<void> {
  const result = await sendShortRequests(direct, { connections, requests: Infinity, limitMs });
  const perSecond = (result.requests / result.durationMs) * 1000;
  console.log(`load generator straight to the upstream: ${whole(perSecond)} req/s`);
}

/** Until the engine has compiled what is hot, or that long where a rival is slow. */
async function warmUp(server: ServerUnderTest): Promise<void> {
  const isRival = rivals.includes(server);
  const amount = isRival ? RIVALS_WARM_UP_REQUESTS : WARM_UP_REQUESTS;
  await sendShortRequests(server, { connections, requests: amount, limitMs: isRival ? limitMs : Infinity });
  await runStreams(server, upstream, { concurrent: connections, chunks, limitMs });
}

async function reportShort(servers: readonly ServerUnderTest[]): Promise<void> {
  const what = `short requests (1 kB, ${connections} connections)`;
  await compare({ what, unit: "req", rounds, servers, measure: shortSample });
}

async function reportLong(servers: readonly ServerUnderTest[]): Promise<void> {
  const what = `long prompts (${LONG_PROMPT_BYTES / 1000} kB, ${connections} connections)`;
  await compare({ what, unit: "req", rounds, servers, measure: longSample });
}

async function reportStreams(servers: readonly ServerUnderTest[]): Promise<void> {
  const what = `streams (${chunks.toLocaleString("en")} chunks, ${connections} at once)`;
  await compare({ what, unit: "chunk", rounds, servers, measure: streamSample });
}

async function reportHalf(servers: readonly ServerUnderTest[]): Promise<void> {
  for (const server of servers) if (!peaks.has(server)) await shortSample(server);
  await reportHalfLoad({ rounds, durationMs: limitMs, connections, direct, peaks });
}

async function reportAborts(): Promise<void> {
  for (const server of [bare, ownkey]) {
    const { abortMs, firstByteMs } = await measureAborts(server, upstream, ABORTS);
    console.log(
      `\n${server.name}, one stream at a time: first byte ${millis(median(firstByteMs))}; ` +
        `client gone → upstream closed ${millis(median(abortMs))}, at most ${millis(Math.max(...abortMs))}`,
    );
  }
}

async function reportWorkers(): Promise<void> {
  const how = { args: ["--workers", "2"], cores: TWO_SERVER_CORES };
  const two = { ...(await startOwnkeyFor(upstream.port, program, how)), name: "Ownkey, 2 processes" };
  try {
    const twoBounded = await withEverythingOn(two);
    for (const server of [two, twoBounded]) await warmUp(server);
    const pairs = [
      [ownkey, two],
      [bounded, twoBounded],
    ] as const;
    await reportSecondProcess({ rounds, pairs, measure: shortSample });
  } finally {
    await two.stop();
  }
}

async function shortSample(server: ServerUnderTest): Promise<Sample> {
  const sample = await requestSample(server);
  peaks.set(server, Math.max(peaks.get(server) ?? 0, sample.perSecond));
  return sample;
}

async function longSample(server: ServerUnderTest): Promise<Sample> {
  return await requestSample(server, LONG_PROMPT_BYTES);
}

async function requestSample(server: ServerUnderTest, promptBytes?: number): Promise<Sample> {
  return await sampleOf(server, async () => {
    const size = promptBytes === undefined ? {} : { promptBytes };
    const result = await sendShortRequests(server, { connections, requests: Infinity, limitMs, ...size });
    return { ...result, amount: result.requests };
  });
}

async function streamSample(server: ServerUnderTest): Promise<Sample> {
  return await sampleOf(server, async () => {
    const result = await runStreams(server, upstream, { concurrent: connections, chunks, limitMs });
    return { ...result, amount: result.chunks, latencies: result.firstBytes };
  });
}

function memory({ pid }: ServerUnderTest): string {
  const bytes = residentBytes(pid);
  return bytes === undefined ? "not known" : mebi(bytes);
}
