import { describe, expect, test } from "bun:test";
import { VERDICTS } from "../providers/index.ts";
import { budgetCheck } from "./checks/budget-check.ts";
import { clockCheck } from "./checks/clock-check.ts";
import { connectionCheck } from "./checks/connection-check.ts";
import { keyAgeCheck } from "./checks/key-age-check.ts";
import { keyCheck } from "./checks/key-check.ts";
import { modelCheck } from "./checks/model-check.ts";
import { vaultChecks } from "./checks/vault-checks.ts";
import {
  connectionOf,
  DAY_MS,
  homeOf,
  type HomeParts,
  keyOf,
  NOW_MS,
  resultOf,
  temporaryHome,
} from "./doctor.testing.ts";
import { homeChecks } from "./home-checks.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

describe("the way to a connection", () => {
  const of = (reach: HomeParts["reach"], settings = {}) =>
    resultOf(
      connectionCheck(
        homeOf({ reach: reach ?? {} }),
        connectionOf({ settings: { baseUrl: "https://api.openai.com", ...settings } }),
      ),
    );

  test("that is open is fine, whatever the key", async () => {
    expect(await of({})).toMatchObject({ status: "ok" });
    expect(await of({ certificateUntilMs: NOW_MS + 90 * DAY_MS })).toMatchObject({ status: "ok" });
  });

  test("whose certificate ends soon is a warning", async () => {
    expect(await of({ certificateUntilMs: NOW_MS + 5 * DAY_MS })).toMatchObject({
      status: "warn",
      what: expect.stringContaining("5 days"),
    });
  });

  test.each([
    ["name", "ENOTFOUND", 1],
    ["address", "not allowed", 2],
    ["connect", "ECONNREFUSED", 3],
    ["certificate", "CERT_HAS_EXPIRED", 4],
    ["answer", "no answer came", 5],
  ] as const)("that ends at the %s says so, after what was sound", async (step, problem, steps) => {
    const result = await of({ step, problem });
    expect(result).toMatchObject({ status: "fail", why: expect.stringContaining("nothing about the keys") });
    expect(result.checklist?.map(({ state }) => state)).toEqual([
      ...Array.from({ length: steps - 1 }, () => "sound" as const),
      "cause",
    ]);
    expect(result.checklist?.at(-1)?.text).toContain(problem);
    expect(result.link).toBe("https://status.openai.com");
  });

  test("to a server of one's own has no link to a provider's pages", async () => {
    expect((await of({ step: "connect" }, { baseUrl: "http://127.0.0.1:9" })).link).toBeUndefined();
  });
});

test.each([
  [500, "ok"],
  [-30_000, "warn"],
  [120_000, "fail"],
  [undefined, "skip"],
] as const)("a clock that is %p ms away is %s", async (clockOffsetMs, status) => {
  const reach = clockOffsetMs === undefined ? {} : { clockOffsetMs };
  expect(await resultOf(clockCheck(homeOf({ reach })))).toMatchObject({ status });
});

