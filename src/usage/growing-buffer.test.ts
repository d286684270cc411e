import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { GrowingBuffer } from "./growing-buffer.ts";

const MAX = 700_000;
const parts = fc.array(
  fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 200_000 })).map(([byte, size]) => Buffer.alloc(size, byte)),
  { maxLength: 10 },
);

test("up to its limit it holds everything, beyond it the beginning and the end", () => {
  fc.assert(
    fc.property(parts, (all) => {
      const buffer = new GrowingBuffer(MAX);
      for (const part of all) buffer.append(part);
      const whole = Buffer.concat(all);
      expect(buffer.isEmpty).toBe(whole.length === 0);
      expect(buffer.overflown).toBe(whole.length > MAX);
      if (!buffer.overflown) return expect(buffer.content.equals(whole)).toBe(true);
      expect(buffer.content.length).toBe(64 * 1024);
      expect(whole.indexOf(buffer.content)).toBe(0);
      expect(buffer.tail.length).toBe(256 * 1024);
      expect(whole.subarray(-buffer.tail.length).equals(buffer.tail)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("after clearing it is as new", () => {
  const buffer = new GrowingBuffer(10);
  buffer.append(Buffer.from("longer than ten bytes"));
  expect(buffer.overflown).toBe(true);
  buffer.clear();
  expect([buffer.isEmpty, buffer.overflown, buffer.tail.length]).toEqual([true, false, 0]);
  buffer.append(Buffer.from("short"));
  expect(buffer.content.toString()).toBe("short");
});

test("a part may change as soon as the next one is there", () => {
  const buffer = new GrowingBuffer(100);
  const first = Buffer.from("first, ");
  buffer.append(first);
  buffer.append(Buffer.from("second"));
  first.fill(0);
  expect(buffer.content.toString()).toBe("first, second");
});
