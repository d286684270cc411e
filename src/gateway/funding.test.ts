// Budgets on the way of a request: what is refused, what the body is given, what is held and what is booked.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chunked, json, startUpstream, type Upstream } from "../../test/support/upstream.ts";
import type { Bounded, BoundResult, Overrun } from "../budgets/index.ts";
import { Fleet, type Node } from "../budgets/fleet.testing.ts";
import { AppError, silentLog } from "../kernel/index.ts";
import type { Budgeting } from "./budgeting.ts";
import {
  connection,
  fakePricing,
  startGateway,
  type TestGateway,
  VIRTUAL_KEY,
  virtualKey,
} from "./gateway.testing.ts";

const ASKED = { model: "gpt-x", messages: [{ role: "user", content: "hi" }] };
const answer = (prompt: number, completion: number) => ({
  model: "gpt-x",
  choices: [{ message: { content: "hé" } }],
  usage: { prompt_tokens: prompt, completion_tokens: completion },
});

let upstream: Upstream;
let fleet: Fleet;
let node: Node;
let gateway: TestGateway;
let overruns: Overrun[];
let bound: BoundResult;
let tighter: number | undefined;
let budgets: Budgeting;
let warnings: (readonly [event: string, fields: object])[];

/** 10 tokens in, and an output limit that goes into `max_completion_tokens` in front of everything. */
const BOUNDED: Bounded = {
  kind: "bounded",
  inputTokens: 10,
  audioInputTokens: 0,
  cacheWrites: "none",
  tiers: [],
  places: [],
  fixedOutputTokens: 0,
  allowed: [],
  output: {
    clientLimit: null,
    modelMaximum: 1000,
    minimum: 1,
    choices: 1,
    edit: (limit) => ({ start: 1, end: 1, text: `"max_completion_tokens":${limit},` }),
  },
};
const PER_TOKEN = 1000n;

beforeEach(async () => {
  upstream = await startUpstream(json(200, answer(10, 5)));
  fleet = await Fleet.open();
  node = await fleet.start();
  overruns = [];
  warnings = [];
  bound = BOUNDED;
  tighter = undefined;
  budgets = {
    outputLimit: 100,
    covering: (spender) => node.book.covering(spender),
    isSuspended: (_connectionId, model) => model === "gpt-suspended",
    reserve: (wanted) => node.limiter.reserve(wanted),
    overrun: (overrun) => void overruns.push(overrun),
    bound: () => bound,
    tightened: () => Promise.resolve(tighter),
    prices: ({ inputTokens }, { model }) =>
      model.startsWith("unpriced")
        ? null
        : { fixedNanos: BigInt(inputTokens) * PER_TOKEN, nanosPerOutputToken: PER_TOKEN },
  };
  gateway = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
    budgets,
    log: { ...silentLog, warn: (event, fields = {}) => void warnings.push([event, fields]) },
  });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
  await fleet[Symbol.asyncDispose]();
});

async function budget(limitNanos: bigint, more: Partial<Parameters<Fleet["set"]>[0]> = {}): Promise<void> {
  await fleet.set({ limitNanos, ...more });
  await fleet.tellAll();
}

const chat = (body: object = ASKED) => gateway.post("/v1/chat/completions", body);
const used = () => node.desk.slice("bud_day")?.usedNanos;

test("no budget: the body goes as it came, and nothing is held", async () => {
  await (await chat()).text();
  expect(upstream.arrived[0]?.body.toString()).toBe(JSON.stringify(ASKED));
  expect((await gateway.ledger.settledRows(1))[0]?.reserved.grants).toEqual([]);
});

test("a hard budget: the request leaves with an output limit, the row names the slice, and the cost is booked", async () => {
  await budget(1_000_000n);
  await (await chat()).text();
  expect(JSON.parse(upstream.arrived[0]?.body.toString() ?? "")).toEqual({
    max_completion_tokens: 100,
    ...ASKED,
  });
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved).toMatchObject({ reservedNanos: 110_000n, grants: [node.desk.slice("bud_day")?.id] });
  expect(row?.settled).toMatchObject({ costNanos: 15_000n, estimated: false });
  expect(used()).toBe(15_000n);
  expect(overruns).toEqual([]);
});

