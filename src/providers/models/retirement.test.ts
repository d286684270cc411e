import { expect, test } from "bun:test";
import { RETIREMENTS, retirementOf } from "./retirement.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");

test.each([
  ["openai", "gpt-4", true],
  ["openai", "gpt-4-0613", true],
  ["openai", "gpt-4-turbo-2024-04-09", true],
  ["openai", "gpt-3.5-turbo-16k", true],
  ["openai", "gpt-4o", false],
  ["openai", "gpt-4o-2024-08-06", false],
  ["anthropic", "claude-2.1", true],
  ["anthropic", "claude-3-opus-20240229", true],
  ["google", "gemini-pro", true],
  ["google", "gemini-2.5-pro", false],
] as const)("%s %s: retired %p", (provider, model, retired) => {
  expect(retirementOf(provider, model, NOW)?.retired).toBe(retired);
});

test("another model of the same family is not taken for a revision", () => {
  expect(retirementOf("openai", "gpt-4-something-else", NOW)).toBeUndefined();
  expect(retirementOf("openai", "gpt-5-mini", NOW)).toBeUndefined();
  expect(retirementOf("openai-compatible", "gpt-4", NOW)).toBeUndefined();
});

test("days count down to the date and go below 0 after it", () => {
  expect(retirementOf("openai", "gpt-5", NOW)).toMatchObject({ daysLeft: 18, replacement: "gpt-6.1-sol" });
  expect(retirementOf("openai", "gpt-4", NOW)?.daysLeft).toBe(-31);
  expect(retirementOf("openai", "gpt-5", Date.parse("2026-12-11"))).toMatchObject({
    daysLeft: 0,
    retired: true,
  });
});

test("every line is a date with a source, and no model stands twice", () => {
  for (const line of RETIREMENTS) {
    expect(line.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(Number.isNaN(Date.parse(line.date))).toBe(false);
    expect(line.source).toStartWith("https://");
  }
  expect(new Set(RETIREMENTS.map((line) => `${line.provider} ${line.model}`)).size).toBe(RETIREMENTS.length);
});
