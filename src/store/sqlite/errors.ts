import { AppError } from "../../kernel/index.ts";

/** True when another connection holds a lock that this statement needs: the same statement may succeed later. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED|PROTOCOL)/.test(codeOf(error));
}

/** What SQLite or the file system reported, as the error that callers of the store are promised. */
export function sqliteError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (isBusy(error)) return busyError(path, error);
  // SHMSIZE: no room to enlarge the shared index of the write-ahead log.
  if (/^(?:SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/.test(code)) {
    return new AppError("storage_full", `no room is left for the database ${path}`, {
      hint: "free some space on that disk and try again",
      retryable: true,
      cause: error,
    });
  }
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
    return new AppError("corrupt", `the database ${path} is damaged (${code})`, {
      hint: "restore a backup with: ownkey backup restore FILE",
      cause: error,
    });
  }
  if (/^(?:SQLITE_(?:IOERR|CANTOPEN|READONLY|PERM|AUTH|NOLFS)|E[A-Z]+$)/.test(code)) {
    return new AppError("store_unavailable", `the database ${path} cannot be used (${code})`, {
      hint: "check that the disk is there, healthy and writable for you",
      retryable: true,
      cause: error,
    });
  }
  if (code.startsWith("SQLITE_CONSTRAINT")) {
    return new AppError("conflict", `the database refused a change: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return new AppError("internal", "the database refused a statement", { cause: error });
}

export function busyError(path: string, cause?: unknown): AppError {
  return new AppError("store_unavailable", `another process keeps the database ${path} busy`, {
    hint: "end other ownkey processes that hang (a stopped one shows as T in ps), then try again",
    retryable: true,
    cause,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