test("a key's own tool pays, whatever the path says; a path names the tool of a key that has none", async () => {
  await budget(1_000_000n, { subject: { kind: "tool", value: "cursor" } });
  const labelled = { virtualKey: virtualKey({ tool: "cursor" }), tool: null };
  gateway.directory.keys.set(VIRTUAL_KEY, labelled);
  await (await gateway.post("/t/other/v1/chat/completions", ASKED)).text();
  gateway.directory.keys.set(VIRTUAL_KEY, { virtualKey: virtualKey(), tool: null });
  await (await gateway.post("/t/other/v1/chat/completions", ASKED)).text();
  const rows = await gateway.ledger.settledRows(2);
  expect(rows.map(({ reserved }) => [reserved.tool, reserved.grants.length])).toEqual([
    ["cursor", 1],
    ["other", 0],
  ]);
});

test.each([
  ["names others to fall back to", { models: ["gpt-dear"] }],
  ["falls back", { fallbacks: [{ model: "gpt-dear" }] }],
  ["has a tool with a model of its own", { tools: [{ type: "image_generation", model: "gpt-dear" }] }],
])("a budget for a model covers a request for another one that %s", async (_name, more) => {
  await budget(1_000_000n, { subject: { kind: "model", value: "gpt-dear*" } });
  await (await chat()).text();
  await (await chat({ ...ASKED, ...more })).text();
  const rows = await gateway.ledger.settledRows(2);
  expect(rows.map(({ reserved }) => reserved.grants.length)).toEqual([0, 1]);
});

test("what is left is the output limit, where it is less than usual", async () => {
  await budget(10_000n + 42n * PER_TOKEN + 999n);
  await (await chat()).text();
  expect(JSON.parse(upstream.arrived[0]?.body.toString() ?? "")).toMatchObject({ max_completion_tokens: 42 });
});

test("a client's own limit is kept, and too dear a request is refused before anything leaves", async () => {
  bound = { ...BOUNDED, output: { ...output(), clientLimit: 500, edit: () => null } };
  await budget(400_000n);
  const refused = await chat();
  expect(refused.status).toBe(402);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(await refused.json()).toMatchObject({
    error: {
      code: "budget_exceeded",
      details: { budget: "everything/day", leftUsd: "0.0004", neededUsd: "0.00051" },
    },
  });
  expect(upstream.arrived).toHaveLength(0);
  expect(gateway.ledger.rows).toHaveLength(0);
  await budget(510_000n);
  expect((await chat()).status).toBe(200);
  expect(upstream.arrived[0]?.body.toString()).toBe(JSON.stringify(ASKED));
});

test("a request that is dearer than the whole budget is told so, not to wait for the next period", async () => {
  bound = { ...BOUNDED, output: { ...output(), clientLimit: 500, edit: () => null } };
  await budget(509_999n);
  const { error } = (await (await chat()).json()) as { error: { message: string; details: object } };
  expect(error.message).toContain("more than the whole budget");
  expect(error.message).not.toContain("begins anew");
  expect(error.details).toMatchObject({ limitUsd: "0.000509999", neededUsd: "0.00051" });
  expect(error.details).not.toHaveProperty("resetsAt");
});

test("where the bytes do not fit, a closer look at the text may", async () => {
  bound = { ...BOUNDED, inputTokens: 300, output: { ...output(), clientLimit: 100, edit: () => null } };
  await budget(200_000n);
  expect((await chat()).status).toBe(402);
  tighter = 90;
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved.reservedNanos).toBe(190_000n);
});

test("what has no bound is refused by the field's name", async () => {
  bound = {
    kind: "unbounded",
    field: "tools.web_search",
    why: "is searched for as often as the model likes",
  };
  await budget(1_000_000n);
  const refused = await chat();
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    error: { code: "not_boundable", details: { field: "tools.web_search" } },
  });
  expect(upstream.arrived).toHaveLength(0);
});

