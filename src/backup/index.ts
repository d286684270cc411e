export * from "./create.ts";
export { finishRestore } from "./home-swap.ts";
export type { OnProgress, Progress } from "./progress.ts";
export * from "./restore.ts";
export { clearRestored, readRestored, type Restored } from "./restored.ts";
export type { OpenWith, SealTo } from "./seal.ts";
export * from "./verify.ts";
export type { BackupWarning, SlotSummary } from "./warnings.ts";
export { removeStaleCopies } from "./staging.ts";
