import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../kernel/index.ts";
import { isArchiveName } from "./names.ts";
import { decodeTarHeader, encodeTarHeader, MAX_ENTRY_BYTES, paddingOf } from "./tar-header.ts";

const component = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._@+=, -]{0,10}[A-Za-z0-9]$/);
const entry = fc.record({
  name: fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  sizeBytes: fc.integer({ min: 0, max: MAX_ENTRY_BYTES }),
  modifiedAtS: fc.integer({ min: 0, max: 4_000_000_000 }),
});

test("a header read is the header written", () => {
  fc.assert(
    fc.property(entry, (written) => {
      expect(decodeTarHeader(encodeTarHeader(written))).toEqual(written);
    }),
  );
});

test("a header with any byte changed is refused", () => {
  fc.assert(
    fc.property(
      entry,
      fc.integer({ min: 0, max: 511 }),
      fc.integer({ min: 1, max: 255 }),
      (written, at, flip) => {
        const block = encodeTarHeader(written);
        block[at] = (block[at] ?? 0) ^ flip;
        expect(() => decodeTarHeader(block)).toThrow(AppError);
      },
    ),
  );
});

test("any block at all gives an entry with a safe name, the end mark, or an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (block) => {
      try {
        const read = decodeTarHeader(block);
        expect(read === undefined || isArchiveName(read.name)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
  );
});

test("every type but a regular file is refused, however well formed", () => {
  for (const type of "1234567xgLKDS\0") {
    const block = encodeTarHeader({ name: "a", sizeBytes: 0, modifiedAtS: 0 });
    block[156] = type.charCodeAt(0);
    // A checksum that fits, so that only the type is wrong.
    const sum = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
    block.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    expect(() => decodeTarHeader(block)).toThrow(AppError);
  }
});

test("a file too large for a header is refused by name and size", () => {
  expect(() => encodeTarHeader({ name: "big.db", sizeBytes: MAX_ENTRY_BYTES + 1, modifiedAtS: 0 })).toThrow(
    /big\.db has 8589934592 bytes/,
  );
});

test("content is padded to whole blocks", () => {
  expect([0, 1, 511, 512, 513].map(paddingOf)).toEqual([0, 511, 1, 0, 511]);
});

test("names that could leave the folder, hide, or mean something to a system are refused", () => {
  const bad = [
    "",
    ".",
    "..",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/..",
    ".a",
    "-rf",
    "a\\b",
    "a:b",
    "a\n",
    "é",
    "a.",
    "a/b ",
  ];
  expect(bad.filter(isArchiveName)).toEqual([]);
  const good = ["control.db", "ledger/node_1.db", "unlock-slot_1.key", "a b/c"];
  expect(good.filter(isArchiveName)).toEqual(good);
});
