/** What operations promise beyond the rooms they work on: the way a key is taken in, given again, and reported. */
import { describe, expect, test } from "bun:test";
import * as connections from "../src/control/operations/connections.ts";
import * as keys from "../src/control/operations/keys.ts";
import * as models from "../src/control/operations/models.ts";
import * as program from "../src/control/operations/program.ts";
import * as requests from "../src/control/operations/requests.ts";
import * as tokens from "../src/control/operations/tokens.ts";
import * as usage from "../src/control/operations/usage.ts";
import * as vault from "../src/control/operations/vault.ts";
import * as virtualKeys from "../src/control/operations/virtual-keys.ts";
import { AppError } from "../src/kernel/index.ts";
import { newKey } from "./support/keys.ts";
import { type OpenHome, openHome } from "./support/open-home.ts";

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof AppError) return failure;
  throw new Error("no AppError was thrown", { cause: failure });
}

const refusesKeys = () =>
  Response.json({ error: { code: "invalid_api_key", message: "no such key" } }, { status: 401 });

async function withKey(home: OpenHome, name = "main"): Promise<string> {
  const value = newKey.openai();
  await home.client.call(keys.add, { provider: "openai", value, name, baseUrl: "https://one.example" });
  return value;
}

/** Whether the connection's serving key may go to the origin, and its value. */
async function lent(home: OpenHome): Promise<{ value: string; origins: readonly string[] }> {
  const { control } = home.app;
  const connection = await control.connections.resolve("openai");
  const key = await control.connections.servingKeyOf(connection.id);
  if (!key) throw new Error("no key serves");
  const { value, origins } = await control.connections.lend({ kind: "gateway", node: "node_1" }, key.id);
  return { value: value.reveal(), origins };
}

describe("connections set with another host", () => {
  const move = { ref: "openai", baseUrl: "https://two.example" };

  test("is refused without the key, which it names; nothing has changed", async () => {
    await using home = await openHome();
    await withKey(home);
    const refused = await failureOf(home.client.call(connections.set, move));
    expect(refused).toMatchObject({ code: "destination_refused", details: { keys: ["main"] } });
    expect((await home.client.call(connections.show, { ref: "openai" })).baseUrl).toBe("https://one.example");
    expect((await lent(home)).origins).toEqual(["https://one.example"]);
  });

  test("takes the key again: tested at the new host, stored as a version bound to it", async () => {
    await using home = await openHome();
    await withKey(home);
    const value = newKey.openai();
    const askedBefore = home.asked.length;
    const changed = await home.client.call(connections.set, { ...move, values: { main: value } });
    expect(changed).toMatchObject({ baseUrl: "https://two.example", warnings: [] });
    expect(home.asked.slice(askedBefore)).toEqual(["two.example"]);
    expect(await lent(home)).toEqual({ value, origins: ["https://two.example"] });
    expect(await home.client.call(keys.show, { ref: "openai/main" })).toMatchObject({
      version: 2,
      verdict: "ok",
    });
  });

  test("refuses a value that the provider there refuses, unless it is to be kept", async () => {
    await using home = await openHome();
    const first = await withKey(home);
    home.answer = refusesKeys;
    const values = { main: newKey.openai() };
    expect((await failureOf(home.client.call(connections.set, { ...move, values }))).code).toBe(
      "key_refused",
    );
    expect(await lent(home)).toEqual({ value: first, origins: ["https://one.example"] });
    const kept = await home.client.call(connections.set, { ...move, values, keep: true });
    expect(kept.warnings.join()).toContain("invalid_key");
    expect(await home.client.call(keys.show, { ref: "openai/main" })).toMatchObject({
      verdict: "invalid_key",
    });
  });

  test("wants each key, and knows no others", async () => {
    await using home = await openHome();
    await withKey(home);
    await withKey(home, "spare");
    const one = { main: newKey.openai() };
    expect(await failureOf(home.client.call(connections.set, { ...move, values: one }))).toMatchObject({
      code: "destination_refused",
      details: { keys: ["spare"] },
    });
    const stranger = { ...one, other: newKey.openai() };
    expect((await failureOf(home.client.call(connections.set, { ...move, values: stranger }))).code).toBe(
      "not_found",
    );
    const both = { ...one, spare: newKey.openai() };
    expect((await home.client.call(connections.set, { ...move, values: both })).keys).toBe(2);
  });

  test("a change that leaves the host needs no key", async () => {
    await using home = await openHome();
    await withKey(home);
    const changed = await home.client.call(connections.set, {
      ref: "openai",
      model: "gpt-5-mini",
      organization: "org",
    });
    expect(changed).toMatchObject({ model: "gpt-5-mini", organization: "org" });
    const without = await home.client.call(connections.set, { ref: "openai", organization: "" });
    expect(without).toMatchObject({ model: "gpt-5-mini", organization: null });
  });
});

describe("a key that is refused", () => {
  test("is not stored, and neither message, hint nor audit log holds it", async () => {
    await using home = await openHome();
    const value = newKey.openai();
    home.answer = () =>
      Response.json(
        { error: { code: "invalid_api_key", message: `Incorrect API key: ${value}` } },
        { status: 401 },
      );
    const refused = await failureOf(home.client.call(keys.add, { provider: "openai", value }));
    expect(refused).toMatchObject({ code: "key_refused", exitCode: 6, details: { verdict: "invalid_key" } });
    expect(JSON.stringify(refused) + refused.message + refused.hint).not.toContain(value.slice(8, -4));
    expect((await home.client.call(keys.list, {})).items).toEqual([]);
  });

  test("by a provider that answers with a page is not refused: a page says nothing about it", async () => {
    await using home = await openHome();
    home.answer = () =>
      new Response("<html>sign in</html>", { headers: { "content-type": "text/html" }, status: 403 });
    const stored = await home.client.call(keys.add, { provider: "openai", value: newKey.openai() });
    expect(stored.verdict).not.toBe("ok");
    expect(stored.warnings).not.toEqual([]);
  });
});

