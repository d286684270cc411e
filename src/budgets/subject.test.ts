// Whom a budget bounds.
import { expect, test } from "bun:test";
import { covers, type Spender } from "./subject.ts";

const SPENDER: Spender = {
  virtualKeyId: "vk_1",
  user: null,
  team: null,
  project: null,
  tool: null,
  connectionId: "conn_1",
  model: null,
};

test.each([
  ["gpt-5-pro", true],
  ["GPT-5-Pro", true],
  [" gpt-5-pro\t", true],
  ["models/gpt-5-pro", true],
  ["gpt-4.1", false],
  [null, true],
])("a budget for model:gpt-5* and a request for %p", (model, expected) => {
  expect(covers({ kind: "model", value: "gpt-5*" }, { ...SPENDER, model })).toBe(expected);
});
