import { AppError } from "../kernel/index.ts";
import type { Verdict } from "../providers/index.ts";

/**
 * Why no answer came, in words that help; never a verdict on the key. The error's own text is not repeated: it may
 * hold addresses of a proxy, or headers.
 */
export function unreachableVerdict(error: unknown, limitMs: number): Verdict {
  const reason = error instanceof AppError ? error.message : reasonOf(error, limitMs);
  return {
    name: "unreachable",
    explanation: `The provider could not be reached: ${reason}. This says nothing about the key.`,
    retryable: true,
  };
}

function reasonOf(error: unknown, limitMs: number): string {
  const mark = [nameOf(error), codeOf(error)].join(" ");
  return (
    REASONS.find(([pattern]) => pattern.test(mark))?.[1] ??
    (/TimeoutError|AbortError/.test(mark) ? tooSlow(limitMs) : "the connection failed")
  );
}

/** Names and codes of Bun and Node, loosely: they differ between versions. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN|DNS/i, "its name is not found"],
  [/ECONNREFUSED|ConnectionRefused/i, "nothing listens there"],
  [/ECONNRESET|ConnectionClosed|EPIPE|SocketClosed/i, "the connection was cut"],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|SSL/i, "its certificate is not trusted on this machine"],
  [/ENETUNREACH|EHOSTUNREACH|ENETDOWN|FailedToOpenSocket/i, "there is no way to it from this machine"],
  [/ETIMEDOUT|ConnectTimeout/i, "it does not answer"],
];

function tooSlow(limitMs: number): string {
  return `it did not answer within ${limitMs / 1000} s`;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  const cause = error instanceof Error && error.cause instanceof Error ? codeOf(error.cause) : "";
  return typeof code === "string" ? `${code} ${cause}` : cause;
}