describe("a key", () => {
  const of = async (parts: HomeParts, key = keyOf(), connection = connectionOf()) => {
    const home = homeOf({ ...parts, connections: [connection], keys: [key] });
    return { result: await resultOf(keyCheck(home, connection, key)), verdicts: home.verdicts };
  };

  test("that works is fine, and its verdict is kept", async () => {
    const { result, verdicts } = await of({});
    expect(result).toMatchObject({ status: "ok" });
    expect(verdicts).toEqual(["ok"]);
  });

  test.each(VERDICTS.filter((verdict) => verdict !== "ok" && verdict !== "unreachable"))(
    "with the verdict %s leads to cause, checklist and next step",
    async (verdict) => {
      const { result, verdicts } = await of({ tests: [{ verdict, explanation: "told" }, { verdict }] });
      const waits = ["rate_limited", "overloaded", "daily_quota"].includes(verdict);
      expect(result).toMatchObject({
        status: waits ? "warn" : "fail",
        why: expect.stringContaining(verdict),
      });
      expect(result.checklist?.some(({ state }) => state === "sound")).toBe(true);
      expect(result.next).not.toBe("");
      expect(result.next).not.toContain("CONNECTION");
      expect(verdicts).toEqual([verdict]);
    },
  );

  test.each([
    ["invalid_key", "Invalid API Key", "https://platform.openai.com/api-keys"],
    ["rate_limited", "Rate Limited", "https://platform.openai.com/settings/organization/limits"],
    [
      "model_not_available",
      "Model Not Available",
      "https://platform.openai.com/settings/organization/limits",
    ],
    [
      "quota_exhausted",
      "Insufficient Quota",
      "https://platform.openai.com/settings/organization/billing/overview",
    ],
  ] as const)(
    "of the trouble that people call by its name: %s is %s, with its page",
    async (verdict, title, link) => {
      const { result } = await of({ tests: [{ verdict }] });
      expect(result).toMatchObject({ what: expect.stringContaining(title), link });
    },
  );

  test("that cannot be asked is no bad key", async () => {
    const { result, verdicts } = await of({ tests: [{ verdict: "unreachable" }] });
    expect(result).toMatchObject({ status: "skip" });
    expect(verdicts).toEqual([]);
  });

  test("that may not list models is asked again, and fine when it may do its work", async () => {
    const connection = connectionOf({ settings: { baseUrl: "https://api.openai.com", model: "gpt-x" } });
    const { result } = await of({ tests: [{ verdict: "scope_missing" }, {}] }, keyOf(), connection);
    expect(result).toMatchObject({ status: "ok", what: expect.stringContaining("restricted") });
  });

  test("that lists models and has no credit is found by the second call", async () => {
    const connection = connectionOf({
      provider: "anthropic",
      settings: { baseUrl: "https://api.anthropic.com" },
    });
    const { result } = await of(
      { tests: [{ models: ["claude-x"] }, { verdict: "quota_exhausted" }] },
      keyOf(),
      connection,
    );
    expect(result).toMatchObject({ status: "fail", what: expect.stringContaining("Insufficient Quota") });
  });

  test("of Azure whose deployment refuses an empty request is fine: the deployment is there", async () => {
    const connection = connectionOf({
      provider: "azure",
      settings: { baseUrl: "https://r.openai.azure.com", deployments: { mine: "gpt-x" } },
    });
    expect((await of({ tests: [{}, { verdict: "bad_request" }] }, keyOf(), connection)).result).toMatchObject(
      {
        status: "ok",
      },
    );
    const gone = await of({ tests: [{}, { verdict: "model_not_available" }] }, keyOf(), connection);
    expect(gone.result).toMatchObject({ status: "fail" });
  });

  test("that is expired, or another provider's, is told from the checklist", async () => {
    const expired = await of(
      { tests: [{ verdict: "invalid_key" }] },
      keyOf({ expiresAtMs: NOW_MS - DAY_MS }),
    );
    expect(expired.result.checklist).toContainEqual({ text: "it has expired on 2026-11-23", state: "cause" });
    const foreign = await of({
      tests: [{ verdict: "invalid_key" }],
      value: `sk-ant-${"api03"}-${"x".repeat(90)}`,
    });
    expect(foreign.result.checklist?.filter(({ state }) => state === "cause")).toHaveLength(1);
    expect(JSON.stringify(foreign.result)).not.toContain("xxxx");
  });

  test("that is disabled, for administration, or behind a lock is skipped", async () => {
    expect((await of({}, keyOf({ state: "disabled" }))).result.status).toBe("skip");
    expect((await of({}, keyOf({ kind: "admin" }))).result.status).toBe("skip");
    expect((await of({ locked: true })).result.status).toBe("skip");
  });
});

describe("age of keys", () => {
  const of = (...keys: ReturnType<typeof keyOf>[]) => resultOf(keyAgeCheck(homeOf({ keys })));

  test("young keys are fine, none are skipped", async () => {
    expect(await of(keyOf())).toMatchObject({ status: "ok" });
    expect(await of()).toMatchObject({ status: "skip" });
    expect(await of(keyOf({ state: "revoked", createdAtMs: 0 }))).toMatchObject({ status: "skip" });
  });

  test("development is due after 90 days, production after 30", async () => {
    const createdAtMs = NOW_MS - 31 * DAY_MS;
    expect(await of(keyOf({ createdAtMs, class: "development" }))).toMatchObject({ status: "ok" });
    expect(await of(keyOf({ createdAtMs, class: "production" }))).toMatchObject({
      status: "warn",
      checklist: [{ text: "openai/main: due since 1 days" }],
    });
    expect(await of(keyOf({ createdAtMs: NOW_MS - 91 * DAY_MS }))).toMatchObject({ status: "warn" });
  });

  test("expired and exposed keys fail", async () => {
    expect(await of(keyOf({ expiresAtMs: NOW_MS - 1 }))).toMatchObject({ status: "fail" });
    expect(await of(keyOf({ expiresAtMs: NOW_MS + 3 * DAY_MS }))).toMatchObject({ status: "warn" });
    expect(await of(keyOf({ exposed: ["git"] }))).toMatchObject({ status: "fail" });
  });
});