test("an admin credential is stored untested, never serves, and is not tested by the call for requests", async () => {
  await using home = await openHome();
  await home.client.call(keys.add, { provider: "openai", value: newKey.openaiAdmin(), admin: true });
  expect(home.asked).toEqual([]);
  expect((await home.client.call(keys.list, {})).items).toMatchObject([
    { kind: "admin", verdict: "untested" },
  ]);
  expect((await failureOf(home.client.call(keys.test, { ref: "openai/admin" }))).code).toBe("unsupported");
  expect(home.asked).toEqual([]);
  const { items, problems } = await home.client.call(models.list, {});
  expect({ items, problems: problems.length }).toEqual({ items: [], problems: 1 });
});

test("status counts what is there, not what was", async () => {
  await using home = await openHome();
  await withKey(home);
  await withKey(home, "spare");
  await home.client.call(keys.remove, { ref: "openai/spare" });
  await home.client.call(virtualKeys.create, { name: "laptop" });
  expect(await home.client.call(program.status, {})).toMatchObject({
    running: false,
    locked: false,
    connections: 1,
    keys: 1,
    virtualKeys: 1,
  });
});

describe("models list", () => {
  test("tells models with their prices, and a provider's failure beside them", async () => {
    await using home = await openHome();
    await withKey(home);
    home.answer = () => Response.json({ data: [{ id: "gpt-4o-mini" }, { id: 7 }, "odd"] });
    expect(await home.client.call(models.list, {})).toMatchObject({
      items: [
        {
          model: "gpt-4o-mini",
          connection: "openai",
          inputUsdPerMillion: "0.15",
          outputUsdPerMillion: "0.6",
        },
      ],
      problems: [],
    });
    home.answer = () => new Response("no", { status: 500 });
    expect(await home.client.call(models.list, {})).toEqual({
      items: [],
      problems: ["openai: the provider answered 500"],
    });
  });

  test("does not read a list without end", async () => {
    await using home = await openHome();
    await withKey(home);
    let sentBytes = 0;
    home.answer = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            sentBytes += 1_048_576;
            controller.enqueue(new Uint8Array(1_048_576));
          },
        }),
      );
    expect((await home.client.call(models.list, {})).problems.join()).toContain("larger than");
    expect(sentBytes).toBeLessThan(16 * 1_048_576);
  });
});

test("a range of time that ends before it begins is a mistake, not an empty report", async () => {
  await using home = await openHome();
  const range = { since: "2026-11-02T00:00:00Z", until: "2026-11-01T00:00:00Z" };
  for (const work of [
    home.client.call(usage.report, range),
    home.client.call(usage.advise, range),
    home.client.call(requests.list, range),
  ]) {
    expect(await failureOf(work)).toMatchObject({ code: "invalid_input", details: { field: "until" } });
  }
  const moment = { since: range.since, until: range.since };
  expect((await home.client.call(usage.report, moment)).items).toEqual([]);
});

test("a virtual key whose time is over says so, in the list as well, and is active again with a later end", async () => {
  await using home = await openHome();
  const expiresAt = new Date(Date.now() - 1000).toISOString();
  const { state } = await home.client.call(virtualKeys.create, { name: "late", expiresAt });
  const listed = await home.client.call(virtualKeys.list, {});
  expect([state, ...listed.items.map((item) => item.state)]).toEqual(["expired", "expired"]);
  const later = { ref: "late", expiresAt: "2100-01-01T00:00:00.000Z" };
  expect(await home.client.call(virtualKeys.set, later)).toMatchObject({ state: "active" });
  await home.client.call(virtualKeys.set, { ref: "late", expiresAt });
  await home.client.call(virtualKeys.disable, { ref: "late" });
  expect(await home.client.call(virtualKeys.show, { ref: "late" })).toMatchObject({ state: "disabled" });
});

test("a virtual key's paths are kept as requests are read, and one that no request can have is refused", async () => {
  await using home = await openHome();
  const policy = { name: "laptop", paths: ["/rerank", "/v1/assistants*"] };
  const { paths } = await home.client.call(virtualKeys.create, policy);
  expect(paths).toEqual(["/v1/rerank", "/v1/assistants*"]);
  const failure = await failureOf(home.client.call(virtualKeys.set, { ref: "laptop", paths: ["rerank"] }));
  expect(failure).toMatchObject({ code: "invalid_input", message: expect.stringContaining("/") });
});

test("while the vault is locked harm can be stopped, and nothing else is done", async () => {
  await using home = await openHome();
  await withKey(home);
  const made = await home.client.call(virtualKeys.create, { name: "laptop" });
  await home.client.call(vault.lock, {});
  for (const work of [
    home.client.call(keys.add, { provider: "openai", value: newKey.openai() }),
    home.client.call(virtualKeys.create, { name: "other" }),
    home.client.call(tokens.issue, { tool: "codex" }),
    home.client.call(keys.reveal, { ref: "openai/main" }),
  ]) {
    expect(await failureOf(work)).toMatchObject({ code: "vault_locked", exitCode: 4 });
  }
  expect(await home.client.call(keys.disable, { ref: "openai/main" })).toMatchObject({ state: "disabled" });
  const { id } = made;
  for (const [verb, state] of [
    ["disable", "disabled"],
    ["revoke", "revoked"],
    ["disable", "revoked"],
  ] as const) {
    const done = await home.client.call(virtualKeys[verb], { ref: id });
    expect(done).toEqual({ id, name: "laptop", state });
  }
  expect(await home.client.call(program.status, {})).toMatchObject({ locked: true });
});
