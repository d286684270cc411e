/**
 * Budgets as callers meet them, through the real program and the official SDKs. Tests that begin with a name and number
 * are named after public threads of similar gateways, whose users met the opposite.
 */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { type BillingProvider, MODEL, startBillingProvider } from "./support/billing.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RunningUp, until } from "./support/ownkey.ts";

interface BudgetItem {
  readonly name: string;
  readonly spentUsd: string;
  readonly heldUsd: string;
  readonly leftUsd: string;
}

const HELLO = { model: MODEL, messages: [{ role: "user" as const, content: "hello" }] };
/** gpt-4.1-mini writes at $1.60 a million tokens. */
const OUTPUT_NANOS = 1600;

let provider: BillingProvider;
let home: OwnkeyHome;
let up: RunningUp;
let holders = 0;

beforeAll(async () => {
  provider = await startBillingProvider();
  home = new OwnkeyHome();
  up = await home.up();
  await home.addKey("openai", newKey.openai(), "--base-url", provider.url, "--no-test");
}, 30_000);

afterAll(async () => {
  await home.remove();
  await provider.close();
});

beforeEach(() => provider.behave({ uses: 1, pauseMs: 0, cuts: 0, fails: 0 }));

/** A virtual key with a budget of its own. */
async function holder(...budgets: string[]): Promise<{ name: string; token: string }> {
  const name = `holder-${++holders}`;
  const token = await home.virtualKey(name, ...budgets.flatMap((amount) => ["--budget", amount]));
  return { name, token };
}

