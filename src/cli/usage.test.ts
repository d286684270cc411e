import { expect, test } from "bun:test";
import { runCommand } from "./cli.testing.ts";

const ITEM = {
  kind: "smaller_model",
  virtualKey: "laptop",
  tool: "codex",
  connection: "openai",
  model: "gpt-4.1",
  requests: 10,
  savedUsd: "0.0224",
  found: "10 of 10 requests were short: try gpt-4.1-mini",
  how: "their tokens at the price of gpt-4.1-mini",
};
const REPORT = {
  from: "2026-10-29T00:00:00.000Z",
  to: "2026-11-28T00:00:00.000Z",
  requests: 10,
  complete: true,
};

test("advice is told with its sum, whom it is about, and how it was worked out; less than a cent on request", async () => {
  const small = { ...ITEM, savedUsd: "0.009999999", tool: null, found: "a trifle" };
  const answers = { "usage.advise": { ...REPORT, items: [ITEM, small] } };
  const { stdout } = await runCommand(["usage", "advise"], { answers });
  expect(stdout.split("\n")).toEqual([
    "0.0224 usd  laptop (codex) to gpt-4.1 at openai",
    "  10 of 10 requests were short: try gpt-4.1-mini.",
    "  their tokens at the price of gpt-4.1-mini",
    "",
    "10 requests looked at. Sums are at the most, and overlap: they do not add up.",
    "1 more would have saved less than a cent: --all",
    "",
  ]);
  const all = await runCommand(["usage", "advise", "--all"], { answers });
  expect(all.stdout).toContain("0.009999999 usd  laptop to gpt-4.1 at openai");
});

test("`usage` and `usage advise` each take their own --since and --json", async () => {
  const sums = {
    requests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    costUsd: "0",
    unpriced: 0,
    estimated: 0,
  };
  const answers = {
    "usage.advise": { ...REPORT, items: [] },
    "usage.report": { from: null, to: null, by: "vk", items: [], total: sums },
  };
  const advice = await runCommand(["usage", "advise", "--since", "2026-11-01", "--json"], { answers });
  expect(advice.calls).toEqual([{ name: "usage.advise", input: { since: "2026-11-01T00:00:00.000Z" } }]);
  expect(JSON.parse(advice.stdout)).toEqual({ ...REPORT, items: [] });
  const report = await runCommand(["usage", "--by", "vk", "--since", "2026-11-01", "--json"], { answers });
  expect(report.calls).toEqual([
    { name: "usage.report", input: { by: "vk", since: "2026-11-01T00:00:00.000Z" } },
  ]);
});
