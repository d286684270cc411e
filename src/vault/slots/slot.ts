import { bytesOf, intOf, type Queries, type Row, textOf } from "../../store/index.ts";
import { damaged } from "../refusals.ts";

export const SLOT_KINDS = ["keychain", "key_file", "passphrase", "recovery_code", "age_identity"] as const;
export type SlotKind = (typeof SLOT_KINDS)[number];

/** One way to the vault key, as stored. Whatever opens it (its slot key) is elsewhere. */
export interface Slot {
  readonly id: string;
  readonly kind: SlotKind;
  /** Generation of the vault key that is wrapped here. */
  readonly generation: number;
  /** Canonical JSON: how a passphrase becomes a key, the key sealed to an age recipient; else `{}`. */
  readonly parameters: string;
  /** X25519, belongs to the slot key: a new vault key can be wrapped for this slot without opening it. */
  readonly publicKey: Uint8Array;
  /** The vault key as `wrap.ts` wrote it. */
  readonly wrapped: Uint8Array;
  readonly createdAtMs: number;
}

export async function readSlots(queries: Queries): Promise<Slot[]> {
  const rows = await queries.all("SELECT * FROM vault_slots ORDER BY created_at_ms, id");
  return rows.map(slotOf);
}

export function slotOf(row: Row): Slot {
  const kind = SLOT_KINDS.find((kind) => kind === textOf(row, "kind"));
  if (!kind) {
    throw damaged(`the unlock slot ${textOf(row, "id")} is of an unknown kind`);
  }
  return {
    id: textOf(row, "id"),
    kind,
    generation: intOf(row, "generation"),
    parameters: textOf(row, "parameters"),
    publicKey: bytesOf(row, "public_key"),
    wrapped: bytesOf(row, "wrapped"),
    createdAtMs: intOf(row, "created_at_ms"),
  };
}

export function slotRow(slot: Slot): Row {
  return {
    id: slot.id,
    kind: slot.kind,
    generation: slot.generation,
    parameters: slot.parameters,
    public_key: slot.publicKey,
    wrapped: slot.wrapped,
    created_at_ms: slot.createdAtMs,
  };
}
