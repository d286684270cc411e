import { AppError } from "../kernel/index.ts";
import type { Row, Value } from "./store.ts";

/**
 * Parameters as both drivers bind them exactly: integers as bigint, since a number beyond 32 bits would travel as a
 * float. Refused is what the engines would treat differently or change without a word.
 * @throws AppError `invalid_input` for a text with a NUL character, `internal` for `undefined` or a fraction.
 */
export function toParameters(values: readonly Value[]): Value[] {
  return values.map((value) => {
    if (typeof value === "number") return toInteger(value);
    if (typeof value === "string" && value.includes("\0")) {
      throw new AppError("invalid_input", "a text with a NUL character cannot be stored");
    }
    if (value === undefined) throw new AppError("internal", "a parameter of a statement is undefined");
    return value;
  });
}

function toInteger(value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new AppError("internal", "a number given to the store is not an exact integer");
}

/**
 * A row as store.ts promises it: both drivers give 64-bit integers as bigint, and those that a number holds exactly
 * become numbers; bytes are the caller's own.
 */
export function fromColumns(row: Readonly<Record<string, Value>>): Row {
  const plain: Record<string, Value> = {};
  for (const column in row) plain[column] = fromColumn(row[column] ?? null);
  return plain;
}

function fromColumn(value: Value): Value {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value;
  // A Buffer may be a window on the driver's memory.
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value;
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}
