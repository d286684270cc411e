import type { Database } from "bun:sqlite";
import { NANOS_PER_USD } from "../kernel/index.ts";
import type { AttemptRef } from "./ledger.ts";

interface ChargeRow {
  readonly grants: string;
  readonly dollars: number | bigint;
  readonly rest: number | bigint;
}

/**
 * What attempts after that one have spent, by slice. An attempt under way counts with its reservation, and so does one
 * whose cost nobody knows; one that has neither, because its model has no price, counts with nothing.
 */
export function chargedSince(database: Database, ref: AttemptRef): Map<number, bigint> {
  // In two parts: SQLite's sums have 64 bits, and fail beyond.
  const rows = database
    .query<ChargeRow, [AttemptRef]>(
      `SELECT c.grants AS grants,
              sum(coalesce(r.cost_nanos, r.reserved_nanos, 0) / ${NANOS_PER_USD}) AS dollars,
              sum(coalesce(r.cost_nanos, r.reserved_nanos, 0) % ${NANOS_PER_USD}) AS rest
         FROM attempt_rows r JOIN contexts c ON c.id = r.context
        WHERE r.id > ? AND c.grants IS NOT NULL
        GROUP BY 1`,
    )
    .all(ref);
  const charged = new Map<number, bigint>();
  for (const row of rows) {
    const nanos = BigInt(row.dollars) * NANOS_PER_USD + BigInt(row.rest);
    for (const grant of grantsOf(row.grants)) {
      charged.set(grant, (charged.get(grant) ?? 0n) + nanos);
    }
  }
  return charged;
}

/** As written in a row; empty for an attempt that no budget covers. */
export function grantsOf(text: string | null): number[] {
  return text === null ? [] : text.split(" ").map(Number);
}
