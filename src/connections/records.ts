import {
  AppError,
  canonicalJson,
  isJsonObject,
  type Json,
  lengthPrefixed,
  parseJson,
} from "../kernel/index.ts";
import { type ConnectionSettings, PROVIDER_IDS, VERDICTS } from "../providers/index.ts";
import { bytesOf, intOf, optionalIntOf, optionalTextOf, type Row, textOf } from "../store/index.ts";
import { type Connection, type Exposure, EXPOSURES, type ProviderKey } from "./connection.ts";

/** A row of `connections`, with its settings still as the text that the MAC covers. */
export interface ConnectionRecord extends Omit<Connection, "settings"> {
  readonly settingsText: string;
  readonly removed: boolean;
  readonly mac: Uint8Array;
}

/** A row of `provider_keys`; state and version are the vault's. */
export interface KeyRecord extends Omit<ProviderKey, "state" | "version" | "rotatedAtMs" | "exposed"> {
  readonly exposed: readonly Exposure[];
  readonly rotatedAtMs: number | null;
  readonly removed: boolean;
  readonly mac: Uint8Array;
}

export function connectionRecordOf(row: Row): ConnectionRecord {
  return {
    id: textOf(row, "id"),
    name: textOf(row, "name"),
    provider: oneOf(PROVIDER_IDS, textOf(row, "provider")),
    preset: optionalTextOf(row, "preset") ?? null,
    settingsText: textOf(row, "settings"),
    createdAtMs: intOf(row, "created_at_ms"),
    mac: bytesOf(row, "mac"),
    removed: intOf(row, "removed") !== 0,
  };
}

export function keyRecordOf(row: Row): KeyRecord {
  const keyClass = optionalTextOf(row, "class");
  return {
    id: textOf(row, "id"),
    connectionId: textOf(row, "connection_id"),
    name: textOf(row, "name"),
    kind: oneOf(["inference", "admin"] as const, textOf(row, "kind")),
    fingerprint: textOf(row, "fingerprint"),
    class: keyClass === undefined ? null : oneOf(["development", "production"] as const, keyClass),
    owner: optionalTextOf(row, "owner") ?? null,
    purpose: optionalTextOf(row, "purpose") ?? null,
    createdAtMs: intOf(row, "created_at_ms"),
    rotatedAtMs: optionalIntOf(row, "rotated_at_ms") ?? null,
    expiresAtMs: optionalIntOf(row, "expires_at_ms") ?? null,
    mac: bytesOf(row, "mac"),
    removed: intOf(row, "removed") !== 0,
    verdict: oneOf([...VERDICTS, "untested"] as const, textOf(row, "verdict")),
    verdictAtMs: optionalIntOf(row, "verdict_at_ms") ?? null,
    lastUsedAtMs: optionalIntOf(row, "last_used_at_ms") ?? null,
    exposed: wordsOf(optionalTextOf(row, "exposed")).map((word) => oneOf(EXPOSURES, word)),
  };
}

export function connectionContent(record: Omit<ConnectionRecord, "mac" | "removed">): Uint8Array {
  const { id, name, provider, preset, settingsText, createdAtMs } = record;
  return lengthPrefixed("ownkey connection 1", id, name, provider, preset ?? "", settingsText, createdAtMs);
}

export function keyContent(record: Omit<KeyRecord, "mac" | "removed">): Uint8Array {
  return lengthPrefixed(
    "ownkey provider key 1",
    record.id,
    record.connectionId,
    record.name,
    record.kind,
    record.fingerprint,
    record.class ?? "",
    record.owner ?? "",
    record.purpose ?? "",
    record.createdAtMs,
    record.rotatedAtMs ?? "",
    record.expiresAtMs ?? "",
  );
}

export function connectionOf(record: ConnectionRecord): Connection {
  const { id, name, provider, preset, settingsText, createdAtMs } = record;
  const settings = parseJson(settingsText);
  if (!isJsonObject(settings) || typeof settings["baseUrl"] !== "string") throw damaged();
  // Written by settingsTextOf from checked settings, and covered by the MAC.
  return { id, name, provider, preset, createdAtMs, settings: settings as unknown as ConnectionSettings };
}

export function settingsTextOf(settings: ConnectionSettings): string {
  return canonicalJson(settings as unknown as Json);
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? "").split(" ").filter((word) => word !== "");
}

function oneOf<const T extends string>(known: readonly T[], text: string): T {
  const found = known.find((candidate) => candidate === text);
  if (found === undefined) throw damaged();
  return found;
}

function damaged(): AppError {
  return new AppError("corrupt", "a connection or key record holds something unexpected", {
    hint: "run: ownkey audit verify; if it fails, restore a backup with: ownkey backup restore FILE",
  });
}
