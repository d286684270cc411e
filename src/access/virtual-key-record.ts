import { AppError, lengthPrefixed } from "../kernel/index.ts";
import { bytesOf, intOf, optionalBytesOf, optionalIntOf, type Row, textOf } from "../store/index.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { parsePolicy } from "./virtual-key-policy.ts";

/** A row of `virtual_keys`, with the policy still as the text that the MAC covers. */
export interface VirtualKeyRecord extends Omit<VirtualKey, "policy"> {
  readonly tokenHash: Uint8Array;
  /** The hash before the last re-issue, accepted until then. */
  readonly previousHash: Uint8Array | null;
  readonly previousUntilMs: number | null;
  readonly policyText: string;
  readonly mac: Uint8Array;
}

export type UnsealedRecord = Omit<VirtualKeyRecord, "mac">;

export function recordOf(row: Row): VirtualKeyRecord {
  return {
    id: textOf(row, "id"),
    name: textOf(row, "name"),
    hint: textOf(row, "hint"),
    tokenHash: bytesOf(row, "token_hash"),
    previousHash: optionalBytesOf(row, "previous_hash") ?? null,
    previousUntilMs: optionalIntOf(row, "previous_until_ms") ?? null,
    generation: intOf(row, "generation"),
    createdAtMs: intOf(row, "created_at_ms"),
    expiresAtMs: optionalIntOf(row, "expires_at_ms") ?? null,
    policyText: textOf(row, "policy"),
    mac: bytesOf(row, "mac"),
    state: stateOf(textOf(row, "state")),
    lastUsedAtMs: optionalIntOf(row, "last_used_at_ms") ?? null,
  };
}

/** What the MAC covers: everything but the state, which the MAC itself shows, and the time of last use. */
export function sealedContent(record: UnsealedRecord): Uint8Array {
  return lengthPrefixed(
    "ownkey virtual key 1",
    record.id,
    record.name,
    record.hint,
    record.tokenHash,
    record.previousHash ?? "",
    record.previousUntilMs ?? "",
    record.generation,
    record.createdAtMs,
    record.expiresAtMs ?? "",
    record.policyText,
  );
}

/** The record as others see it: without hashes. */
export function virtualKeyOf(record: VirtualKeyRecord): VirtualKey {
  const { id, name, hint, generation, state, createdAtMs, expiresAtMs, lastUsedAtMs } = record;
  const policy = parsePolicy(record.policyText);
  return { id, name, hint, generation, state, createdAtMs, expiresAtMs, lastUsedAtMs, policy };
}

function stateOf(text: string): VirtualKey["state"] {
  if (text === "active" || text === "disabled" || text === "revoked") return text;
  throw new AppError("corrupt", "a virtual key is in no known state", { hint: "run: ownkey audit verify" });
}