async function chat(token: string, body: object = {}, signal?: AbortSignal): Promise<Response> {
  return await fetch(`${up.ready.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...HELLO, ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function budgetOf(name: string): Promise<BudgetItem> {
  const { items } = await home.call<{ items: BudgetItem[] }>("budget.list");
  const found = items.find((item) => item.name.startsWith(`vk:${name}/`));
  if (found === undefined) throw new Error(`${name} has no budget`);
  return found;
}

/** What a request with this output limit, which is too dear, would have to hold. */
async function needed(token: string, limit: number): Promise<bigint> {
  const answer = await chat(token, { max_completion_tokens: limit });
  expect(answer.status).toBe(402);
  const { error } = (await answer.json()) as { error: { details: { neededUsd: string } } };
  return nanos(error.details.neededUsd);
}

/** Once nothing is held any more: idle slices go back after some seconds. */
async function atRest(name: string): Promise<BudgetItem> {
  return await until(async () => {
    const budget = await budgetOf(name);
    return budget.heldUsd === "0" && budget;
  }, "what is not in use has gone back");
}

describe("a refusal", () => {
  test("an OpenAI client gets status 402 with the budget's figures, and does not try again", async () => {
    const { name, token } = await holder("0.01usd/month");
    await home.call("budget.set", { subject: `vk:${name}`, amount: "0.01usd/month", spent: "0.0099usd" });
    const before = (await home.requests()).length;
    const client = new OpenAI({ baseURL: `${up.ready.url}/v1`, apiKey: token, maxRetries: 3 });
    const refusal = await client.chat.completions
      .create({ ...HELLO, max_completion_tokens: 1000 })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(APIError);
    expect(refusal).toMatchObject({ status: 402, code: "budget_exceeded" });
    const { error } = refusal as { error: { message: string; details: Record<string, string> } };
    expect(error.message).toContain(`vk:${name}/month`);
    expect(error.details).toMatchObject({ limitUsd: "0.01", leftUsd: "0.0001" });
    expect(Date.parse(error.details["resetsAt"] ?? "")).toBeGreaterThan(Date.now());
    expect((await home.requests()).length).toBe(before);
  });

  test("what no period will have room for is not told to wait for the next one", async () => {
    const { token } = await holder("0.0001usd/month");
    const answer = await chat(token, { max_completion_tokens: 1000 });
    expect(answer.status).toBe(402);
    const { error } = (await answer.json()) as { error: { message: string; details: object } };
    expect(error.message).toContain("more than the whole budget of $0.0001");
    expect(error.details).not.toHaveProperty("resetsAt");
    expect(answer.headers.get("retry-after")).toBeNull();
  });

  test("Anthropic's and Google's clients get it in their own form, and do not try again", async () => {
    await home.addKey("anthropic", newKey.anthropic(), "--base-url", provider.url, "--no-test");
    await home.addKey("google", newKey.google(), "--base-url", provider.url, "--no-test");
    const { token } = await holder("0.00000001usd/day");
    const asked = provider.requests();
    const anthropic = new Anthropic({ baseURL: up.ready.url, apiKey: token, maxRetries: 3 });
    const first = await anthropic.messages
      .create({ model: "claude-sonnet-4-5", max_tokens: 100, messages: HELLO.messages })
      .catch((error: unknown) => error);
    expect(first).toMatchObject({
      status: 402,
      error: { type: "error", error: { type: "billing_error", code: "budget_exceeded" } },
    });
    const google = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: up.ready.url } });
    const second = await google.models
      .generateContent({ model: "gemini-2.5-flash", contents: "hello" })
      .catch((error: unknown) => error);
    expect(second).toMatchObject({ status: 402 });
    expect((second as Error).message).toContain("budget_exceeded");
    expect(provider.requests()).toBe(asked);
  });
});

describe("1. overspend under concurrency", () => {
  test("LiteLLM #40095, #34732: eight first calls at once do not pass a cap that pays for one", async () => {
    const { name, token } = await holder("0.000436usd/day");
    const billed = provider.billedNanos();
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => (await chat(token, { max_completion_tokens: 100 })).status),
    );
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
    expect(answers.filter((status) => status === 402)).toHaveLength(7);
    expect(provider.billedNanos() - billed).toBeLessThanOrEqual(436_000n);
    expect(nanos((await atRest(name)).spentUsd)).toBeLessThanOrEqual(436_000n);
  });

  test("new-api #6609, #6607: 64 streams on a nearly empty budget stay within it, to the last nano-dollar", async () => {
    provider.behave({ uses: 0.7, pauseMs: 1, cuts: 0.2, fails: 0.1 });
    const { name, token } = await holder("0.002usd/day");
    const billed = provider.billedNanos();
    const client = async () => {
      for (let i = 0; i < 4; i++) {
        const answer = await chat(token, { stream: true, max_completion_tokens: 60 });
        await answer.text().catch(() => "cut");
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    const { spentUsd } = await atRest(name);
    expect(provider.billedNanos() - billed).toBeLessThanOrEqual(nanos(spentUsd));
    expect(nanos(spentUsd)).toBeLessThanOrEqual(2_000_000n);
    expect(await ledgerOf(name)).toBe(spentUsd);
  });

  test("Bifrost #2873: no route goes round a budget, and what has no bound is refused by its name", async () => {
    const { token } = await holder("1usd/day");
    const refused = async (path: string, body: object) => {
      const answer = await fetch(`${up.ready.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: answer.status, ...((await answer.json()) as { error: { code: string } }) };
    };
    const asked = provider.requests();
    expect(
      await refused("/v1/responses", { model: MODEL, input: "hi", previous_response_id: "resp_1" }),
    ).toMatchObject({ error: { code: expect.stringMatching(/not_boundable|not_found/) } });
    expect(
      await refused("/v1/chat/completions", { ...HELLO, tools: [{ type: "web_search" }] }),
    ).toMatchObject({ status: 400, error: { code: "not_boundable" } });
    expect(await refused("/v1/chat/completions", { ...HELLO, some_new_field: 1 })).toMatchObject({
      status: 400,
      error: { code: "not_boundable", details: { field: "some_new_field" } },
    });
    expect(provider.requests()).toBe(asked);
  });

  test("LiteLLM #26672, #23714: every request leaves with an output limit, also one that sets none", async () => {
    const { token } = await holder("0.05usd/day");
    const seen = provider.limits.length;
    provider.behave({ uses: 0.001, pauseMs: 0, cuts: 0, fails: 0 });
    expect((await chat(token)).status).toBe(200);
    const [limit = 0] = provider.limits.slice(seen);
    // What is left pays for it.
    expect(limit).toBeGreaterThan(0);
    expect(limit * OUTPUT_NANOS).toBeLessThanOrEqual(50_000_000);
  });
});

