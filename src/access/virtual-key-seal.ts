/**
 * The row MAC of a virtual key shows its state as well: an active row holds the MAC itself, a disabled one the
 * SHA-256 of it, a revoked one the SHA-256 of that. So anybody can go forward, even while the vault is locked, and
 * only the vault, which can make the MAC anew, can bring a key back.
 */
import { createHash } from "node:crypto";
import { AppError, equalBytes } from "../kernel/index.ts";
import type { RowSealer } from "./row-sealer.ts";
import type { VirtualKey } from "./virtual-key.ts";
import { sealedContent, type UnsealedRecord, type VirtualKeyRecord } from "./virtual-key-record.ts";

type State = VirtualKey["state"];

const TABLE = "virtual_keys";
const STEPS: Readonly<Record<State, number>> = { active: 0, disabled: 1, revoked: 2 };

/** @throws AppError `vault_locked`. */
export function sealRecord(sealer: RowSealer, record: UnsealedRecord): VirtualKeyRecord {
  const mac = sealer.seal(TABLE, record.id, sealedContent(record));
  return { ...record, mac: hashTimes(mac, STEPS[record.state]) };
}

/** @throws AppError `corrupt` naming the row when it was changed outside Ownkey, its state included; `vault_locked`. */
export function checkRecord(sealer: RowSealer, record: VirtualKeyRecord): void {
  if (record.state === "active") {
    sealer.check(TABLE, record.id, sealedContent(record), record.mac);
    return;
  }
  if (equalBytes(sealRecord(sealer, record).mac, record.mac)) return;
  throw new AppError("corrupt", `the row ${record.id} of ${TABLE} was changed outside Ownkey`, {
    hint: "restore a backup with: ownkey backup restore FILE",
  });
}

/** The same row in a later state, without the vault. */
export function advanceState(record: VirtualKeyRecord, state: "disabled" | "revoked"): VirtualKeyRecord {
  const steps = STEPS[state] - STEPS[record.state];
  return steps <= 0 ? record : { ...record, state, mac: hashTimes(record.mac, steps) };
}

function hashTimes(mac: Uint8Array, times: number): Uint8Array {
  let hash = mac;
  for (let i = 0; i < times; i++) hash = new Uint8Array(createHash("sha256").update(hash).digest());
  return hash;
}
