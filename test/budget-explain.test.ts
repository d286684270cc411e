/** What a request would hold of its budgets, by the gateway's own rules, told before it is sent. */
import { describe, expect, test } from "bun:test";
import * as budgets from "../src/control/operations/budgets.ts";
import * as keys from "../src/control/operations/keys.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { AppError, parseUsd } from "../src/kernel/index.ts";
import { newKey } from "./support/keys.ts";
import { openHome, type OpenHome } from "./support/open-home.ts";
import { OwnkeyHome } from "./support/ownkey.ts";
import { ANSWER } from "./support/stage.ts";
import { json, startUpstream } from "./support/upstream.ts";

const HELLO = { model: "gpt-4.1-mini", messages: [{ role: "user", content: "Say hello" }] };

async function ready(amounts: readonly string[] = []): Promise<OpenHome> {
  const home = await openHome();
  const { client } = home;
  await client.call(keys.add, { provider: "openai", value: newKey.openai(), baseUrl: "https://one.example" });
  await client.call(virtualKeys.create, { name: "laptop", budgets: [...amounts] });
  return home;
}

const explain = async ({ client }: OpenHome, body: object, more: object = {}) =>
  await client.call(budgets.explain, { body: JSON.stringify(body), vk: "laptop", ...more });

test("it holds the most that input and output can cost; the output limit is the request's, or Ownkey's", async () => {
  await using home = await ready(["20usd/month"]);
  const own = await explain(home, HELLO);
  expect(own).toMatchObject({
    route: "/v1/chat/completions",
    model: "gpt-4.1-mini",
    connection: "openai",
    outcome: "sent",
    hardBudget: true,
    outputTokens: 32_768,
    outputLimitBy: "ownkey",
    answers: 1,
    // At the dearest tier that it may be answered in: 2.8 dollars a million.
    outputUsd: "0.0917504",
    budgets: [{ name: "vk:laptop/month", hard: true, leftUsd: "20", enough: true }],
  });
  const nanos = (usd: string | null) => parseUsd(usd ?? "") ?? -1n;
  expect(nanos(own.holdsUsd)).toBe(nanos(own.inputUsd) + nanos(own.outputUsd));
  expect(own.budgets[0]?.holdsUsd).toBe(own.holdsUsd);
  // No token is shorter than a byte.
  expect(own.inputTokens).toBeGreaterThanOrEqual(own.bytes);

  const asked = await explain(home, { ...HELLO, max_completion_tokens: 100, n: 3 });
  expect(asked).toMatchObject({
    outputTokens: 100,
    outputLimitBy: "request",
    answers: 3,
    outputUsd: "0.00084",
  });
  expect(asked.leastUsd).toBe(asked.holdsUsd);
});

test("of a budget that has less left the answer is made shorter; of one with too little nothing is sent", async () => {
  await using home = await ready(["20usd/month", "0.01usd/day"]);
  const shorter = await explain(home, HELLO);
  expect(shorter).toMatchObject({ outcome: "sent_shorter", holdsUsd: "0.01" });
  const fits = Math.floor((0.01 - Number(shorter.inputUsd)) / 2.8e-6);
  expect(shorter.outputTokens).toBe(fits);
  await home.client.call(budgets.set, { subject: "laptop", amount: "0.01usd/day", spent: "0.0099999usd" });
  const refused = await explain(home, HELLO);
  expect(refused).toMatchObject({ outcome: "refused", outputTokens: 32_768 });
  expect(refused.why).toContain('"vk:laptop/day"');
  expect(refused.budgets.map(({ enough }) => enough)).toEqual([true, false]);
});

describe("what has no bound is refused, with its name and the way to let it through", () => {
  const stored = { model: "gpt-4.1-mini", input: "hi", previous_response_id: "resp_1" };

  test("a field", async () => {
    await using home = await ready(["20usd/month"]);
    const refused = await explain(home, stored);
    expect(refused).toMatchObject({ outcome: "refused", holdsUsd: null, budgets: [{ enough: null }] });
    expect(refused.why).toContain("previous_response_id");
    expect(refused.hint).toContain("--allow previous_response_id");
    const allow = ["previous_response_id"];
    await home.client.call(budgets.set, { subject: "laptop", amount: "20usd/month", allow });
    expect(await explain(home, stored)).toMatchObject({ outcome: "sent", letThrough: allow });
  });

  test("a price, and a model that is suspended", async () => {
    await using home = await ready(["20usd/month"]);
    expect((await explain(home, { ...HELLO, model: "unheard-of" })).hint).toContain("ownkey prices set");
    const { id } = await home.app.control.connections.resolve("openai");
    await home.app.control.store.run(
      `INSERT INTO budget_suspensions (connection_id, model, since_ms, reserved_nanos, cost_nanos)
       VALUES (?, 'gpt-4.1-mini', 1, 1, 2)`,
      [id],
    );
    const refused = await explain(home, HELLO);
    expect(refused.outcome).toBe("refused");
    expect(refused.why).toContain("once cost more");
  });
});

