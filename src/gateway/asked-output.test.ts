// What a request may write at the most is what its own server reads, not what a caller would like us to read.
import { expect, test } from "bun:test";
import { utf8 } from "../kernel/index.ts";
import { choicesOf, outputLimitOf } from "./asked-output.ts";
import { GOVERNED } from "./governed.ts";
import { scanJson } from "./json-scan.ts";

const scan = (document: object) => scanJson(utf8(JSON.stringify(document)), GOVERNED);

test.each([
  ["chat", { max_tokens: 5 }, 5],
  ["chat", { max_completion_tokens: 1, max_tokens: 900 }, 900],
  ["chat", { max_output_tokens: 1, generationConfig: { maxOutputTokens: 1 } }, null],
  ["responses", { max_output_tokens: 7, max_tokens: 1 }, 7],
  ["messages", { max_tokens: 8 }, 8],
  ["generate", { generationConfig: { maxOutputTokens: 9 }, max_tokens: 1 }, 9],
  ["embeddings", { max_tokens: 1 }, null],
  ["chat", { max_tokens: "1" }, null],
  ["chat", { max_tokens: -1 }, null],
] as const)("%s %j: the output limit is %p", (kind, document, expected) => {
  expect(outputLimitOf(kind, scan(document))).toBe(expected);
});

test("answers are counted where the dialect has them", () => {
  expect(choicesOf("chat", scan({ n: 3, generationConfig: { candidateCount: 9 } }))).toBe(3);
  expect(choicesOf("generate", scan({ generationConfig: { candidateCount: 2 }, n: 9 }))).toBe(2);
  expect(choicesOf("chat", undefined)).toBe(1);
});
