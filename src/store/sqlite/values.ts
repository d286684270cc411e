import type { Row, Value } from "../store.ts";

/** Integers beyond 32 bits go as bigint: bun:sqlite would bind some of them as floats. */
export function toSqlite(value: Value): Value {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** Integers come as bigint (`safeIntegers`); those that a number holds exactly become numbers. In place. */
export function fromSqlite(row: Record<string, Value>): Row {
  for (const column in row) {
    const value = row[column];
    if (typeof value === "bigint" && isSafe(value)) row[column] = Number(value);
  }
  return row;
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}
