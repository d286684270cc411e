// Encryption brings a large library along: it is loaded with the first backup that is made or read, not with the program.
import type { BackupReport, CreateBackupOptions } from "./create.ts";
import type { RestoreBackupOptions, RestoreReport } from "./restore.ts";
import type { VerifiedBackup, VerifyBackupOptions } from "./verify.ts";

export type * from "./create.ts";
export { finishRestore } from "./home-swap.ts";
export type { OnProgress, Progress } from "./progress.ts";
export type * from "./restore.ts";
export { clearRestored, readRestored, type Restored } from "./restored.ts";
export type { OpenWith, SealTo } from "./seal.ts";
export { removeStaleCopies } from "./staging.ts";
export type * from "./verify.ts";
export type { BackupWarning, SlotSummary } from "./warnings.ts";

/** See create.ts. */
export async function createBackup(options: CreateBackupOptions): Promise<BackupReport> {
  return await (await import("./create.ts")).createBackup(options);
}

/** See restore.ts. */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoreReport> {
  return await (await import("./restore.ts")).restoreBackup(options);
}

/** See verify.ts. */
export async function verifyBackup(options: VerifyBackupOptions): Promise<VerifiedBackup> {
  return await (await import("./verify.ts")).verifyBackup(options);
}