test("a model without a price is refused, unless the budget lets it through by name", async () => {
  await budget(1_000_000n);
  const refused = await chat({ ...ASKED, model: "unpriced-1" });
  expect(await refused.json()).toMatchObject({
    error: { code: "not_boundable", details: { field: "unpriced" } },
  });
  upstream.behave(json(200, { ...answer(10, 5), model: "unpriced-1" }));
  await budget(1_000_000n, { allow: ["unpriced"] });
  expect((await chat({ ...ASKED, model: "unpriced-1" })).status).toBe(200);
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.reserved.reservedNanos).toBeNull();
  expect(row?.settled?.costNanos).toBeNull();
  expect(used() ?? 0n).toBe(0n);
});

test("what a budget lets through without a bound counts when it is over, as far as its price is known then", async () => {
  await budget(20_000n, { allow: ["unpriced", "route.audio_speech"] });
  expect((await chat({ ...ASKED, model: "unpriced-1" })).status).toBe(200);
  await gateway.ledger.settledRows(1);
  expect(used()).toBe(15_000n);
  const [row] = gateway.ledger.rows;
  expect(row?.reserved.grants).toEqual([node.desk.slice("bud_day")?.id ?? 0]);
  bound = { ...BOUNDED, inputTokens: 0, output: null, allowed: ["route.audio_speech"] };
  expect((await chat()).status).toBe(200);
  await gateway.ledger.settledRows(2);
  expect(used()).toBe(30_000n);
  // It was passed by what nobody had bounded; now nothing is left.
  expect((await chat()).status).toBe(402);
});

test("a deployment written in other capitals is what it is declared to run", async () => {
  await gateway.close();
  const deployments = { Cheap: "unpriced-1" };
  gateway = startGateway({
    connections: [connection("azure", "azure", { baseUrl: upstream.url, deployments })],
    budgets,
  });
  await budget(1_000_000n);
  for (const name of ["Cheap", "cHEAP"]) {
    const refused = await gateway.post(`/openai/deployments/${name}/chat/completions`, ASKED);
    expect(await refused.json()).toMatchObject({ error: { details: { field: "unpriced" } } });
  }
});

test("what fails after it was reserved holds nothing", async () => {
  const edit = () => {
    throw new RangeError("the body cannot be edited");
  };
  bound = { ...BOUNDED, output: { ...output(), edit } };
  await budget(1_000_000n);
  expect((await chat()).status).toBe(500);
  expect(used()).toBe(0n);
});

test("a suspended model is refused", async () => {
  await budget(1_000_000n);
  expect(await (await chat({ ...ASKED, model: "gpt-suspended" })).json()).toMatchObject({
    error: { code: "not_boundable", details: { model: "gpt-suspended" } },
  });
});

test("a cost beyond the proven bound is booked in full and alarms; one of a field let through by name does not", async () => {
  upstream.behave(json(200, answer(10, 500)));
  await budget(1_000_000n);
  await (await chat()).text();
  await gateway.ledger.settledRows(1);
  expect(overruns).toMatchObject([{ model: "gpt-x", reservedNanos: 110_000n, costNanos: 510_000n }]);
  expect(used()).toBe(510_000n);
  bound = { ...BOUNDED, allowed: ["previous_response_id"] };
  await (await chat()).text();
  await gateway.ledger.settledRows(2);
  expect(overruns).toHaveLength(1);
});

test("more input than was proven possible is told, also where what was reserved covers it", async () => {
  upstream.behave(json(200, answer(11, 5)));
  await budget(1_000_000n);
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ costNanos: 16_000n, estimated: false });
  const [requestId] = gateway.ledger.rows.map(({ reserved }) => reserved.requestId);
  expect(warnings).toEqual([
    [
      "gateway.input_beyond_bound",
      { requestId, connection: "openai", model: "gpt-x", inputTokens: 11, mostInputTokens: 10 },
    ],
  ]);
  expect(overruns).toEqual([]);
});

test("figures that are not to be believed are told, and count at the reservation, marked as such", async () => {
  const { usage, ...rest } = answer(10, 5);
  upstream.behave(json(200, { ...rest, usage: { ...usage, clamped: true } }));
  await budget(1_000_000n);
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ costNanos: 110_000n, estimated: true, usage: { clamped: true } });
  expect(warnings).toMatchObject([["gateway.usage_not_believed", { connection: "openai", model: "gpt-x" }]]);
});

