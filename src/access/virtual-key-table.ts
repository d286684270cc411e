import { AppError } from "../kernel/index.ts";
import { type Queries, type Row, textOf, type Tx, type Value } from "../store/index.ts";
import { recordOf, type VirtualKeyRecord } from "./virtual-key-record.ts";

/** All statements on `virtual_keys`; nothing here checks a MAC. */

const SEALED_COLUMNS = [
  "name",
  "hint",
  "token_hash",
  "previous_hash",
  "previous_until_ms",
  "generation",
  "created_at_ms",
  "expires_at_ms",
  "policy",
  "mac",
  "state",
] as const;

function sealedValues(record: VirtualKeyRecord): Value[] {
  return [
    record.name,
    record.hint,
    record.tokenHash,
    record.previousHash,
    record.previousUntilMs,
    record.generation,
    record.createdAtMs,
    record.expiresAtMs,
    record.policyText,
    record.mac,
    record.state,
  ];
}

/** @throws AppError `already_exists` when a key that is not revoked has the name. */
export async function insertRecord(tx: Tx, record: VirtualKeyRecord): Promise<void> {
  const columns = ["id", ...SEALED_COLUMNS];
  const inserted = await tx.run(
    `INSERT INTO virtual_keys (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
     ON CONFLICT DO NOTHING`,
    [record.id, ...sealedValues(record)],
  );
  if (inserted === 0) throw nameTaken(record.name);
}

/** @throws AppError `already_exists` when another key that is not revoked has the name. */
export async function updateRecord(tx: Tx, record: VirtualKeyRecord): Promise<void> {
  const assignments = SEALED_COLUMNS.map((column) => `${column} = ?`).join(", ");
  try {
    await tx.run(`UPDATE virtual_keys SET ${assignments} WHERE id = ?`, [...sealedValues(record), record.id]);
  } catch (error) {
    // The table's only rule that a change can break is that names are unique.
    throw error instanceof AppError && error.code === "conflict" ? nameTaken(record.name) : error;
  }
}

export async function recordById(
  queries: Queries,
  id: string,
  lock = "",
): Promise<VirtualKeyRecord | undefined> {
  const row = await queries.get(`SELECT * FROM virtual_keys WHERE id = ?${lock}`, [id]);
  return row && recordOf(row);
}

/** By the current hash, or the one before the last re-issue. */
export async function rowByHash(queries: Queries, hash: Uint8Array): Promise<Row | undefined> {
  return await queries.get("SELECT * FROM virtual_keys WHERE token_hash = ? OR previous_hash = ?", [
    hash,
    hash,
  ]);
}

/** Up to so many keys: those used last, the newest use first, then those never used, the newest first. */
export async function lastUsedRows(queries: Queries, most: number): Promise<Row[]> {
  const used = await queries.all(
    "SELECT * FROM virtual_keys WHERE last_used_at_ms IS NOT NULL ORDER BY last_used_at_ms DESC, id DESC LIMIT ?",
    [most],
  );
  if (used.length >= most) return used;
  const others = await queries.all(
    "SELECT * FROM virtual_keys WHERE last_used_at_ms IS NULL ORDER BY id DESC LIMIT ?",
    [most - used.length],
  );
  return [...used, ...others];
}

/** Every key, oldest first: ids sort by creation. */
export async function allRows(queries: Queries): Promise<Row[]> {
  return await queries.all("SELECT * FROM virtual_keys ORDER BY id");
}

export async function pageOfRows(queries: Queries, after: string, limit: number): Promise<Row[]> {
  return await queries.all("SELECT * FROM virtual_keys WHERE id > ? ORDER BY id LIMIT ?", [after, limit]);
}

export async function rowById(queries: Queries, id: string): Promise<Row | undefined> {
  return await queries.get("SELECT * FROM virtual_keys WHERE id = ?", [id]);
}

/**
 * The id that an id or a name stands for. A name means the key that has it now; only when there is none, the revoked
 * one that had it.
 * @throws AppError `not_found`, `ambiguous_name`.
 */
export async function idByReference(queries: Queries, reference: string): Promise<string> {
  const rows = await queries.all("SELECT id, state FROM virtual_keys WHERE id = ? OR name = ? ORDER BY id", [
    reference,
    reference,
  ]);
  const found = rows.map((row) => ({ id: textOf(row, "id"), state: textOf(row, "state") }));
  const [only, ...others] = pickMeant(found, reference);
  if (!only) {
    throw new AppError("not_found", `there is no virtual key "${shown(reference)}"`, {
      hint: "run: ownkey vk list",
    });
  }
  if (others.length === 0) return only.id;
  throw new AppError(
    "ambiguous_name",
    `${others.length + 1} virtual keys had the name "${shown(reference)}"`,
    {
      hint: `use an id: ${[only, ...others].map(({ id }) => id).join(", ")}`,
    },
  );
}

/** Not protected and not audited; a time never goes back. */
export async function writeLastUsed(tx: Tx, id: string, atMs: number): Promise<void> {
  await tx.run(
    `UPDATE virtual_keys SET last_used_at_ms = ?
     WHERE id = ? AND (last_used_at_ms IS NULL OR last_used_at_ms < ?)`,
    [atMs, id, atMs],
  );
}

/** At most one of them is not revoked. */
export async function recordsByName(queries: Queries, name: string): Promise<VirtualKeyRecord[]> {
  return (await queries.all("SELECT * FROM virtual_keys WHERE name = ?", [name])).map(recordOf);
}

type Candidate = { readonly id: string; readonly state: string };

function pickMeant(found: readonly Candidate[], reference: string): readonly Candidate[] {
  const byId = found.filter(({ id }) => id === reference);
  if (byId.length > 0) return byId;
  const current = found.filter(({ state }) => state !== "revoked");
  return current.length > 0 ? current : found;
}

/** A reference may be anything that was typed, a key by mistake included. */
function shown(reference: string): string {
  return /^[A-Za-z0-9._:@-]{1,64}$/.test(reference) && !reference.startsWith("sk-") ? reference : "…";
}

function nameTaken(name: string): AppError {
  return new AppError("already_exists", `there is already a virtual key named "${name}"`, {
    hint: `choose another name, or give it a new token with: ownkey vk reissue ${name}`,
  });
}
