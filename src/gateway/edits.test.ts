// Edits change what they are for, and not one byte more.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { utf8 } from "../kernel/index.ts";
import { includeUsage, replaceText, splice } from "./edits.ts";
import { GOVERNED } from "./governed.ts";
import { scanJson } from "./json-scan.ts";

function withUsage(text: string): string | undefined {
  const bytes = utf8(text);
  const edit = includeUsage(scanJson(bytes, GOVERNED));
  return edit && Buffer.from(splice(bytes, [edit])).toString();
}

test.each([
  [`{}`, `{"stream_options":{"include_usage":true}}`],
  [`{ "a": 1e400 }`, `{"stream_options":{"include_usage":true}, "a": 1e400 }`],
  [`{"stream_options":{}}`, `{"stream_options":{"include_usage":true}}`],
  [`{"stream_options": { "x":1}}`, `{"stream_options": {"include_usage":true, "x":1}}`],
  [`{"stream_options":null}`, `{"stream_options":{"include_usage":true}}`],
  [`{"stream_options":{"include_usage":false}}`, `{"stream_options":{"include_usage":true}}`],
])("usage is asked for in %s", (text, expected) => {
  expect(withUsage(text)).toBe(expected);
});

test("a body that asks for usage itself is left alone", () => {
  expect(withUsage(`{"stream_options":{"include_usage":true}}`)).toBeUndefined();
});

test("another model name changes the model alone, whatever stands around it", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.jsonValue({ maxDepth: 2 }), (model, other, rest) => {
      const text = JSON.stringify({ big: "@", model, rest }).replace(`"@"`, "12345678901234567890");
      const bytes = utf8(text);
      const member = scanJson(bytes, GOVERNED).members.get("model");
      if (member === undefined) throw new Error("no model");
      const edited = Buffer.from(splice(bytes, [replaceText(member, other)])).toString();
      const expected = JSON.stringify({ big: "@", model: other, rest }).replace(
        `"@"`,
        "12345678901234567890",
      );
      expect(edited).toBe(expected);
    }),
    { numRuns: 200 },
  );
});