test.each([
  ["another, cheaper model: as what was asked for", { model: "cheap-1" }, 15_000n],
  ["a snapshot of it, at its own price", { model: "gpt-x-2026-01-31" }, 15_000n],
  ["a model without a price: as what was asked for", { model: "unpriced-2" }, 15_000n],
])("under a hard budget an answer of %s", async (_name, more, costNanos) => {
  upstream.behave(json(200, { ...answer(10, 5), ...more }));
  await budget(1_000_000n);
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ costNanos, estimated: false, modelAnswered: more.model });
  expect(used()).toBe(costNanos);
});

test("without a hard budget the model that answered has the price", async () => {
  upstream.behave(json(200, { ...answer(10, 5), model: "cheap-1" }));
  await budget(1_000_000n, { hard: false });
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled?.costNanos).toBe(15n);
});

test("what a hard budget paid for and nobody can price counts at the reservation, and its row says so", async () => {
  upstream.behave(json(200, { ...answer(10, 5), service_tier: "unpriced" }));
  await budget(1_000_000n);
  await (await chat()).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ costNanos: 110_000n, estimated: true });
  expect(used()).toBe(110_000n);
});

test("a price that was raised while the request ran is no alarm; the cost is booked in full", async () => {
  await gateway.close();
  let version = "old";
  gateway = startGateway({
    connections: [connection("openai", "openai", { baseUrl: upstream.url })],
    budgets,
    pricing: {
      ...fakePricing,
      get version() {
        return version;
      },
    },
  });
  upstream.behave((arrived, socket) => {
    version = "new";
    return json(200, answer(10, 500))(arrived, socket);
  });
  await budget(1_000_000n);
  await (await chat()).text();
  await gateway.ledger.settledRows(1);
  expect(used()).toBe(510_000n);
  expect(overruns).toEqual([]);
});

test("an error status before any output gives everything back", async () => {
  upstream.behave(json(500, { error: {} }));
  await budget(1_000_000n);
  expect((await chat()).status).toBe(500);
  await gateway.ledger.settledRows(1);
  expect(used()).toBe(0n);
});

test("a cut stream counts at its full reservation", async () => {
  await budget(1_000_000n);
  upstream.behave(chunked([`data: ${JSON.stringify({ choices: [{ delta: { content: "a" } }] })}\n\n`]));
  await (await chat({ ...ASKED, stream: true })).text();
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled).toMatchObject({ costNanos: 110_000n, estimated: true });
  expect(used()).toBe(110_000n);
});

test("what cannot be recorded holds nothing", async () => {
  await budget(1_000_000n);
  gateway.ledger.failWith(new AppError("storage_full", "no room"));
  expect((await chat()).status).toBe(503);
  expect(used()).toBe(0n);
});

test("a soft budget cuts the stream when it has ended, and books what came", async () => {
  await budget(30_000n, { hard: false });
  const event = `data: ${JSON.stringify({ choices: [{ delta: { content: "four characters each" } }] })}\n\n`;
  const gone = Promise.withResolvers<void>();
  upstream.behave(
    chunked(
      (async function* () {
        try {
          for (let sent = 0; sent < 10_000; sent++) {
            yield event;
            fleet.clock.timeMs += 20;
            await Bun.sleep(0);
          }
        } finally {
          gone.resolve();
        }
      })(),
    ),
  );
  const response = await chat({ ...ASKED, stream: true });
  const text = await response.text().catch(() => "cut");
  expect(text === "cut" || !text.includes("[DONE]")).toBe(true);
  await gone.promise;
  const [row] = await gateway.ledger.settledRows(1);
  expect(row?.settled?.end).toBe("budget_ended");
  expect((await chat()).status).toBe(402);
});

test("a soft budget does not limit the output of a request that fits", async () => {
  await budget(1_000_000n, { hard: false });
  await (await chat()).text();
  expect(upstream.arrived[0]?.body.toString()).toBe(JSON.stringify(ASKED));
  await gateway.ledger.settledRows(1);
  expect(used()).toBe(15_000n);
});

function output() {
  if (BOUNDED.output === null) throw new RangeError("the test has an output");
  return BOUNDED.output;
}
