import type { Dialect } from "../providers/index.ts";
import type { RequestHeaders } from "./request-headers.ts";
import { isGeminiPath, type Target } from "./target.ts";

/** The wire format that the caller speaks, by its marks: the header first, then the path, else OpenAI's. */
export function dialectOf(headers: RequestHeaders, target: Target): Dialect {
  if (headers["anthropic-version"] !== undefined) return "anthropic";
  if (headers["x-goog-api-key"] !== undefined || target.queryKey !== null) return "google";
  return dialectOfPath(target.path);
}

function dialectOfPath(path: string): Dialect {
  if (path === "/v1/messages" || path.startsWith("/v1/messages/")) return "anthropic";
  return isGeminiPath(path) ? "google" : "openai";
}
