import { AppError } from "../kernel/index.ts";
import type { AttemptEnd } from "../ledger/index.ts";

/** What the caller is told of an attempt that brought no answer. `details.sent` says whether anything had left. */
export function failureAnswer(end: AttemptEnd, connection: string, cause: unknown): AppError {
  if (end === "client_gone") return new AppError("cancelled", "the caller went away", { cause });
  if (end === "budget_ended") {
    return new AppError("budget_exceeded", "a soft budget ended while the answer came", { cause });
  }
  if (end === "time_limit") {
    return new AppError("time_limit", `the provider of connection "${connection}" did not answer in time`, {
      hint: "try again, or raise the gateway's time limits",
      retryable: true,
      cause,
    });
  }
  const never = end === "unreachable";
  const what = never ? "could not be reached" : "broke off before it answered";
  return new AppError("provider_unreachable", `the provider of connection "${connection}" ${what}`, {
    hint: never
      ? "check the network, the provider's status page and the connection's base URL"
      : "it may have done the work all the same: the request counts at its full reservation",
    retryable: true,
    details: { sent: !never },
    cause,
  });
}
