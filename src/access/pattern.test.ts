import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { matchesAny, matchesPattern } from "./pattern.ts";

test.each([
  ["gpt-5", "gpt-5", true],
  ["gpt-5", "gpt-5-mini", false],
  ["gpt-5", "GPT-5", false],
  ["gpt-*", "gpt-5-mini", true],
  ["gpt-*", "gpt-", true],
  ["*-mini", "gpt-5-mini", true],
  ["*", "", true],
  ["*", "anything/at all", true],
  ["", "", true],
  ["", "x", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*bc*c", "abc", false],
  ["a*bc*c", "abcc", true],
  ["/v1/files/*/content", "/v1/files/file-1/content", true],
  ["a.c", "abc", false],
  ["a**c", "abc", true],
])("%j against %j is %p", (pattern, text, expected) => {
  expect(matchesPattern(pattern, text)).toBe(expected);
});

test("agrees with a regular expression", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", ".", "*") });
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom("a", "b", ".") }), (pattern, text) => {
      const expression = pattern
        .split("*")
        .map((piece) => piece.replaceAll(".", "\\."))
        .join(".*");
      expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${expression}$`, "s").test(text));
    }),
    { numRuns: 500 },
  );
});

test("many stars on a long text do not multiply", () => {
  expect(matchesPattern(`${"a*".repeat(50)}b`, "a".repeat(100_000))).toBe(false);
});

test("no pattern matches nothing", () => {
  expect(matchesAny([], "gpt-5")).toBe(false);
  expect(matchesAny(["claude-*", "gpt-*"], "gpt-5")).toBe(true);
});
