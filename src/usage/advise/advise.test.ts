import { expect, test } from "bun:test";
import { UNKNOWN_USAGE, type Usage } from "../../kernel/index.ts";
import type { AttemptRow } from "../../ledger/index.ts";
import type { CostInput } from "../pricing.ts";
import { usageAdvice } from "./advise.ts";
import { inputOf, medianOf, withoutBeginning, withoutEnd } from "./tokens.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const MINUTE = 60_000;

/** Nano-dollars a token: 1000 in, 100 from the cache, 1250 to write it, 4000 out; the mini model a tenth of that. */
function cost({ model, usage }: CostInput): bigint | null {
  const part = { "gpt-5.1": 10, "gpt-5.1-mini": 1 }[model];
  if (part === undefined) return null;
  const { inputUncached, cacheRead, cacheWrite5m, output } = usage;
  const nanos =
    (inputUncached ?? 0) * 100 + (cacheRead ?? 0) * 10 + (cacheWrite5m ?? 0) * 125 + (output ?? 0) * 400;
  return BigInt(nanos * part);
}

interface Sent {
  readonly minutes: number;
  readonly usage: Partial<Usage>;
  readonly body?: number;
  readonly model?: string;
  readonly tool?: string;
  readonly status?: number;
  readonly estimated?: boolean;
  readonly requestId?: string;
}

async function advise(sent: readonly Sent[]) {
  const rows = sent
    .map((one, index) => rowOf(one, index))
    .sort((a, b) => (a.requestId < b.requestId ? 1 : -1));
  const ledgers = {
    list: ({ beforeRequestId, limit = 50 }: { beforeRequestId?: string; limit?: number } = {}) =>
      rows
        .filter(({ requestId }) => beforeRequestId === undefined || requestId < beforeRequestId)
        .slice(0, limit),
  };
  const range = { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER, nowMs: NOW };
  return await usageAdvice({ ledgers, pricing: { cost }, presetOf: () => null, ...range });
}

function rowOf(
  { minutes, usage, body, model = "gpt-5.1", tool = "codex", ...more }: Sent,
  index: number,
): AttemptRow {
  const startedAtMs = Date.parse("2026-11-20T10:00:00Z") + minutes * MINUTE;
  return {
    instance: "node-1",
    requestId: more.requestId ?? `req_${String(index).padStart(6, "0")}`,
    attempt: 1,
    startedAtMs,
    virtualKeyId: "vk_1",
    connectionId: "conn_1",
    providerKeyId: "key_1",
    tool,
    user: null,
    team: null,
    project: null,
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: false,
    modelRequested: model,
    bytesIn: 1,
    bodyHash: body === undefined ? null : new Uint8Array(16).fill(body),
    reservedNanos: null,
    priceVersion: null,
    grants: [],
    settled: {
      endedAtMs: startedAtMs + 1,
      end: "complete",
      status: 200,
      verdict: null,
      usage: { ...UNKNOWN_USAGE, ...usage },
      modelAnswered: model,
      serviceTier: null,
      geo: null,
      costNanos: 1n,
      estimated: more.estimated ?? false,
      bytesOut: 1,
      firstByteMs: 1,
      durationMs: 1,
    },
  };
}

const plain = (inputUncached: number, output = 1000) => ({ inputUncached, output });

test("short requests are priced at the next smaller model that has a price", async () => {
  const { advice, requests } = await advise([
    { minutes: 0, usage: plain(2000, 300) },
    { minutes: 60, usage: plain(100, 10) },
    { minutes: 120, usage: plain(2001, 300) },
    { minutes: 180, usage: plain(100, 301) },
  ]);
  expect(requests).toBe(4);
  expect(advice).toMatchObject([
    {
      kind: "smaller_model",
      group: { virtualKeyId: "vk_1", tool: "codex", connectionId: "conn_1", model: "gpt-5.1" },
      requests: 2,
      // (2000 × 1000 + 300 × 4000) + (100 × 1000 + 10 × 4000), nine tenths of it.
      savedNanos: ((3_200_000n + 140_000n) * 9n) / 10n,
    },
  ]);
  expect(advice[0]?.found).toContain("2 of 4 requests were short");
  expect(advice[0]?.found).toContain("try gpt-5.1-mini");
});

test("the same body sent again counts from the second time on; attempts of one request do not", async () => {
  const usage = plain(3000, 1000);
  const { advice } = await advise([
    { minutes: 0, usage, body: 1 },
    { minutes: 60, usage, body: 1 },
    { minutes: 120, usage, body: 1 },
    { minutes: 180, usage, body: 2 },
    { minutes: 240, usage, body: 3, requestId: "req_9" },
    { minutes: 240, usage, body: 3, requestId: "req_9" },
    { minutes: 300, usage },
    { minutes: 360, usage },
  ]);
  // 3000 × 1000 + 1000 × 4000, twice.
  expect(advice).toMatchObject([{ kind: "repeated_bodies", requests: 2, savedNanos: 14_000_000n }]);
  expect(advice[0]?.found).toContain("(1 different ones, one of them 3 times)");
});

