import { AppError } from "../kernel/index.ts";
import type { Dialect } from "../providers/index.ts";
import { rateHeaders } from "./rate-headers.ts";

export const REQUEST_ID_HEADER = "x-ownkey-request-id";

/** Where the official SDKs look for the id that they show with an error; Google's look nowhere. */
const SDK_REQUEST_ID_HEADERS: Readonly<Partial<Record<Dialect, string>>> = {
  openai: "x-request-id",
  anthropic: "request-id",
};

/** Errors of this machine, whose messages name its files: for the owner's log, not for whoever holds a virtual key. */
const OF_THIS_MACHINE: ReadonlySet<string> = new Set([
  "storage_full",
  "store_unavailable",
  "corrupt",
  "rolled_back",
  "insecure_permissions",
  "newer_format",
]);

/** True when the owner should read what the caller is not told. */
export function isOfThisMachine(error: AppError): boolean {
  return OF_THIS_MACHINE.has(error.code);
}

/** The error as callers may see it. */
export function forCaller(error: AppError): AppError {
  if (!isOfThisMachine(error)) return error;
  const isFull = error.code === "storage_full";
  const what = isFull ? "has no room left on its disk for the request" : "has a problem with its own storage";
  return new AppError(error.code, `this gateway ${what}`, {
    hint: isFull ? "free some space there" : "its owner finds the reason in its log",
    retryable: error.retryable,
    cause: error,
  });
}

/** Ownkey's own error as an HTTP answer in the caller's dialect, so that its SDK raises what it always raises. */
export function errorResponse(error: AppError, dialect: Dialect, requestId: string, nowMs: number): Response {
  const status = error.httpStatus;
  const message = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox",
    [REQUEST_ID_HEADER]: requestId,
  };
  const forSdk = SDK_REQUEST_ID_HEADERS[dialect];
  if (forSdk !== undefined) headers[forSdk] = requestId;
  // The SDKs of OpenAI and Anthropic read this before they look at the status.
  if (!error.retryable) headers["x-should-retry"] = "false";
  const retryAfterMs = error.details?.["retryAfterMs"];
  if (typeof retryAfterMs === "number") headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
  if (status === 429) Object.assign(headers, rateHeaders(error, dialect, nowMs));
  return new Response(JSON.stringify(ENVELOPES[dialect](error, message, requestId)), { status, headers });
}

type Envelope = (error: AppError, message: string, requestId: string) => object;

const ENVELOPES: Readonly<Record<Dialect, Envelope>> = {
  openai: (error, message) => ({
    error: { message, type: openAiType(error.httpStatus), param: null, code: error.code, ...extra(error) },
  }),
  anthropic: (error, message, requestId) => ({
    type: "error",
    error: { type: anthropicType(error.httpStatus), message, code: error.code, ...extra(error) },
    request_id: requestId,
  }),
  google: (error, message) => ({
    error: {
      code: error.httpStatus,
      message,
      status: googleStatus(error.httpStatus),
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: error.code,
          domain: "ownkey",
          ...(error.details === undefined ? {} : { metadata: asTexts(error.details) }),
        },
        ...retryInfo(error),
      ],
    },
  }),
};

function extra(error: AppError): object {
  return error.details === undefined ? {} : { details: error.details };
}

/** Google's way to say how long to wait. */
function retryInfo({ details }: AppError): object[] {
  const retryAfterMs = details?.["retryAfterMs"];
  if (typeof retryAfterMs !== "number") return [];
  const retryDelay = `${Math.ceil(retryAfterMs / 1000)}s`;
  return [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }];
}

/** `metadata` of Google's ErrorInfo holds texts only. */
function asTexts(details: NonNullable<AppError["details"]>): Record<string, string> {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)]));
}

function openAiType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

function anthropicType(status: number): string {
  const types: Readonly<Record<number, string>> = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
  };
  return types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}

function googleStatus(status: number): string {
  const names: Readonly<Record<number, string>> = {
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
  };
  return names[status] ?? (status < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
}

/** What a virtual key may not do; `what` tells the rule that refused. */
export function notAllowed(
  what: "model" | "path" | "address" | "region",
  message: string,
  hint: string,
): AppError {
  return new AppError("not_allowed", message, { hint, details: { what } });
}
