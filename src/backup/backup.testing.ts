import { Database } from "bun:sqlite";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Act, Perform } from "../access/index.ts";
import type { AuditedTx } from "../audit/index.ts";
import { AppError, type Clock, Secret } from "../kernel/index.ts";
import { createBackup, type CreateBackupOptions } from "./create.ts";
import { restoreBackup, type RestoreBackupOptions } from "./restore.ts";

export const PASSPHRASE = new Secret("correct horse battery staple");
export const SCHEMA_VERSION = 3;
export const NOW_MS = Date.UTC(2026, 10, 23, 12);

export const fixedClock: Clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ownkey-backup-"));
  chmodSync(folder, 0o700);
  return folder;
}

/** A home like a used one: two databases in WAL mode, plain files, and what must not be backed up. */
export function makeHome(home: string, rows = 20): void {
  mkdirSync(join(home, "ledger"), { recursive: true, mode: 0o700 });
  mkdirSync(join(home, "prices"), { mode: 0o700 });
  mkdirSync(join(home, "log"), { mode: 0o700 });
  makeDatabase(join(home, "control.db"), rows);
  makeDatabase(join(home, "ledger/node_a.db"), rows);
  writeFileSync(join(home, "config.jsonc"), "{ /* mine */ }\n");
  writeFileSync(join(home, "unlock-slot_1.key"), Buffer.alloc(64, 7));
  writeFileSync(join(home, "epoch"), "12\n");
  writeFileSync(join(home, "prices/local.json"), "{}\n");
  writeFileSync(join(home, "log/ownkey.log"), "a log line\n");
  writeFileSync(join(home, "up.lock"), "");
  writeFileSync(join(home, ".config.jsonc.1.tmp"), "half");
}

export const HOME_FILES = [
  "config.jsonc",
  "epoch",
  "prices/local.json",
  "unlock-slot_1.key",
  "ledger/node_a.db",
  "control.db",
];

function makeDatabase(path: string, rows: number): void {
  const database = new Database(path, { create: true });
  database.run("PRAGMA journal_mode=WAL");
  database.run("CREATE TABLE entry (id INTEGER PRIMARY KEY, note TEXT NOT NULL)");
  database.transaction(() => {
    for (let id = 1; id <= rows; id++) database.run("INSERT INTO entry VALUES (?, ?)", [id, `note ${id}`]);
  })();
  database.close();
}

export function readEntries(path: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.query("SELECT id, note FROM entry ORDER BY id").all();
  } finally {
    database.close();
  }
}

/** A `perform` that records what it was asked and always allows. */
export function recordingPerform(): { perform: Perform; acts: Act[] } {
  const acts: Act[] = [];
  const perform: Perform = async (_caller, act, work) => {
    acts.push(act);
    return work({} as AuditedTx);
  };
  return { perform, acts };
}

/** Backs up with cheap scrypt and test defaults. */
export function backUp(
  options: Pick<CreateBackupOptions, "home" | "target"> & Partial<CreateBackupOptions>,
): ReturnType<typeof createBackup> {
  return createBackup({
    to: { passphrase: PASSPHRASE },
    caller: { kind: "cli", user: "ada" },
    perform: recordingPerform().perform,
    about: {
      engine: "sqlite",
      ownkeyVersion: "0.1.0",
      vaultId: "vault_test",
      schemaVersion: SCHEMA_VERSION,
      slots: [{ kind: "keychain" }, { kind: "key_file" }],
    },
    clock: fixedClock,
    scryptWorkFactor: 2,
    ...options,
  });
}

export function restore(
  options: Pick<RestoreBackupOptions, "file" | "home"> & Partial<RestoreBackupOptions>,
): ReturnType<typeof restoreBackup> {
  return restoreBackup({
    with: { passphrase: PASSPHRASE },
    replace: false,
    schemaVersion: SCHEMA_VERSION,
    clock: fixedClock,
    ...options,
  });
}

/** Every file below a folder with its content, by name: to see that nothing changed. */
export function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(
    names.map((path) => [path.slice(folder.length + 1), Bun.hash(readFileSync(path)).toString(16)]),
  );
}

/** The code that the work fails with, or `"ok"`; anything but an {@link AppError} is not caught. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