describe("2. false refusals", () => {
  test("LiteLLM #27735, #27639: what was reserved and not spent is free again with the next request", async () => {
    provider.behave({ uses: 0.01, pauseMs: 0, cuts: 0, fails: 0 });
    const { token } = await holder("0.002usd/day");
    // Each holds three quarters while it runs, and costs next to nothing.
    for (let i = 0; i < 8; i++) {
      const answer = await chat(token, { max_completion_tokens: 500 });
      expect(answer.status).toBe(200);
      await answer.text();
    }
  });

  test("Bifrost #5770, LiteLLM #36926: the last cent can be spent, and a restart neither doubles nor forgets", async () => {
    provider.behave({ uses: 1, pauseMs: 0, cuts: 0, fails: 0 });
    const { name, token } = await holder("0.001usd/day");
    await (await chat(token, { max_completion_tokens: 200 })).text();
    const before = await atRest(name);
    up.kill("SIGTERM");
    await up.exited;
    up = await home.up();
    expect(await budgetOf(name)).toEqual(before);
    // What a request needs is a fixed part and so much for each token that it may write.
    const [few, many] = [await needed(token, 100_000), await needed(token, 100_001)];
    const perToken = many - few;
    const fixed = few - 100_000n * perToken;
    const tokens = Number((nanos(before.leftUsd) - fixed) / perToken);
    expect((await chat(token, { max_completion_tokens: tokens + 1 })).status).toBe(402);
    expect((await chat(token, { max_completion_tokens: tokens })).status).toBe(200);
  });

  test("a failed request at the provider costs nothing, however often", async () => {
    provider.behave({ uses: 1, pauseMs: 0, cuts: 0, fails: 1 });
    const { name, token } = await holder("0.001usd/day");
    for (let i = 0; i < 5; i++) expect((await chat(token, { max_completion_tokens: 300 })).status).toBe(503);
    expect((await atRest(name)).spentUsd).toBe("0");
  });
});

describe("5. a client that hangs up", () => {
  test("new-api #5235, sub2api #4408: neither free nor more than was reserved, once", async () => {
    provider.behave({ uses: 1, pauseMs: 5, cuts: 0, fails: 0 });
    const { name, token } = await holder("0.01usd/day");
    const leaving = new AbortController();
    const answer = await chat(token, { stream: true, max_completion_tokens: 1000 }, leaving.signal);
    await answer.body?.getReader().read();
    leaving.abort();
    const row = await home.lastRequest();
    expect(row).toMatchObject({ state: "estimated", end: "client_gone" });
    expect(row.costUsd).toBe(row.reservedUsd);
    expect((await atRest(name)).spentUsd).toBe(row.reservedUsd ?? "");
  });
});

test("several processes of one gateway share a budget", async () => {
  if (process.platform !== "linux") return console.warn("skipped: several processes on one port need Linux");
  const own = new OwnkeyHome();
  try {
    const both = await own.up(["--workers", "2"]);
    await own.addKey("openai", newKey.openai(), "--base-url", provider.url, "--no-test");
    const token = await own.virtualKey("shared", "--budget", "0.002usd/day");
    const billed = provider.billedNanos();
    const ask = async () => {
      const answer = await fetch(`${both.ready.url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          connection: "close",
        },
        body: JSON.stringify({ ...HELLO, max_completion_tokens: 50 }),
        keepalive: false,
      });
      await answer.text();
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: 80 }, ask));
    expect(statuses).toContain(200);
    expect(statuses).toContain(402);
    expect(provider.billedNanos() - billed).toBeLessThanOrEqual(2_000_000n);
  } finally {
    await own.remove();
  }
}, 60_000);

async function ledgerOf(name: string): Promise<string> {
  const { items } = await home.call<{ items: { label?: string; key: string | null; costUsd: string }[] }>(
    "usage.report",
    { by: "vk" },
  );
  return items.find((item) => item.label === name || item.key === name)?.costUsd ?? "";
}

function nanos(text: string): bigint {
  const [whole = "0", part = ""] = text.split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, "0"));
}
