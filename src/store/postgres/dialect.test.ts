import { expect, test } from "bun:test";
import { postgresDialect } from "./dialect.ts";

test("placeholders are numbered in their order", () => {
  expect(postgresDialect()("SELECT a FROM t WHERE b = ? AND c IN (?, ?)")).toBe(
    "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)",
  );
});

test("BLOB as a type becomes BYTEA; longer words that hold it stay", () => {
  expect(postgresDialect()("CREATE TABLE blobs (a BLOB, blob_size BIGINT)")).toBe(
    "CREATE TABLE blobs (a BYTEA, blob_size BIGINT)",
  );
});

test("the same statement gives the same text however many others came between", () => {
  const dialect = postgresDialect();
  const texts = Array.from({ length: 2_500 }, (_, index) => `SELECT ${index} WHERE 1 = ?`);
  const first = texts.map(dialect);
  expect(texts.map(dialect)).toEqual(first);
  expect(first[7]).toBe("SELECT 7 WHERE 1 = $1");
});