test("without a hard budget it is sent, and what one would hold is told all the same", async () => {
  await using home = await ready();
  expect(await explain(home, HELLO)).toMatchObject({
    outcome: "sent",
    why: "no budget covers it",
    hardBudget: false,
    outputUsd: "0.0917504",
    budgets: [],
  });
  await home.client.call(budgets.set, { subject: "everything", amount: "1usd/day", hard: false });
  const watched = await explain(home, HELLO);
  expect(watched).toMatchObject({
    outcome: "sent",
    hardBudget: false,
    budgets: [{ hard: false, enough: true }],
  });
  expect(watched.why).toContain("soft");
  expect(
    (await explain(home, { model: "gpt-4.1-mini", input: "x", previous_response_id: "r" })).why,
  ).toContain("one would refuse it");
});

test("only budgets that cover the request are asked; without a virtual key only those of no virtual key", async () => {
  await using home = await ready(["20usd/month"]);
  const { client } = home;
  await client.call(virtualKeys.create, { name: "other", budgets: ["1usd/day"] });
  await client.call(budgets.set, { subject: "model:gpt-4.1*", amount: "5usd/week" });
  await client.call(budgets.set, { subject: "model:o3", amount: "5usd/week" });
  const names = async (more: object) =>
    (await explain(home, HELLO, more)).budgets.map(({ name }) => name).sort();
  expect(await names({})).toEqual(["model:gpt-4.1*/week", "vk:laptop/month"]);
  expect(await names({ vk: undefined })).toEqual(["model:gpt-4.1*/week"]);
});

test("what the gateway would refuse anyway is refused here in the same words; nothing is sent", async () => {
  await using home = await ready(["20usd/month"]);
  const asked = home.asked.length;
  const failure = async (body: string, more: object = {}) =>
    await home.client.call(budgets.explain, { body, vk: "laptop", ...more }).then(
      () => "resolved",
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );
  expect(await failure("{")).toBe("invalid_input");
  expect(await failure(JSON.stringify(HELLO), { route: "/v1/organization/keys" })).toBe("not_allowed");
  expect(await failure(JSON.stringify(HELLO), { connection: "nowhere" })).toBe("no_connection");
  expect(await failure(JSON.stringify({ contents: [] }))).toBe("usage");
  expect(await failure(JSON.stringify(HELLO), { vk: "nobody" })).toBe("not_found");
  await home.client.call(virtualKeys.set, { ref: "laptop", models: ["gpt-5*"] });
  expect(await failure(JSON.stringify(HELLO))).toBe("not_allowed");
  expect(home.asked).toHaveLength(asked);
});

test("what it says is what the gateway holds when the request is sent, and the limit is what the provider is told", async () => {
  const upstream = await startUpstream(json(200, ANSWER));
  const home = new OwnkeyHome();
  try {
    const up = await home.up();
    await home.run(["keys", "add", "openai", "--stdin", "--no-test", "--base-url", upstream.url], {
      stdin: newKey.openai(),
    });
    const made = await home.json<{ key: string }>([
      "vk",
      "create",
      "--name",
      "laptop",
      "--budget",
      "0.05usd/day",
    ]);
    const said = await home.run(["budget", "explain", "--vk", "laptop", "--json"], {
      stdin: JSON.stringify(HELLO),
    });
    const explained = JSON.parse(said.stdout) as { outcome: string; holdsUsd: string; outputTokens: number };
    const answer = await fetch(`${up.ready.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${made.key}`, "content-type": "application/json" },
      body: JSON.stringify(HELLO),
    });
    await answer.text();
    const { reservedUsd } = await home.lastRequest();
    const sent = JSON.parse(upstream.arrived.at(-1)?.body.toString() ?? "{}") as Record<string, unknown>;
    expect({
      status: answer.status,
      outcome: explained.outcome,
      reservedUsd,
      limit: sent["max_completion_tokens"],
    }).toEqual({
      status: 200,
      outcome: "sent_shorter",
      reservedUsd: explained.holdsUsd,
      limit: explained.outputTokens,
    });
  } finally {
    await upstream.close();
    await home.remove();
  }
}, 60_000);
