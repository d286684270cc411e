import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncDir, writeDurable } from "../files/index.ts";
import { AppError, numberAt, parseJson, stringAt } from "../kernel/index.ts";

export const RESTORED_NAME = "restored";

/**
 * A file in the home that says: this state came out of a backup and nobody has confirmed it yet. While it is there
 * the database may be older than the rollback anchors know, virtual keys revoked since may be valid again, and
 * budgets do not know what was spent.
 */
export interface Restored {
  readonly restoredAtMs: number;
  readonly backupCreatedAtMs: number;
  readonly vaultId: string;
}

export function markRestored(home: string, { restoredAtMs, backupCreatedAtMs, vaultId }: Restored): void {
  const text = JSON.stringify({ format: 1, restoredAtMs, backupCreatedAtMs, vaultId });
  writeDurable(join(home, RESTORED_NAME), `${text}\n`);
}

/** The mark of an unconfirmed restore, or `undefined`. @throws AppError `corrupt` when the mark cannot be read. */
export function readRestored(home: string): Restored | undefined {
  const text = readIfPresent(join(home, RESTORED_NAME));
  if (text === undefined) return undefined;
  const document = parseJson(text);
  const restoredAtMs = numberAt(document, "restoredAtMs");
  const backupCreatedAtMs = numberAt(document, "backupCreatedAtMs");
  const vaultId = stringAt(document, "vaultId");
  if (restoredAtMs === undefined || backupCreatedAtMs === undefined || vaultId === undefined) {
    throw new AppError("corrupt", `${join(home, RESTORED_NAME)} does not say what was restored`, {
      hint: "restore the backup again",
    });
  }
  return { restoredAtMs, backupCreatedAtMs, vaultId };
}

/** To be called after the confirmation was recorded in the database. */
export function clearRestored(home: string): void {
  rmSync(join(home, RESTORED_NAME), { force: true });
  syncDir(home);
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
