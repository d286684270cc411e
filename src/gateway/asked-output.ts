import type { RouteRule } from "../providers/index.ts";
import type { ScannedJson } from "./json-scan.ts";

type Kind = RouteRule["kind"];

/**
 * The members in which each kind of route takes its output limit. A member of another kind limits nothing: servers
 * that do not know it pass over it, and a caller could talk its reservation down with it.
 */
const LIMITS: Partial<Record<Kind, readonly string[]>> = {
  chat: ["max_completion_tokens", "max_tokens"],
  completions: ["max_tokens"],
  responses: ["max_output_tokens"],
  messages: ["max_tokens"],
  generate: ["generation_config.max_output_tokens"],
};

/** In tokens for each answer; `null` = the model's own. Of two limits the larger: which one holds is the server's choice. */
export function outputLimitOf(kind: Kind, scanned: ScannedJson | undefined): number | null {
  let largest: number | null = null;
  for (const name of LIMITS[kind] ?? []) {
    const limit = scanned?.count(name);
    if (limit !== undefined) largest = Math.max(limit, largest ?? 0);
  }
  return largest;
}

/** How many answers are asked for at once. */
export function choicesOf(kind: Kind, scanned: ScannedJson | undefined): number {
  const name = kind === "generate" ? "generation_config.candidate_count" : "n";
  return scanned?.count(name) ?? 1;
}