test("long prompts soon after each other without anything from the cache: what reading it would have saved, less writing it", async () => {
  const { advice } = await advise([
    { minutes: 0, usage: plain(10_000) },
    { minutes: 4, usage: plain(12_000) },
    { minutes: 8, usage: plain(14_000) },
    // Not within five minutes: it would have had to write it again.
    { minutes: 20, usage: plain(16_000) },
    // Too short for any cache, and one that read from it.
    { minutes: 21, usage: plain(1000) },
    { minutes: 22, usage: { inputUncached: 1000, cacheRead: 15_000, output: 1000 } },
  ]);
  const misses = advice.find(({ kind }) => kind === "cache_misses");
  // 10,000 shared tokens: read at 900 less, twice; written at 250 more, twice.
  expect(misses).toMatchObject({ requests: 2, savedNanos: 10_000n * 900n * 2n - 10_000n * 250n * 2n });
  expect(misses?.found).toContain("2 of 5 long requests");
  expect(misses?.how).toContain("10,000 tokens");
});

test("requests far above the tool's middle one, and above 20,000 tokens: what the rest of them cost", async () => {
  const { advice } = await advise([
    ...[0, 1, 2, 3, 4].map((hour) => ({ minutes: hour * 60, usage: plain(6000) })),
    { minutes: 400, usage: plain(24_000) },
    { minutes: 410, usage: plain(30_000, 500) },
    { minutes: 420, usage: { inputUncached: 4000, cacheRead: 30_000, output: 500 } },
  ]);
  const large = advice.find(({ kind }) => kind === "oversized_context");
  // Above 24,000 = 4 × 6000: 6000 uncached; then 10,000 of which 4000 uncached and 6000 from the cache.
  expect(large).toMatchObject({ requests: 2, savedNanos: 6_000_000n + 4_000_000n + 600_000n });
  expect(large?.found).toContain(
    "2 requests had more than 24,000 input tokens (64 for each one of output); 2 of them grew",
  );
});

test("what every request of a tool carries is paid each time, cached or not", async () => {
  const usual = Array.from({ length: 19 }, (_, index) => ({ minutes: index * 60, usage: plain(5000) }));
  const { advice } = await advise([
    ...usual,
    { minutes: 2000, usage: { inputUncached: 500, cacheRead: 2500, output: 1000 } },
    { minutes: 0, tool: "other", usage: plain(50) },
  ]);
  const prefix = advice.find(({ kind }) => kind === "fixed_prefix");
  // 3000 tokens in each: 19 uncached; one 2500 from the cache and 500 not.
  expect(prefix).toMatchObject({ requests: 20, savedNanos: 19n * 3_000_000n + 250_000n + 500_000n });
  expect(prefix?.found).toContain("at least 3,000 input tokens");
  const few = await advise(usual);
  expect(few.advice.map(({ kind }) => kind)).not.toContain("fixed_prefix");
});

test("what has no price, no usage or only an estimate says nothing; without anything to say there is nothing", async () => {
  const { advice, requests } = await advise([
    { minutes: 0, usage: plain(10), model: "unheard-of", body: 1 },
    { minutes: 1, usage: plain(10), model: "unheard-of", body: 1 },
    { minutes: 2, usage: plain(10), estimated: true },
  ]);
  expect({ advice, requests }).toEqual({ advice: [], requests: 2 });
  expect((await advise([])).advice).toEqual([]);
});

test("pages of the ledger are put together without losing or doubling a request", async () => {
  const many = Array.from({ length: 4500 }, (_, index) => ({ minutes: index * 60, usage: plain(100, 10) }));
  const { advice, requests, isWhole } = await advise(many);
  expect({ requests, isWhole }).toEqual({ requests: 4500, isWhole: true });
  expect(advice).toMatchObject([{ kind: "smaller_model", requests: 4500, savedNanos: 4500n * 126_000n }]);
});

test("tokens are left out from the beginning or the end; what is not known stays unknown", () => {
  const usage = { ...UNKNOWN_USAGE, inputUncached: 10, cacheRead: 20, cacheWrite5m: 5, output: 3 };
  expect(withoutBeginning(usage, 22)).toEqual({ ...usage, cacheRead: 0, cacheWrite5m: 3 });
  expect(withoutEnd(usage, 12)).toEqual({ ...usage, inputUncached: 0, cacheWrite5m: 3 });
  expect(inputOf(withoutEnd(usage, 100))).toBe(0);
  expect(withoutEnd(usage, 100).cacheWrite1h).toBeNull();
  expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3]), medianOf([])]).toEqual([2, 2, 0]);
});
