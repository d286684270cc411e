import { AppError, type AppErrorOptions } from "../kernel/index.ts";

// Errors that several files of the vault give, in the same words.

export function isLocked(): AppError {
  return new AppError("vault_locked", "the vault is locked", { hint: "unlock it with: ownkey unlock" });
}

/** The keys in memory are those of before a re-keying. */
export function keysChanged(): AppError {
  return new AppError("vault_locked", "the keys of the vault were changed by another process", {
    hint: "unlock again: ownkey unlock",
    retryable: true,
  });
}

export function damaged(message: string, details?: AppErrorOptions["details"]): AppError {
  return new AppError("corrupt", message, {
    hint: "restore a backup with: ownkey backup restore FILE",
    ...(details === undefined ? {} : { details }),
  });
}

export function noSuchSlot(id: string): AppError {
  return new AppError("not_found", `there is no unlock slot ${id}`, { hint: "see: ownkey slots list" });
}
