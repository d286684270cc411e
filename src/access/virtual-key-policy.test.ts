import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import type { VirtualKeyPolicy } from "./virtual-key.ts";
import { assertPolicy, OPEN_POLICY, parsePolicy, policyText } from "./virtual-key-policy.ts";

const label = fc.option(fc.string());
const policies: fc.Arbitrary<VirtualKeyPolicy> = fc.record({
  connections: fc.array(fc.string()),
  defaultConnection: label,
  models: fc.array(fc.string()),
  paths: fc.array(fc.string()),
  user: label,
  team: label,
  project: label,
  tool: label,
  class: fc.constantFrom(null, "development", "production"),
  purpose: label,
  addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6())),
  regions: fc.array(fc.string()),
  rateLimits: fc.constantFrom(null, { requestsPerMinute: 3 }, { tokensPerDay: 9, concurrency: 1 }),
  metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.string()),
});

test("a policy comes back as it was stored", () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(parsePolicy(policyText(policy))).toEqual(policy);
    }),
  );
});

test("a policy stored before a member existed has that member open", () => {
  const { purpose: _, ...older } = OPEN_POLICY;
  expect(parsePolicy(JSON.stringify({ ...older, models: ["gpt-*"] }))).toEqual({
    ...OPEN_POLICY,
    models: ["gpt-*"],
  });
});

test.each([
  "",
  "null",
  "[]",
  '"open"',
  "{",
  '{"models":"gpt-*"}',
  '{"models":[1]}',
  '{"models":null}',
  '{"connections":{}}',
  '{"tool":7}',
  '{"class":"toy"}',
  '{"defaultConnection":[]}',
  '{"addresses":"10.0.0.0/8"}',
  '{"regions":null}',
  '{"rateLimits":{"requestsPerMinute":0}}',
  '{"rateLimits":{"requestsPerFortnight":9}}',
  '{"metadata":{"a":1}}',
  '{"aRuleOfTomorrow":true}',
])("%s is damage, never a wider policy", (text) => {
  expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: "corrupt" }));
});

test("any text is a policy or damage", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        expect(Object.keys(parsePolicy(text)).sort()).toEqual(Object.keys(OPEN_POLICY).sort());
      } catch (error) {
        expect(error instanceof AppError && error.code).toBe("corrupt");
      }
    }),
  );
});

test("the default connection must be one that may be used", () => {
  const check = (connections: string[], defaultConnection: string | null) => () =>
    assertPolicy({ ...OPEN_POLICY, connections, defaultConnection });
  expect(check([], "a")).not.toThrow();
  expect(check(["a"], null)).not.toThrow();
  expect(check(["a", "b"], "b")).not.toThrow();
  expect(check(["a"], "b")).toThrow(expect.objectContaining({ code: "invalid_input" }));
});
