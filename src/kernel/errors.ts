/**
 * The one error type that users meet. A code is stable and documented; its row in {@link ERROR_CODES} gives the
 * HTTP status of the gateway and the control API and the exit code of the CLI.
 */
export const ERROR_CODES = {
  // Input and state of the caller
  usage: { http: 400, exit: 2 },
  invalid_input: { http: 400, exit: 2 },
  secret_in_argument: { http: 400, exit: 2 },
  not_found: { http: 404, exit: 3 },
  already_exists: { http: 409, exit: 1 },
  ambiguous_name: { http: 409, exit: 2 },
  conflict: { http: 409, exit: 1 },
  denied: { http: 403, exit: 5 },
  unauthenticated: { http: 401, exit: 5 },
  confirmation_needed: { http: 403, exit: 5 },
  cancelled: { http: 499, exit: 1 },
  // The machine and the store
  insecure_permissions: { http: 500, exit: 1 },
  newer_format: { http: 500, exit: 1 },
  corrupt: { http: 500, exit: 1 },
  damaged_file: { http: 409, exit: 1 },
  rolled_back: { http: 500, exit: 1 },
  store_unavailable: { http: 503, exit: 1 },
  storage_full: { http: 503, exit: 1 },
  address_in_use: { http: 500, exit: 1 },
  not_running: { http: 503, exit: 1 },
  time_limit: { http: 504, exit: 1 },
  unsupported: { http: 501, exit: 1 },
  internal: { http: 500, exit: 1 },
  // The vault
  vault_locked: { http: 503, exit: 4 },
  no_usable_slot: { http: 503, exit: 4 },
  wrong_passphrase: { http: 403, exit: 4 },
  // Provider keys
  key_refused: { http: 422, exit: 6 },
  destination_refused: { http: 403, exit: 5 },
  // The data plane (contract: own HTTP errors)
  invalid_virtual_key: { http: 401, exit: 5 },
  not_allowed: { http: 403, exit: 5 },
  ambiguous_connection: { http: 400, exit: 2 },
  no_connection: { http: 400, exit: 3 },
  ambiguous_body: { http: 400, exit: 2 },
  bad_path: { http: 400, exit: 2 },
  budget_exceeded: { http: 402, exit: 5 },
  not_boundable: { http: 400, exit: 5 },
  rate_limited: { http: 429, exit: 5 },
  too_large: { http: 413, exit: 2 },
  overloaded: { http: 503, exit: 1 },
  unknown_host: { http: 421, exit: 2 },
  provider_unreachable: { http: 502, exit: 1 },
  budget_unavailable: { http: 503, exit: 1 },
  restore_unconfirmed: { http: 503, exit: 1 },
  control_stale: { http: 503, exit: 1 },
} as const satisfies Record<string, { http: number; exit: number }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AppErrorOptions {
  /** What the user can do about it, as one sentence or one command. */
  hint?: string | undefined;
  /** True when the same call may succeed later without any change. */
  retryable?: boolean;
  /** Small machine-readable facts (names, sizes, times); never contents of a secret or of a request. */
  details?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
  /** For the log only. */
  cause?: unknown;
}

/** An error with a message that is fit for the user: it names things and sizes, never contents. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: AppErrorOptions["details"];

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** Wraps anything thrown; what is not an {@link AppError} becomes `internal` with its text kept as the cause only. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", "something went wrong inside Ownkey", {
    hint: "run again with OWNKEY_LOG=debug and look at the log",
    cause: error,
  });
}

/** The error's wire form: `--json` on stderr and the control API. */
export function errorDocument(error: AppError): {
  error: { code: string; message: string; hint?: string; details?: AppErrorOptions["details"] };
} {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  };
}
