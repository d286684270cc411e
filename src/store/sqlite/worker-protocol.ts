/** What the main thread and the SQLite worker say to each other: one answer per call, by number. */
import { AppError, type AppErrorOptions, type ErrorCode, toAppError } from "../../kernel/index.ts";
import type { Row, Value } from "../store.ts";

export type WorkerCall =
  | { readonly kind: "open"; readonly path: string; readonly busyTimeoutMs: number }
  /** Outside any transaction. */
  | { readonly kind: "read"; readonly sql: string; readonly params: readonly Value[] }
  | { readonly kind: "begin" | "commit" | "rollback" | "close" }
  /** In the open transaction. */
  | { readonly kind: "all" | "run"; readonly sql: string; readonly params: readonly Value[] };

export interface WorkerRequest {
  readonly number: number;
  readonly call: WorkerCall;
}

export type WorkerAnswer = { readonly number: number } & (
  | { readonly result: readonly Row[] | number | undefined }
  | { readonly error: WireError }
);

/** An `AppError` in a form that passes between threads; the cause only as text. */
interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: AppErrorOptions["details"];
  readonly cause: string | undefined;
}

export function toWire(thrown: unknown): WireError {
  const { code, message, hint, retryable, details, cause } = toAppError(thrown);
  return { code, message, hint, retryable, details, cause: causeText(cause) };
}

function causeText(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}

export function fromWire({ code, message, hint, retryable, details, cause }: WireError): AppError {
  return new AppError(code, message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined ? {} : { cause }),
  });
}
