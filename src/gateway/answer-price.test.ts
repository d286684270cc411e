// By which model's price an answer counts.
import { expect, test } from "bun:test";
import { answerPrice } from "./answer-price.ts";

const COSTS: Readonly<Record<string, bigint>> = {
  "gpt-x": 10n,
  "gpt-x-mini": 2n,
  "gpt-x-pro": 50n,
  "gpt-x-2026-01-31": 7n,
};
const costAs = (model: string) => COSTS[model] ?? null;

test.each([
  ["the model asked for", "gpt-x", "gpt-x", 10n, 10n],
  ["a snapshot of it", "gpt-x", "gpt-x-2026-01-31", 7n, 7n],
  ["a snapshot of its newest", "gpt-x-latest", "gpt-x-2026-01-31", 7n, 7n],
  ["a cheaper one", "gpt-x", "gpt-x-mini", 2n, 10n],
  ["a dearer one", "gpt-x", "gpt-x-pro", 50n, 50n],
  ["one without a price", "gpt-x", "somebody's", 10n, 10n],
  ["none", "gpt-x", null, 10n, 10n],
  ["one with a price, asked by a name without", "auto", "gpt-x-mini", 2n, 2n],
  ["one with a price, asked by no name", null, "gpt-x-mini", 2n, 2n],
  ["one without a price, asked by a name without", "auto", "somebody's", null, null],
])("the answer names %s", (_what, asked, answered, usual, hard) => {
  expect(answerPrice({ asked, answered, isHard: false, costAs })).toBe(usual);
  expect(answerPrice({ asked, answered, isHard: true, costAs })).toBe(hard);
});
