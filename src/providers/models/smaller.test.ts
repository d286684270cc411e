import { expect, test } from "bun:test";
import { smallerModels } from "./smaller.ts";

test.each([
  ["openai", "gpt-5.1", ["gpt-5.1-mini", "gpt-5.1-nano"]],
  ["openai", "gpt-4.1-mini-2025-04-14", ["gpt-4.1-nano"]],
  ["openai", "GPT-4o-2024-08-06", ["gpt-4o-mini", "gpt-4o-nano"]],
  ["anthropic", "claude-opus-4-5-20251101", ["claude-sonnet-4-5", "claude-haiku-4-5"]],
  ["anthropic", "claude-haiku-4-5", []],
  ["google", "gemini-2.5-pro", ["gemini-2.5-flash", "gemini-2.5-flash-lite"]],
  ["google", "gemini-2.5-flash-lite", []],
  ["openai", "gpt-5-codex", []],
  ["openai", "o3", []],
  ["openai-compatible", "gpt-5", []],
] as const)("%s %s: %p", (provider, model, smaller) => {
  expect(smallerModels(provider, model)).toEqual([...smaller]);
});
