/** However `up` ends, no request is lost from the ledger and none is counted twice. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { failureOf } from "./support/failure.ts";
import { newKey } from "./support/keys.ts";
import { OwnkeyHome, type RequestRow, until } from "./support/ownkey.ts";
import { ANSWER } from "./support/stage.ts";
import { type Behaviour, chunked, json, startUpstream, type Upstream } from "./support/upstream.ts";

const home = new OwnkeyHome();
let upstream: Upstream;
let virtualKey: string;

beforeAll(async () => {
  upstream = await startUpstream(json(200, ANSWER));
});

afterAll(async () => {
  await upstream.close();
  await home.remove();
});

async function ask(url: string, body: object): Promise<Response> {
  return await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${virtualKey}` },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      max_tokens: 100,
      messages: [{ role: "user", content: "hi" }],
      ...body,
    }),
  });
}

test("kill -9 under load: what was open is settled in full as estimated at the next start, once", async () => {
  const first = await home.up();
  await home.call("keys.add", {
    provider: "openai",
    value: newKey.openai(),
    baseUrl: upstream.url,
    test: false,
  });
  virtualKey = (await home.call<{ key: string }>("vk.create", { name: "load" })).key;
  // Every other request gets its answer, the rest wait for ever.
  upstream.behave((arrived, socket) => {
    if (arrived.body.includes('"wait":false')) return json(200, ANSWER)(arrived, socket);
  });
  const answered = Array.from({ length: 30 }, () => ask(first.ready.url, { wait: false }));
  const waiting = Array.from({ length: 30 }, () => failureOf(ask(first.ready.url, { wait: true })));
  for (const response of await Promise.all(answered)) expect(response.status).toBe(200);
  await until(() => upstream.arrived.length === 60, "all requests have arrived");
  const before = await until(async () => {
    const rows = await home.requests();
    return rows.filter((row) => row.state === "settled").length === 30 && rows;
  }, "the answered requests are settled");

  first.kill("SIGKILL");
  await first.exited;
  for (const failure of await Promise.all(waiting)) expect(failure).toBeInstanceOf(Error);

  const second = await home.up();
  const after = await home.requests();
  expect(ids(after)).toEqual(ids(before));
  expect(after.filter((row) => row.state === "settled")).toEqual(
    before.filter((row) => row.state === "settled"),
  );
  const left = after.filter((row) => row.state !== "settled");
  expect(left).toHaveLength(30);
  for (const row of left) {
    expect(row).toMatchObject({ state: "estimated", end: "crash", estimated: true, inputTokens: null });
    expect(row.costUsd).toBe(row.reservedUsd);
  }
  // gpt-4o-mini: 10 × $0.15/M in + 5 × $0.60/M out = 1500 + 3000 nano-dollars
  for (const row of after.filter(({ state }) => state === "settled")) expect(row.costUsd).toBe("0.0000045");

  // Nothing is settled a second time by a second crash.
  second.kill("SIGKILL");
  await second.exited;
  const third = await home.up();
  expect(await home.requests()).toEqual(after);
  third.kill("SIGTERM");
  expect(await third.exited).toBe(0);
});

test.each([
  ["`program.stop`", async () => void (await home.call("program.stop"))],
  ["SIGTERM", (kill: (signal: NodeJS.Signals) => void) => kill("SIGTERM")],
  ["SIGINT", (kill: (signal: NodeJS.Signals) => void) => kill("SIGINT")],
])(
  "%s: streams under way finish, new requests are turned away, and the ledger is complete",
  async (_, stop) => {
    const up = await home.up();
    const rest = Promise.withResolvers<void>();
    upstream.behave(streamInTwo(rest.promise));
    const response = await ask(up.ready.url, { stream: true, stream_options: { include_usage: true } });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain("first half");

    await stop((signal) => up.kill(signal));
    await until(async () => {
      const refused = await ask(up.ready.url, {}).catch(() => undefined);
      return refused === undefined || refused.status === 503;
    }, "new requests are turned away");
    rest.resolve();
    let text = "";
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += Buffer.from(value ?? []).toString();
    }
    expect(text).toContain("second half");
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(await up.exited).toBe(0);

    // No `up` runs now: the command reads the ledger itself.
    const [row] = (await home.json<{ items: readonly RequestRow[] }>(["requests", "list", "--limit", "1"]))
      .items;
    expect(row).toMatchObject({
      state: "settled",
      end: "complete",
      inputTokens: 10,
      outputTokens: 5,
      costUsd: "0.0000045",
    });
  },
);

function ids(rows: readonly RequestRow[]): string[] {
  return rows.map((row) => row.requestId).toSorted((a, b) => a.localeCompare(b));
}

function streamInTwo(until: Promise<void>): Behaviour {
  const chunk = (content: string) =>
    `data: ${JSON.stringify({ model: "gpt-4o-mini", choices: [{ index: 0, delta: { content } }] })}\n\n`;
  const pieces = async function* () {
    yield chunk("first half");
    await until;
    yield chunk("second half");
    yield `data: ${JSON.stringify({ model: "gpt-4o-mini", choices: [], usage: ANSWER.usage })}\n\n`;
    yield "data: [DONE]\n\n";
  };
  return (arrived, socket) => chunked(pieces())(arrived, socket);
}
