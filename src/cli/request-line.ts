import type * as requests from "../control/operations/requests.ts";
import { shortTime } from "./output.ts";

type RequestDocument = Awaited<ReturnType<typeof requests.list.run>>["items"][number];

/** One request as `requests tail` tells it. */
export function requestLine(item: RequestDocument): string {
  return [
    shortTime(item.startedAt),
    item.status ?? item.end ?? "",
    item.modelAnswered ?? item.modelRequested ?? "",
    `${item.inputTokens ?? "?"} in`,
    `${item.outputTokens ?? "?"} out`,
    item.costUsd === null ? "unpriced" : `$${item.costUsd}${item.estimated ? " (estimated)" : ""}`,
    `${item.durationMs ?? "?"} ms`,
    item.virtualKey,
    item.requestId,
  ].join("  ");
}
