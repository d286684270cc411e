import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { piecesBetween } from "./pieces.ts";
import { applyEdits } from "./text-edit.ts";

const texts = fc.array(fc.constantFrom("a\n", "b\n", "c\r\n", "\n", "d"), { maxLength: 12 });

test("the pieces make the one text into the other, are whole lines, and there are none between equal texts", () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const [a, b] = [before.join(""), after.join("")];
      const pieces = piecesBetween(a, b);
      expect(applyEdits(a, pieces)).toBe(b);
      expect(pieces.length === 0).toBe(a === b);
      for (const { start } of pieces)
        expect(start === 0 || a[start - 1] === "\n" || start === a.length).toBe(true);
    }),
  );
});

test("lines that stay are not part of a piece", () => {
  expect(piecesBetween("a\nb\nc\nd\n", "a\nB\nc\nD\ne\n")).toEqual([
    { start: 2, end: 4, text: "B\n" },
    { start: 6, end: 8, text: "D\ne\n" },
  ]);
});
