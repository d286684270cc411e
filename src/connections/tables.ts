import { AppError } from "../kernel/index.ts";
import type { Queries, Tx, Value } from "../store/index.ts";
import type { Exposure } from "./connection.ts";
import { type ConnectionRecord, connectionRecordOf, type KeyRecord, keyRecordOf } from "./records.ts";

/** All statements on `connections` and `provider_keys`; nothing here checks a MAC. */

export async function connectionRows(queries: Queries): Promise<ConnectionRecord[]> {
  return (await queries.all("SELECT * FROM connections WHERE removed = 0 ORDER BY id")).map(
    connectionRecordOf,
  );
}

export async function connectionRow(
  queries: Queries,
  id: string,
  lock = "",
): Promise<ConnectionRecord | undefined> {
  const row = await queries.get(`SELECT * FROM connections WHERE id = ? AND removed = 0${lock}`, [id]);
  return row && connectionRecordOf(row);
}

/** Removed ones too: their vault state says so, and reports still name them. */
export async function keyRows(queries: Queries, connectionId?: string): Promise<KeyRecord[]> {
  const where = connectionId === undefined ? "" : "WHERE connection_id = ?";
  const params = connectionId === undefined ? [] : [connectionId];
  return (await queries.all(`SELECT * FROM provider_keys ${where} ORDER BY id`, params)).map(keyRecordOf);
}

export async function keyRow(queries: Queries, id: string, lock = ""): Promise<KeyRecord | undefined> {
  const row = await queries.get(`SELECT * FROM provider_keys WHERE id = ?${lock}`, [id]);
  return row && keyRecordOf(row);
}

/** @throws AppError `already_exists`. */
export async function insertConnection(tx: Tx, record: ConnectionRecord): Promise<void> {
  await insert(tx, "connections", record.name, {
    id: record.id,
    name: record.name,
    provider: record.provider,
    preset: record.preset,
    settings: record.settingsText,
    created_at_ms: record.createdAtMs,
    mac: record.mac,
    removed: 0,
  });
}

/** Name and settings. @throws AppError `already_exists`. */
export async function updateConnection(tx: Tx, record: ConnectionRecord): Promise<void> {
  const { id, name } = record;
  const other = await tx.get("SELECT id FROM connections WHERE name = ? AND id <> ? AND removed = 0", [
    name,
    id,
  ]);
  if (other) throw nameTaken("connection", name);
  await tx.run("UPDATE connections SET name = ?, settings = ?, mac = ? WHERE id = ?", [
    name,
    record.settingsText,
    record.mac,
    id,
  ]);
}

export async function markConnectionRemoved(tx: Tx, id: string): Promise<void> {
  await tx.run("UPDATE connections SET removed = 1 WHERE id = ?", [id]);
}

/** @throws AppError `already_exists`. */
export async function insertKey(tx: Tx, record: KeyRecord): Promise<void> {
  await insert(tx, "provider_keys", record.name, {
    id: record.id,
    connection_id: record.connectionId,
    name: record.name,
    kind: record.kind,
    fingerprint: record.fingerprint,
    class: record.class,
    owner: record.owner,
    purpose: record.purpose,
    created_at_ms: record.createdAtMs,
    rotated_at_ms: record.rotatedAtMs,
    expires_at_ms: record.expiresAtMs,
    mac: record.mac,
    removed: 0,
    verdict: record.verdict,
    verdict_at_ms: record.verdictAtMs,
    last_used_at_ms: record.lastUsedAtMs,
  });
}

/** What may change under the MAC. @throws AppError `already_exists`. */
export async function updateKey(tx: Tx, record: KeyRecord): Promise<void> {
  const other = await tx.get(
    "SELECT id FROM provider_keys WHERE connection_id = ? AND name = ? AND id <> ? AND removed = 0",
    [record.connectionId, record.name, record.id],
  );
  if (other) throw nameTaken("key", record.name);
  await tx.run(
    `UPDATE provider_keys SET name = ?, fingerprint = ?, class = ?, owner = ?, purpose = ?, rotated_at_ms = ?,
     expires_at_ms = ?, mac = ? WHERE id = ?`,
    [
      record.name,
      record.fingerprint,
      record.class,
      record.owner,
      record.purpose,
      record.rotatedAtMs,
      record.expiresAtMs,
      record.mac,
      record.id,
    ],
  );
}

export async function markKeyRemoved(tx: Tx, id: string): Promise<void> {
  await tx.run("UPDATE provider_keys SET removed = 1 WHERE id = ?", [id]);
}

export async function writeVerdict(tx: Tx, id: string, verdict: string, atMs: number | null): Promise<void> {
  await tx.run("UPDATE provider_keys SET verdict = ?, verdict_at_ms = ? WHERE id = ?", [verdict, atMs, id]);
}

/** Of the value in use; an empty list when that is a new one. */
export async function writeExposure(tx: Tx, id: string, exposed: readonly Exposure[]): Promise<void> {
  const text = exposed.length === 0 ? null : exposed.join(" ");
  await tx.run("UPDATE provider_keys SET exposed = ? WHERE id = ?", [text, id]);
}

/** Not protected and not audited; a time never goes back. */
export async function writeLastUsed(tx: Tx, id: string, atMs: number): Promise<void> {
  await tx.run(
    `UPDATE provider_keys SET last_used_at_ms = ?
     WHERE id = ? AND (last_used_at_ms IS NULL OR last_used_at_ms < ?)`,
    [atMs, id, atMs],
  );
}

export function nameTaken(what: "connection" | "key", name: string): AppError {
  return new AppError("already_exists", `there is already a ${what} named "${name}"`, {
    hint:
      what === "key"
        ? "give it another name with --name, or put a new value in its place: ownkey keys replace REF"
        : "choose another name with --connection NAME",
  });
}

async function insert(
  tx: Tx,
  table: string,
  name: string,
  row: Readonly<Record<string, Value>>,
): Promise<void> {
  const columns = Object.keys(row);
  const inserted = await tx.run(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
     ON CONFLICT DO NOTHING`,
    Object.values(row),
  );
  if (inserted === 0) throw nameTaken(table === "connections" ? "connection" : "key", name);
}
