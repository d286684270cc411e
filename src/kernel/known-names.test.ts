import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { nameOfPart } from "./known-names.ts";

test("a name is its text, whatever names were met before, and wherever it stands", () => {
  const name = fc.oneof(
    fc.constantFrom("", "model", "modg.", "messages", "a".repeat(64), "a".repeat(65), "größe", "\\u006d"),
    fc.string({ maxLength: 70, unit: "grapheme" }),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), fc.nat(9), (names, offset) => {
      for (const one of names) {
        const bytes = Buffer.from(" ".repeat(offset) + one + '"');
        expect(nameOfPart(bytes, offset, bytes.length - 1)).toBe(one);
      }
    }),
    { numRuns: 500 },
  );
});