describe("models", () => {
  const of = (model: string, seen: string[] = []) =>
    resultOf(
      modelCheck(
        homeOf({
          models: seen,
          connections: [connectionOf({ settings: { baseUrl: "https://api.openai.com", model } })],
        }),
      ),
    );

  test("that stay are fine, that go within 90 days warn, that are gone fail", async () => {
    expect(await of("gpt-5.1")).toMatchObject({ status: "ok" });
    expect(await of("o3")).toMatchObject({
      status: "warn",
      what: expect.stringContaining("will be retired"),
    });
    expect(await of("gpt-4")).toMatchObject({
      status: "fail",
      link: expect.stringContaining("deprecations"),
    });
  });

  test("that requests of the last days named count as well", async () => {
    expect(await of("gpt-5.1", ["gpt-4-32k", "something-else"])).toMatchObject({
      status: "fail",
      checklist: [{ text: expect.stringContaining("requests of the last 30 days") }],
    });
  });
});

describe("budgets", () => {
  const of = (...near: { usedShare: number; blocks: boolean }[]) =>
    resultOf(
      budgetCheck(
        homeOf({
          budgets: {
            near: () =>
              Promise.resolve(near.map((one) => ({ name: "all 5usd/day", resetsAtMs: NOW_MS, ...one }))),
            damaged: () => Promise.resolve([]),
          },
        }),
      ),
    );

  test("with room are fine, nearly used up warn, used up fail, none are skipped", async () => {
    expect(await of({ usedShare: 0.5, blocks: true })).toMatchObject({ status: "ok" });
    expect(await of({ usedShare: 0.85, blocks: true })).toMatchObject({ status: "warn" });
    expect(await of({ usedShare: 1, blocks: true })).toMatchObject({ status: "fail" });
    expect(await of({ usedShare: 1, blocks: false })).toMatchObject({ status: "warn" });
    expect(await resultOf(budgetCheck(homeOf()))).toMatchObject({ status: "skip" });
  });

  test("rows that were changed or taken away are named, and refuse everything", async () => {
    const budgets = {
      near: () => Promise.resolve([]),
      damaged: () => Promise.resolve(["vk:laptop/month"]),
    };
    expect(await resultOf(budgetCheck(homeOf({ budgets })))).toMatchObject({
      status: "fail",
      why: expect.stringContaining("vk:laptop/month"),
      next: expect.stringContaining("ownkey budget remove"),
    });
  });
});

describe("the vault", () => {
  const of = async (what: string, parts: HomeParts) => {
    const check = vaultChecks(homeOf(parts)).find(({ id }) => id === `vault.${what}`);
    if (!check) throw new Error(`no check ${what}`);
    return await resultOf(check);
  };

  test("locked or open", async () => {
    expect(await of("open", {})).toMatchObject({ status: "ok" });
    expect(await of("open", { locked: true })).toMatchObject({ status: "fail", next: "ownkey unlock" });
  });

  test("with a way in that does not hang on this machine, or without", async () => {
    expect(await of("slots", { slots: ["keychain", "passphrase"] })).toMatchObject({ status: "ok" });
    expect(await of("slots", { slots: ["keychain", "key_file"] })).toMatchObject({ status: "warn" });
  });

  test("with sound rows, changed ones, or behind a lock", async () => {
    expect(await of("rows", {})).toMatchObject({ status: "ok" });
    expect(await of("rows", { damaged: ["key_9"] })).toMatchObject({
      status: "fail",
      why: expect.stringContaining("key_9"),
    });
    expect(await of("rows", { damagedVirtualKey: true })).toMatchObject({
      status: "fail",
      why: "the virtual key vk_9 was changed",
    });
    expect(await of("rows", { locked: true })).toMatchObject({ status: "skip" });
  });

  test("of a restored home that nobody has confirmed", async () => {
    using folder = temporaryHome();
    const { home } = folder;
    expect(await of("restored", { home })).toMatchObject({ status: "ok" });
    const mark = { format: 1, restoredAtMs: 1, backupCreatedAtMs: 1, vaultId: "vault_1" };
    writeFileSync(join(home, "restored"), JSON.stringify(mark));
    expect(await of("restored", { home })).toMatchObject({
      status: "fail",
      next: expect.stringContaining("confirm"),
    });
  });
});

test("there is one check for each connection and each key that is left, under names of their own", async () => {
  const keys = [
    keyOf(),
    keyOf({ id: "key_2", name: "spare" }),
    keyOf({ id: "key_3", name: "old", state: "removed" }),
  ];
  const ids = (await homeChecks(homeOf({ keys }))).map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith("keys.test"))).toEqual([
    "keys.test:openai/main",
    "keys.test:openai/spare",
  ]);
  expect(ids).toContain("connections.reach:openai");
  expect(new Set(ids).size).toBe(ids.length);
});
