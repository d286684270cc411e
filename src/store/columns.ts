import { AppError } from "../kernel/index.ts";
import type { Row } from "./store.ts";

/** Columns as the type that the schema promises; anything else means a damaged or foreign database. */
export function textOf(row: Row, column: string): string {
  return optionalTextOf(row, column) ?? damaged(column);
}

export function optionalTextOf(row: Row, column: string): string | undefined {
  const value = row[column];
  if (value === null) return undefined;
  return typeof value === "string" ? value : damaged(column);
}

export function intOf(row: Row, column: string): number {
  return optionalIntOf(row, column) ?? damaged(column);
}

export function optionalIntOf(row: Row, column: string): number | undefined {
  const value = row[column];
  if (value === null) return undefined;
  return typeof value === "number" && Number.isSafeInteger(value) ? value : damaged(column);
}

export function bytesOf(row: Row, column: string): Uint8Array {
  return optionalBytesOf(row, column) ?? damaged(column);
}

export function optionalBytesOf(row: Row, column: string): Uint8Array | undefined {
  const value = row[column];
  if (value === null) return undefined;
  return value instanceof Uint8Array ? value : damaged(column);
}

function damaged(column: string): never {
  throw new AppError("corrupt", `the column "${column}" of the database holds something unexpected`, {
    hint: "run: ownkey audit verify; if it fails, restore a backup with: ownkey backup restore FILE",
  });
}
