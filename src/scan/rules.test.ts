import { describe, expect, test } from "bun:test";
import { PROVIDERS } from "../providers/index.ts";
import { RULES } from "./rules.ts";
import { PROVIDER_RULES } from "./rules/providers.ts";
import { ruleIdsIn } from "./scan.testing.ts";

describe.each(RULES.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  test("finds each of its samples, and no other rule claims it", () => {
    const missed = rule.findsIn().filter((text) => {
      const ids = ruleIdsIn(text);
      return ids.length === 0 || ids.some((found) => found !== id);
    });
    expect(missed.map((text) => text.slice(0, 60))).toEqual([]);
    expect(rule.findsIn().length).toBeGreaterThan(0);
  });

  test("finds nothing in look-alikes", () => {
    const wrong = rule.findsNothingIn().filter((text) => ruleIdsIn(text).includes(id));
    expect(wrong.map((text) => text.slice(0, 60))).toEqual([]);
    expect(rule.findsNothingIn().length).toBeGreaterThan(0);
  });

  test("takes time that grows with the length only", () => {
    for (const text of rule.findsIn().slice(0, 3)) {
      // Without its last character a sample fails where a pattern would begin to try all ways of matching.
      expect(ruleIdsIn(text.slice(0, -1).repeat(400)).length).toBeGreaterThanOrEqual(0);
    }
  });
});

test("rules have ids of their own, and marks that the index can tell apart", () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  const marks = RULES.flatMap((rule) => (rule.kind === "marked" ? rule.marks : []));
  for (const mark of marks) expect(mark.length).toBeGreaterThanOrEqual(3);
});

test("every key format with a mark that providers know has its rule", () => {
  const formats = PROVIDERS.flatMap(({ keyFormats }) => keyFormats).filter(({ prefix }) => prefix !== "");
  expect(PROVIDER_RULES.map(({ id }) => id)).toEqual(formats.map(({ id }) => id));
  const samples = PROVIDER_RULES.flatMap((rule) => rule.findsIn().slice(0, 1));
  for (const [at, format] of formats.entries()) expect(samples[at]).toMatch(format.pattern);
});
