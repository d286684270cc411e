import { expect, test } from "bun:test";
import type { Connection, ListedModel } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import type { Control } from "../control.ts";
import { modelsFor, type WantedModels } from "./models-for.ts";

const NOW_MS = Date.parse("2026-11-20T00:00:00Z");
const day = (date: string) => Date.parse(`${date}T00:00:00Z`);

async function chosen(
  models: readonly ListedModel[],
  wanted: WantedModels = {},
  connection: Partial<Connection> = {},
  problem?: string,
): Promise<readonly string[]> {
  const control = {
    clock: { nowMs: () => NOW_MS },
    modelLists: { of: () => Promise.resolve({ models, ...(problem === undefined ? {} : { problem }) }) },
  } as unknown as Pick<Control, "modelLists" | "clock">;
  const whole = { name: "openai", provider: "openai", settings: { baseUrl: "http://x" }, ...connection };
  return await modelsFor(control, { kind: "cli", user: "ada" }, whole as unknown as Connection, wanted);
}

const LIST: ListedModel[] = [
  { id: "gpt-4-0613", createdAtMs: day("2023-06-12") },
  { id: "gpt-4", createdAtMs: day("2023-06-27") },
  { id: "text-embedding-3-small", createdAtMs: day("2026-11-01") },
  { id: "gpt-6", createdAtMs: day("2026-05-01") },
  { id: "gpt-6-2026-05-01", createdAtMs: day("2026-11-02") },
  { id: "gpt-6-pro", createdAtMs: day("2026-11-03") },
  { id: "gpt-5.2", createdAtMs: day("2025-12-01") },
];

test("a model that stays, is new and ordinary comes first; snapshots, special and retired ones last", async () => {
  expect(await chosen(LIST)).toEqual([
    "gpt-6",
    "gpt-5.2",
    "gpt-6-pro",
    "gpt-6-2026-05-01",
    "gpt-4",
    "gpt-4-0613",
  ]);
});

test("without dates the higher version comes first", async () => {
  const google = { name: "google", provider: "google" } as const;
  const models = ["gemini-2.5-flash", "gemini-3-flash", "gemini-embedding-001", "gemini-3.5-flash-lite"];
  expect(
    await chosen(
      models.map((id) => ({ id })),
      {},
      google,
    ),
  ).toEqual(["gemini-3-flash", "gemini-3.5-flash-lite", "gemini-2.5-flash"]);
});

test("what was named comes first, then the connection's own, then what the tool uses now if it is offered", async () => {
  const own = { settings: { baseUrl: "http://x", model: "house" } };
  const [first, second, third] = await chosen(LIST, { model: "named", habit: { model: "gpt-5.2" } }, own);
  expect([first, second, third]).toEqual(["named", "house", "gpt-5.2"]);
  expect((await chosen(LIST, { habit: { model: "claude" } }))[0]).toBe("gpt-6");
});

test("with no model at all, why not and what to do is said", async () => {
  const failure = await chosen([], {}, {}, "the provider answered 404").then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(AppError);
  const { code, message, hint } = failure as AppError;
  expect([code, message]).toEqual([
    "conflict",
    'no model of the connection "openai" is known: the provider answered 404',
  ]);
  expect(hint).toContain("--model");
});
