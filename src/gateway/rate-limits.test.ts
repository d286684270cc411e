// Rate limits on the data plane: refused in the caller's dialect, and given back whatever the end.
import { afterEach, beforeEach, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { chunked, json, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import type { RateLimits } from "../access/index.ts";
import { Rates } from "../budgets/index.ts";
import { AppError, type Clock, systemClock } from "../kernel/index.ts";
import { connection, startGateway, type TestGateway, VIRTUAL_KEY, virtualKey } from "./gateway.testing.ts";

const ANSWER = {
  id: "chatcmpl-1",
  model: "gpt-x",
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 5 },
};
const ASKED = { model: "gpt-x", messages: [{ role: "user" as const, content: "hi" }] };

/** The time of limits alone: what is left of a minute passes at once. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  nowMs = () => systemClock.nowMs() + this.shiftMs;
  monotonicMs = () => systemClock.monotonicMs() + this.shiftMs;
}

let upstream: Upstream;
let clock: ShiftedClock;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, ANSWER));
  clock = new ShiftedClock();
  const settings = { baseUrl: upstream.url };
  gateway = startGateway({
    connections: [
      connection("openai", "openai", settings),
      connection("anthropic", "anthropic", settings),
      connection("google", "google", settings),
    ],
    rates: new Rates({ clock }),
  });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

function limit(rateLimits: RateLimits): void {
  gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: virtualKey({ rateLimits }), tool: null });
}

const chat = () => gateway.post("/v1/chat/completions", ASKED);

async function statusesOf(count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, chat));
  return answers.map(({ status }) => status).sort((a, b) => a - b);
}

test("beyond the limit nothing is sent, and OpenAI's SDKs are told as OpenAI tells them", async () => {
  limit({ requestsPerMinute: 2, tokensPerMinute: 5_000 });
  expect(await statusesOf(3)).toEqual([200, 200, 429]);
  expect(upstream.arrived).toHaveLength(2);
  await gateway.ledger.settledRows(2);
  const answer = await chat();
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeWithin(59, 62);
  expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("2");
  expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(answer.headers.get("x-ratelimit-reset-requests")).toMatch(/^(?:1m[01]s|60s|59s)$/);
  expect(answer.headers.get("x-ratelimit-limit-tokens")).toBe("5000");
  // Two answers of 15 tokens.
  expect(answer.headers.get("x-ratelimit-remaining-tokens")).toBe("4970");
  expect(answer.headers.get("x-should-retry")).toBeNull();
  const body = (await answer.json()) as { error: Record<string, unknown> };
  expect(body.error).toMatchObject({
    type: "rate_limit_error",
    code: "rate_limited",
    details: { limit: "requestsPerMinute", subject: "this virtual key", most: 2 },
  });
  expect(gateway.ledger.rows).toHaveLength(2);
  expect(gateway.denials).toEqual([]);
});

test("Anthropic's and Google's callers are told in their own way", async () => {
  limit({ requestsPerMinute: 1 });
  await (await chat()).text();
  const headers = { "anthropic-version": "2023-06-01" };
  const anthropic = await gateway.post("/v1/messages", { ...ASKED, max_tokens: 9 }, headers);
  expect(anthropic.status).toBe(429);
  expect(anthropic.headers.get("anthropic-ratelimit-requests-limit")).toBe("1");
  expect(anthropic.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  const resetsAtMs = Date.parse(anthropic.headers.get("anthropic-ratelimit-requests-reset") ?? "");
  expect(resetsAtMs - Date.now()).toBeWithin(55_000, 63_000);
  expect(anthropic.headers.get("anthropic-ratelimit-requests-reset")).toMatch(/:\d\dZ$/);
  expect(await anthropic.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });

  const google = await gateway.post("/v1beta/models/gemini-x:generateContent", { contents: [] });
  expect(google.status).toBe(429);
  const { error } = (await google.json()) as { error: { status: string; details: object[] } };
  expect(error.status).toBe("RESOURCE_EXHAUSTED");
  expect(error.details[1]).toMatchObject({ "@type": "type.googleapis.com/google.rpc.RetryInfo" });
  expect(upstream.arrived).toHaveLength(1);
});

test("the provider's own rate headers pass unchanged, whatever our limits are", async () => {
  upstream.behave(json(200, ANSWER, { "x-ratelimit-remaining-requests": "4999" }));
  limit({ requestsPerMinute: 2 });
  const answer = await chat();
  expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("4999");
  expect(answer.headers.get("x-ratelimit-limit-requests")).toBeNull();
});

test("tokens are counted by what the provider reports, and errors by nothing", async () => {
  limit({ tokensPerMinute: 1_200 });
  // One at a time: each is estimated at more than a thousand.
  for (const _ of [1, 2, 3]) {
    expect((await chat()).status).toBe(200);
    await gateway.ledger.settledRows(gateway.ledger.rows.length);
  }
  upstream.behave(json(500, { error: { message: "broken" } }));
  expect((await chat()).status).toBe(500);
  await gateway.ledger.settledRows(4);
  expect(await statusesOf(2)).toEqual([429, 500]);
});

test("concurrency is given back: complete, streamed, left by the caller, cut, unreachable, not recorded", async () => {
  limit({ concurrency: 1 });
  const once = async (expected: number) => {
    const answer = await chat();
    await answer.text().catch(() => {});
    expect(answer.status).toBe(expected);
  };
  await once(200);
  upstream.behave(chunked(['data: {"choices":[]}\n\n', "data: [DONE]\n\n"]));
  await once(200);
  upstream.behave((_arrived, socket) => void socket.destroy());
  await once(502);
  upstream.behave((_arrived, socket) => {
    socket.write(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n",
    );
    setTimeout(() => socket.destroy(), 20);
  });
  await once(200);
  upstream.behave(json(302, {}, { location: "https://elsewhere.example" }));
  await once(502);
  gateway.ledger.failWith(new AppError("storage_full", "full"));
  await once(503);
  gateway.ledger.failWith(undefined);
  gateway.directory.list[0] = connection("openai", "openai", { baseUrl: "http://127.0.0.1:1" });
  await once(502);
  gateway.directory.list[0] = connection("openai", "openai", { baseUrl: upstream.url });

  const leaving = new AbortController();
  upstream.behave(() => leaving.abort());
  const left = gateway.send("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(ASKED),
    headers: { "content-type": "application/json" },
    signal: leaving.signal,
  });
  expect(
    await left.then(
      () => "answered",
      () => "left",
    ),
  ).toBe("left");
  await gateway.ledger.settledRows(gateway.ledger.rows.length);
  upstream.behave(json(200, ANSWER));
  await once(200);
});

test("an attempt that could not reach the provider uses up no request", async () => {
  limit({ requestsPerMinute: 1 });
  gateway.directory.list[0] = connection("openai", "openai", { baseUrl: "http://127.0.0.1:1" });
  for (const _ of [1, 2]) expect((await chat()).status).toBe(502);
  gateway.directory.list[0] = connection("openai", "openai", { baseUrl: upstream.url });
  expect(await statusesOf(2)).toEqual([200, 429]);
});

test("a virtual key whose limits were changed has the new ones with its next request", async () => {
  limit({ requestsPerMinute: 1 });
  expect(await statusesOf(2)).toEqual([200, 429]);
  limit({ requestsPerMinute: 3 });
  expect(await statusesOf(3)).toEqual([200, 200, 429]);
});

/** Uses the limit up, so that it is free again two seconds from now. */
async function usedUp(): Promise<void> {
  limit({ requestsPerMinute: 1 });
  await (await chat()).text();
  clock.shiftMs += 58_500;
}

test("the official openai client waits as it is told, and succeeds", async () => {
  await usedUp();
  const client = new OpenAI({ apiKey: VIRTUAL_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 1 });
  const answer = await client.chat.completions.create(ASKED);
  expect(answer.choices[0]?.message.content).toBe("hello");
  expect(upstream.arrived).toHaveLength(2);
}, 15_000);

test("the official @anthropic-ai/sdk waits as it is told, and succeeds", async () => {
  await usedUp();
  upstream.behave(
    json(200, {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-x",
      content: [{ type: "text", text: "hello" }],
      usage: { input_tokens: 10, output_tokens: 5 },
    }),
  );
  const client = new Anthropic({ apiKey: VIRTUAL_KEY, baseURL: gateway.url, maxRetries: 1 });
  const answer = await client.messages.create({ ...ASKED, max_tokens: 16 });
  expect(answer.content[0]).toMatchObject({ text: "hello" });
  expect(upstream.arrived).toHaveLength(2);
}, 15_000);

test("the official @google/genai client, told to retry, succeeds", async () => {
  await usedUp();
  upstream.behave(json(200, { candidates: [{ content: { parts: [{ text: "hello" }] } }] }));
  const client = new GoogleGenAI({
    apiKey: VIRTUAL_KEY,
    httpOptions: { baseUrl: gateway.url, retryOptions: { attempts: 5 } },
  });
  const answer = await client.models.generateContent({ model: "gemini-x", contents: "hi" });
  expect(answer.text).toBe("hello");
  expect(upstream.arrived).toHaveLength(2);
}, 30_000);

test("while a provider has nothing left for a model it is asked for nothing, and other models go on", async () => {
  const nothingLeft = {
    "x-ratelimit-limit-requests": "1",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "42s",
  };
  upstream.behave(json(200, ANSWER, nothingLeft));
  const first = await chat();
  expect(first.status).toBe(200);
  expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("0");
  const second = await chat();
  expect(second.status).toBe(429);
  expect(second.headers.get("retry-after")).toBe("42");
  expect(await second.json()).toMatchObject({
    error: { code: "rate_limited", details: { limit: "provider" } },
  });
  upstream.behave(json(200, ANSWER));
  expect((await gateway.post("/v1/chat/completions", { ...ASKED, model: "other" })).status).toBe(200);
  expect((await gateway.send("/v1/models")).status).toBe(200);
  expect(upstream.arrived).toHaveLength(3);
});

test("a provider that says wait is not asked again before, in whichever way it says so", async () => {
  upstream.behave(
    json(429, { error: { message: "slow down", code: "rate_limit_exceeded" } }, { "retry-after": "7" }),
  );
  expect((await chat()).status).toBe(429);
  await gateway.ledger.settledRows(1);
  const told = await chat();
  expect(told.headers.get("retry-after")).toBe("7");
  expect(await told.json()).toMatchObject({ error: { details: { limit: "provider" } } });
  const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "9s" };
  const error = { code: 429, status: "RESOURCE_EXHAUSTED", message: "quota", details: [retryInfo] };
  upstream.behave(json(429, { error }));
  const gemini = () => gateway.post("/v1beta/models/gemini-x:generateContent", { contents: [] });
  expect((await gemini()).status).toBe(429);
  await gateway.ledger.settledRows(2);
  expect((await gemini()).headers.get("retry-after")).toBe("9");
  expect(upstream.arrived).toHaveLength(2);
});

test("a provider that is out of credit, or overloaded, is asked again: waiting is not what helps", async () => {
  const broke = { error: { message: "no credit", type: "insufficient_quota", code: "insufficient_quota" } };
  upstream.behave(json(429, broke, { "retry-after": "60" }));
  for (const _ of [1, 2]) {
    expect(((await (await chat()).json()) as typeof broke).error.code).toBe("insufficient_quota");
    await gateway.ledger.settledRows(gateway.ledger.rows.length);
  }
  expect(upstream.arrived).toHaveLength(2);
});
