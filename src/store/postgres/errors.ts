import { SQL } from "bun";
import { AppError, type AppErrorOptions } from "../../kernel/index.ts";

/** Lost a race that the same transaction may win when it starts anew. */
const LOST_RACE = /^(?:40001|40P01)$/;
/** Waited for a lock, or worked, as long as is allowed. */
const TIMED_OUT = /^(?:55P03|57014)$/;
/** Connection refused or lost, server starting or stopping, no connection free, left idle too long. */
const NO_CONNECTION =
  /^(?:08...|57P0[1-5]|53300|25P0[34]|TimeoutError|ERR_POSTGRES_(?:CONNECTION|IDLE|LIFETIME|TLS)\w*)$/;
const REFUSED_LOGIN =
  /^(?:28...|3D000|42501|ERR_POSTGRES_(?:AUTHENTICATION|CHANNEL_BINDING|SASL|UNSUPPORTED_AUTHENTICATION|UNKNOWN_AUTHENTICATION)\w*)$/;

/** True when nothing was committed and the whole transaction may be tried again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return LOST_RACE.test(code) || NO_CONNECTION.test(code);
}

/** True when the server has said itself that it rolled back, rather than fallen silent. */
export function isLostRace(error: unknown): boolean {
  return LOST_RACE.test(codeOf(error));
}

/**
 * What PostgreSQL or the driver reported, as the error that callers of the store are promised. Only codes and names
 * of the schema are kept: the server's texts quote values, and the driver's may name the address.
 */
export function postgresError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const options: AppErrorOptions = {
    cause: new Error(`PostgreSQL: ${code === "" ? "unknown error" : code}`),
  };
  if (LOST_RACE.test(code) || TIMED_OUT.test(code)) {
    return new AppError("store_unavailable", "other transactions keep the PostgreSQL database busy", {
      ...options,
      hint: "try again; if it stays, look for a transaction that hangs in pg_stat_activity",
      retryable: true,
    });
  }
  if (NO_CONNECTION.test(code)) {
    return new AppError("store_unavailable", `the PostgreSQL database cannot be reached (${code})`, {
      ...options,
      hint: "check that the server of OWNKEY_DATABASE_URL runs and accepts connections from here",
      retryable: true,
    });
  }
  if (REFUSED_LOGIN.test(code)) {
    return new AppError("store_unavailable", `the PostgreSQL server refuses us (${code})`, {
      ...options,
      hint: "check user, password, database name and rights of OWNKEY_DATABASE_URL",
    });
  }
  if (/^53[12]00$/.test(code)) {
    return new AppError("storage_full", "the PostgreSQL server has no room left", {
      ...options,
      hint: "free some space on the server and try again",
      retryable: true,
    });
  }
  if (/^(?:XX00[12]|58...)$/.test(code)) {
    return new AppError("corrupt", `the PostgreSQL database is damaged (${code})`, {
      ...options,
      hint: "restore a backup with: ownkey backup restore FILE",
    });
  }
  if (code.startsWith("23")) {
    const constraint = error instanceof SQL.PostgresError ? error.constraint : undefined;
    return new AppError("conflict", `the database refused a change: ${constraint ?? code}`, options);
  }
  return new AppError("internal", "the database refused a statement", options);
}

/** The commit was sent and nothing came back: it may or may not have happened. */
export function unknownOutcome(error: unknown): AppError {
  return new AppError("store_unavailable", "the connection was lost during a commit: it may have happened", {
    hint: "look whether the change was made before trying again",
    cause: postgresError(error),
  });
}

/** The server's SQLSTATE, else the driver's own code, else the error's name. */
function codeOf(error: unknown): string {
  if (error instanceof SQL.PostgresError) return error.errno ?? error.code;
  // A DOMException has a code too, but a number.
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : nameOf(error);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
