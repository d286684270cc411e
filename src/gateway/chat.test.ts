// One chat request the whole way, plain and streamed, over real sockets.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chunked, json, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import { connection, PROVIDER_KEY, startGateway, type TestGateway, VIRTUAL_KEY } from "./gateway.testing.ts";

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "gpt-x-2026-01-01",
  choices: [{ index: 0, message: { role: "assistant", content: "hé" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};
const ASKED = { model: "gpt-x", messages: [{ role: "user", content: "hi" }] };

let upstream: Upstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream(json(200, ANSWER, { "x-request-id": "req-up" }));
  gateway = startGateway({ connections: [connection("openai", "openai", { baseUrl: upstream.url })] });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

test("a plain chat reaches the provider with its key and unchanged bytes, and comes back unchanged", async () => {
  const body = `{"messages":[{"role":"user","content":"hi"}], "model":"gpt-x","seed":12345678901234567890}`;
  const answer = await gateway.post("/v1/chat/completions", body);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe(JSON.stringify(ANSWER));
  expect(answer.headers.get("x-request-id")).toBe("req-up");
  expect(answer.headers.get("x-ownkey-request-id")).toStartWith("req_");
  const [seen] = upstream.arrived;
  expect(seen?.body.toString()).toBe(body);
  expect(seen?.headers.get("authorization")).toBe(`Bearer ${PROVIDER_KEY}`);
  expect(JSON.stringify([...(seen?.headers ?? [])])).not.toContain(VIRTUAL_KEY);
});

test("the ledger row of a plain chat holds the provider's usage and its price", async () => {
  await (await gateway.post("/t/aider/v1/chat/completions", ASKED)).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved).toMatchObject({
    attempt: 1,
    virtualKeyId: "vk_test",
    connectionId: "conn_openai",
    tool: "aider",
    provider: "openai",
    dialect: "openai",
    route: "/v1/chat/completions",
    stream: false,
    modelRequested: "gpt-x",
    reservedNanos: 5_000_000n,
    priceVersion: "test-prices",
    grants: [],
  });
  expect(row?.reserved.bodyHash?.length).toBe(16);
  expect(row?.settled).toMatchObject({
    end: "complete",
    status: 200,
    verdict: "ok",
    modelAnswered: "gpt-x-2026-01-01",
    costNanos: 15_000n,
    estimated: false,
    bytesOut: Buffer.byteLength(JSON.stringify(ANSWER)),
  });
});

const event = (document: unknown) => `data: ${JSON.stringify(document)}\n\n`;
const DELTAS = ["a", "é", "🦆"].map((content) => event({ choices: [{ delta: { content } }], usage: null }));
const USAGE = event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } });
const DONE = "data: [DONE]\n\n";

test("a stream is asked for its usage, and the usage chunk is hidden from a client that had not asked", async () => {
  upstream.behave(chunked([...DELTAS, USAGE, DONE]));
  const answer = await gateway.post("/v1/chat/completions", { ...ASKED, stream: true });
  expect(await answer.text()).toBe([...DELTAS, DONE].join(""));
  expect(JSON.parse(upstream.arrived[0]?.body.toString() ?? "")).toEqual({
    ...ASKED,
    stream: true,
    stream_options: { include_usage: true },
  });
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "complete", costNanos: 10_000n, estimated: false });
  expect(row?.reserved.stream).toBe(true);
});

test("a client that asked for usage gets its chunk, and its body goes on unchanged", async () => {
  upstream.behave(chunked([...DELTAS, USAGE, DONE]));
  const body = { ...ASKED, stream: true, stream_options: { include_usage: true } };
  const answer = await gateway.post("/v1/chat/completions", body);
  expect(await answer.text()).toBe([...DELTAS, USAGE, DONE].join(""));
  expect(upstream.arrived[0]?.body.toString()).toBe(JSON.stringify(body));
});

test("a stream without final usage settles at its full reservation, marked estimated", async () => {
  upstream.behave(chunked([...DELTAS, DONE]));
  await (await gateway.post("/v1/chat/completions", { ...ASKED, stream: true })).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "complete", costNanos: 5_000_000n, estimated: true });
});

test("an error status before any output costs nothing and passes as it is", async () => {
  const failure = { error: { message: "slow down", type: "requests", code: "rate_limit_exceeded" } };
  upstream.behave(json(429, failure, { "retry-after": "3" }));
  const answer = await gateway.post("/v1/chat/completions", ASKED);
  expect(answer.status).toBe(429);
  expect(await answer.json()).toEqual(failure);
  expect(answer.headers.get("retry-after")).toBe("3");
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ end: "refused", status: 429, verdict: "rate_limited", costNanos: 0n });
});
