import type { Dialect } from "../providers/index.ts";
import { isGeminiPath, type Target } from "./target.ts";

/** The wire format that the caller speaks, by its marks: the header first, then the path, else OpenAI's. */
export function dialectOf(headers: Headers, target: Target): Dialect {
  if (headers.get("anthropic-version") !== null) return "anthropic";
  if (headers.get("x-goog-api-key") !== null || target.queryKey !== null) return "google";
  return dialectOfPath(target.path);
}

function dialectOfPath(path: string): Dialect {
  if (path === "/v1/messages" || path.startsWith("/v1/messages/")) return "anthropic";
  return isGeminiPath(path) ? "google" : "openai";
}
