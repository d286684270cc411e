import { AppError, isJsonObject, type Json, type JsonObject, parseJson } from "../../kernel/index.ts";
import type { AttemptRow } from "../../ledger/index.ts";

/** Amounts are written as text: JSON's numbers do not hold them. */
const AMOUNTS = ["reservedNanos", "costNanos"] as const;

/** An attempt as one line of JSON, for a store that several machines share. */
export function attemptText(row: AttemptRow): string {
  const bodyHash = row.bodyHash === null ? null : Buffer.from(row.bodyHash).toString("base64");
  return JSON.stringify({ ...row, bodyHash }, (_name, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

/** @throws AppError `corrupt`. */
export function attemptFromText(text: string): AttemptRow {
  const document = parseJson(text);
  if (!isJsonObject(document)) throw damaged();
  const { settled, bodyHash } = document;
  const whole = {
    ...withAmounts(document),
    bodyHash: typeof bodyHash === "string" ? new Uint8Array(Buffer.from(bodyHash, "base64")) : null,
    settled: isJsonObject(settled) ? withAmounts(settled) : null,
  };
  // Written by the function above; the store is trusted with reports, as the ledger's file is.
  return whole as unknown as AttemptRow;
}

function withAmounts(document: JsonObject): Record<string, Json | bigint> {
  const amounts = AMOUNTS.filter((name) => typeof document[name] === "string");
  return { ...document, ...Object.fromEntries(amounts.map((name) => [name, amountOf(document[name])])) };
}

function amountOf(text: Json | undefined): bigint {
  if (typeof text === "string" && /^\d{1,20}$/.test(text)) return BigInt(text);
  throw damaged();
}

function damaged(): AppError {
  return new AppError("corrupt", "a row of the shared ledger holds something unexpected", {
    hint: "was it written by a newer Ownkey? Use the same version everywhere",
  });
}
