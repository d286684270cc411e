// The gateway against a bare proxy on the same core, with the same canned upstream. Ownkey runs as the real program:
// key check, reservation and durable ledger are on. What the other core does (load generator and upstream) is shown, so
// that nobody takes its limit for a server's. nginx, and Portkey from `--rivals FOLDER`, run beside them where they are
// there. `--rounds 5 --seconds 3 --connections 32 --requests 100000 --program PATH`
import { STREAM_EVENTS, startCannedUpstream } from "./support/canned-upstream.ts";
import { mebi, median, table } from "./support/numbers.ts";
import { cpuMs, pinThisProcess, residentBytes, SERVER_CORE } from "./support/processes.ts";
import { numberOption, textOption } from "./support/options.ts";
import { startNginx, startPortkey } from "./support/rivals.ts";
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
const requests = numberOption("--requests", 100_000);
const WARM_UP_REQUESTS = 20_000;
const ABORTS = 50;
const SETTLE_MS = 1000;

interface Sample {
  readonly perSecond: number;
  /** Of the server, per request or chunk. */
  readonly cpuUs: number;
  /** Part of its core that the server had. */
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

pinThisProcess();
const upstream = startCannedUpstream();
const bare = await startBareProxy(upstream.port);
const ownkey = await startOwnkeyFor(upstream.port, textOption("--program", PROGRAM));
const bounded = await withEverythingOn(ownkey);
const rivals = [
  await startNginx(upstream.port),
  await startPortkey(upstream.port, textOption("--rivals", "") || undefined),
].filter((rival) => rival !== undefined);
try {
  console.log(
    SERVER_CORE === undefined
      ? "cores cannot be chosen here: servers, load and upstream share them all"
      : `servers on core ${SERVER_CORE}, load generator and upstream on the other`,
  );
  await reportGenerator();
  console.log(`idle memory: bare proxy ${memory(bare)}, Ownkey ${memory(ownkey)}`);
  for (const server of [bare, ownkey, bounded]) await warmUp(server);
  for (const rival of rivals) await sendShortRequests(rival, { connections, requests: 2000, limitMs });
  const own = [ownkey, bounded];
  await compare(`short requests (1 kB, ${connections} connections)`, "req", {
    servers: [bare, ...own, ...rivals],
    measure: shortSample,
  });
  await compare(`long prompts (200 kB, ${connections} connections)`, "req", {
    servers: [bare, ...own],
    measure: longSample,
  });
  await compare(`streams (${STREAM_EVENTS} chunks, ${connections} at once)`, "chunk", {
    servers: [bare, ...own],
    measure: streamSample,
  });
  for (const server of [bare, ownkey]) await reportAborts(server);
  await reportFlatness(ownkey);
} finally {
  await Promise.all([bare, ownkey, ...rivals].map((server) => server.stop()));
  upstream.close();
}

/** Without any proxy: what the load generator and the upstream could do at most. */
async function reportGenerator(): Promise<void> {
  const direct = { port: upstream.port, credential: "none" };
  const result = await sendShortRequests(direct, { connections, requests: Infinity, limitMs });
  const perSecond = (result.requests / result.durationMs) * 1000;
  console.log(`load generator straight to the upstream: ${whole(perSecond)} req/s`);
}

/** Until the engine has compiled what is hot. */
async function warmUp(server: ServerUnderTest): Promise<void> {
  await sendShortRequests(server, { connections, requests: WARM_UP_REQUESTS, limitMs: Infinity });
  await runStreams(server, upstream, { concurrent: connections, limitMs });
}

async function shortSample(server: ServerUnderTest): Promise<Sample> {
  return await sample(server, async () => {
    const result = await sendShortRequests(server, { connections, requests: Infinity, limitMs });
    return { ...result, amount: result.requests };
  });
}

async function longSample(server: ServerUnderTest): Promise<Sample> {
  return await sample(server, async () => {
    const promptBytes = 200_000;
    const result = await sendShortRequests(server, { connections, requests: Infinity, limitMs, promptBytes });
    return { ...result, amount: result.requests };
  });
}

async function streamSample(server: ServerUnderTest): Promise<Sample> {
  return await sample(server, async () => {
    const result = await runStreams(server, upstream, { concurrent: connections, limitMs });
    return { ...result, amount: result.chunks, p50Ms: result.firstByteP50Ms, p99Ms: result.firstByteP99Ms };
  });
}

async function sample(
  server: ServerUnderTest,
  work: () => Promise<{ amount: number; durationMs: number; p50Ms: number; p99Ms: number }>,
): Promise<Sample> {
  const before = cpuMs(server.pid);
  const { amount, durationMs, p50Ms, p99Ms } = await work();
  const usedMs = (cpuMs(server.pid) ?? Number.NaN) - (before ?? Number.NaN);
  return {
    perSecond: (amount / durationMs) * 1000,
    cpuUs: (usedMs * 1000) / amount,
    busy: usedMs / durationMs,
    p50Ms,
    p99Ms,
  };
}

/** They take turns, so that what disturbs the machine for a while disturbs all. The first one is the baseline. */
async function compare(
  what: string,
  unit: string,
  {
    servers,
    measure,
  }: {
    readonly servers: readonly ServerUnderTest[];
    readonly measure: (server: ServerUnderTest) => Promise<Sample>;
  },
): Promise<void> {
  const samples = new Map<ServerUnderTest, Sample[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) samples.get(server)?.push(await measure(server));
  }
  const rows = servers.map((server) => {
    const own = samples.get(server) ?? [];
    const at = (member: keyof Sample) => median(own.map((each) => each[member]));
    const times = [at("p50Ms"), at("p99Ms")].map((timeMs) => `${timeMs.toFixed(2)} ms`);
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
  const [baseline, ...others] = servers;
  const base = (baseline && samples.get(baseline)) ?? [];
  for (const server of others) {
    const own = samples.get(server) ?? [];
    const rates = own.map(({ perSecond }, at) => perSecond / (base[at]?.perSecond ?? Number.NaN));
    const costs = own.map(({ cpuUs }, at) => (base[at]?.cpuUs ?? Number.NaN) / cpuUs);
    console.log(
      `${server.name} / ${baseline?.name}: ${median(rates).toFixed(2)} in ${unit}/s, ` +
        `${median(costs).toFixed(2)} per CPU time (rounds: ${costs.map((ratio) => ratio.toFixed(2)).join(" ")})`,
    );
  }
}

async function reportAborts(server: ServerUnderTest): Promise<void> {
  const { abortMs, firstByteMs } = await measureAborts(server, upstream, ABORTS);
  console.log(
    `\n${server.name}, one stream at a time: first byte ${median(firstByteMs).toFixed(2)} ms; ` +
      `client gone → upstream closed ${median(abortMs).toFixed(2)} ms, at most ${Math.max(...abortMs).toFixed(1)} ms`,
  );
}

async function reportFlatness(server: ServerUnderTest): Promise<void> {
  const every = Math.max(1000, Math.floor(requests / 10 / 1000) * 1000);
  const seen: string[] = [];
  await sendShortRequests(server, {
    connections,
    requests,
    limitMs: Infinity,
    onProgress: (done) => {
      if (done % every === 0) seen.push(memory(server));
    },
  });
  console.log(`\n${server.name}, memory while ${requests.toLocaleString("en")} more requests pass:`);
  console.log(`  ${seen.join(", ")}`);
  await Bun.sleep(SETTLE_MS);
  console.log(`  and ${SETTLE_MS / 1000} s after: ${memory(server)}`);
}

function memory({ pid }: ServerUnderTest): string {
  const bytes = residentBytes(pid);
  return bytes === undefined ? "not known" : mebi(bytes);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
