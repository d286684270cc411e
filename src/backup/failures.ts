import { AppError } from "../kernel/index.ts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG", "SQLITE_FULL"]);
const FORBIDDEN = new Set(["EACCES", "EPERM", "EROFS"]);

/** Runs the work; what the system or SQLite refuses becomes an error that says what was being done. */
export async function explained<T>(doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(doing, error);
  }
}

export function explain(doing: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = systemCode(error);
  if (code === undefined) throw error;
  if (FULL.has(code)) {
    return new AppError("storage_full", `no space left while ${doing}`, {
      hint: "free some space, or choose another disk, and run it again; nothing was changed",
      cause: error,
    });
  }
  if (FORBIDDEN.has(code)) {
    return new AppError("denied", `the system refused ${doing} (${code})`, { cause: error });
  }
  if (code === "ENOENT")
    return new AppError("not_found", `no such file or folder, while ${doing}`, { cause: error });
  if (code.startsWith("SQLITE_BUSY")) {
    return new AppError("store_unavailable", `a database stayed busy while ${doing}`, {
      hint: "try again; if it stays busy, look for a stopped ownkey process",
      retryable: true,
      cause: error,
    });
  }
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
    return new AppError("corrupt", `a database is damaged: ${doing}`, { cause: error });
  }
  return new AppError("internal", `it failed while ${doing} (${code})`, { cause: error });
}

/** `ENOSPC`, `SQLITE_FULL`, …; `undefined` for errors that did not come from the system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return /^(?:E[A-Z0-9]+|SQLITE_[A-Z_]+)$/.test(error.code) ? error.code : undefined;
}
