// Byte-exact but for the one chunk, wherever the stream is cut and whatever ends its lines.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createUsageChunkFilter, MAX_HELD_BYTES } from "./hide-usage-chunk.ts";

const usage = JSON.stringify({ id: "c", choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } });
const delta = (content: string) =>
  JSON.stringify({ id: "c", choices: [{ delta: { content } }], usage: null });

function pass(pieces: readonly Uint8Array[]): Buffer {
  const filter = createUsageChunkFilter();
  return Buffer.concat([...pieces.map((piece) => Buffer.from(filter.push(piece))), filter.flush()]);
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge));
}

const line = fc.oneof(
  fc.constantFrom("data: [DONE]", ": keep-alive", "event: x", `data: {"choices":[],"usage":null}`),
  fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => `data: ${delta(text)}`),
);

test("only the usage chunk goes, at every cut and with every line end", () => {
  const events = fc.array(fc.oneof(line, fc.constant(`data: ${usage}`)), { maxLength: 8 });
  fc.assert(
    fc.property(events, fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.nat()), (lines, end, cuts) => {
      const whole = Buffer.from(lines.map((line) => line + end + end).join(""));
      const expected = lines.filter((line) => line !== `data: ${usage}`).map((line) => line + end + end);
      expect(pass(cutAt(whole, cuts)).toString()).toBe(expected.join(""));
    }),
    { numRuns: 500 },
  );
});

test("arbitrary bytes pass unchanged", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      expect(pass(pieces).equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("a chunk of whole events passes as one piece, at once", () => {
  const filter = createUsageChunkFilter();
  const chunk = Buffer.from(`data: ${delta("a")}\r\n\r\ndata: ${delta("b")}\r\n\r\n`);
  expect(Buffer.from(filter.push(chunk)).equals(chunk)).toBe(true);
});

test("the line feed behind a return that ended an event is not kept back", () => {
  const filter = createUsageChunkFilter();
  const first = filter.push(Buffer.from(`data: ${delta("a")}\r\n\r`));
  expect(Buffer.from(first).toString()).toEndWith("\r\n\r");
  expect(Buffer.from(filter.push(Buffer.from("\n"))).toString()).toBe("\n");
});

test("an event without end is not collected: beyond the limit it passes", () => {
  const filter = createUsageChunkFilter();
  let passed = 0;
  for (let at = 0; at < 100; at++) passed += filter.push(Buffer.alloc(4096, 0x61)).length;
  expect(passed).toBeGreaterThan(100 * 4096 - MAX_HELD_BYTES - 4096);
});
