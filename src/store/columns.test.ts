import { expect, test } from "bun:test";
import { AppError } from "../kernel/index.ts";
import { bytesOf, intOf, optionalBytesOf, optionalIntOf, optionalTextOf, textOf } from "./columns.ts";
import type { Row } from "./store.ts";

const row: Row = { text: "t", int: 7, big: 2n ** 60n, bytes: Uint8Array.from([1]), none: null };

test("each reader gives its own type", () => {
  expect([textOf(row, "text"), intOf(row, "int"), bytesOf(row, "bytes")]).toEqual([
    "t",
    7,
    Uint8Array.from([1]),
  ]);
});

test("NULL is undefined where it may be", () => {
  const read = [optionalTextOf(row, "none"), optionalIntOf(row, "none"), optionalBytesOf(row, "none")];
  expect(read).toEqual([undefined, undefined, undefined]);
});

test("any other type, a missing column and an unexpected NULL mean a damaged database", () => {
  const wrong: readonly (() => unknown)[] = [
    () => textOf(row, "int"),
    () => textOf(row, "none"),
    () => intOf(row, "text"),
    () => intOf(row, "big"),
    () => bytesOf(row, "text"),
    () => optionalTextOf(row, "absent"),
    () => optionalIntOf(row, "absent"),
    () => optionalBytesOf(row, "absent"),
  ];
  for (const read of wrong) expect(read).toThrow(AppError);
});
