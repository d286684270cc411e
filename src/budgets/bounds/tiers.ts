import { isOpenaiItself } from "./limit-places.ts";
import type { BoundRequest } from "./request.ts";
import type { Tally } from "./tally.ts";

/** Tiers that OpenAI may answer in when the request leaves it to the project's settings. */
const ANY_OPENAI_TIER = ["default", "priority", "fast"];

/**
 * The tiers and places that an answer may turn out to have, by the names that prices are found under. A tier below
 * the standard one is counted as the standard one: the provider may give more than was asked for.
 */
export function tiersAndPlaces(
  { kind, provider, preset }: BoundRequest,
  tally: Tally,
): { tiers: readonly string[]; places: readonly string[] } {
  const text = (name: "tier" | "speed" | "place") => {
    const node = tally.kept.get(name);
    if (node === undefined) return undefined;
    const value = tally.tree.text(node);
    // Google takes a number for the name that it stands for.
    if (value === undefined) tally.refuse(node.path, "is not a text");
    return value?.toLowerCase() ?? "";
  };
  const tier = text("tier");
  const place = text("place");
  if (kind === "messages") {
    const tiers = text("speed") === "fast" ? ["standard", "fast"] : ["standard"];
    // Left out, it is whatever the workspace is set to; "us" is the dearest.
    return { tiers, places: place === "global" ? [] : ["us"] };
  }
  if (kind === "generate") return { tiers: tier === undefined ? [] : [geminiTier(tier)], places: [] };
  // Other servers have no tiers that a price is known for.
  if (!isOpenaiItself(provider, preset)) {
    if (tier !== undefined && !PLAIN_TIERS.has(tier)) tally.refuse("service_tier", "has no known price here");
    return { tiers: [], places: [] };
  }
  return { tiers: tier === undefined || tier === "auto" ? ANY_OPENAI_TIER : [tier], places: [] };
}

const PLAIN_TIERS: ReadonlySet<string> = new Set(["auto", "default", "on_demand", "flex"]);

/** `SERVICE_TIER_PRIORITY`, `priority`. */
function geminiTier(tier: string): string {
  return tier.replace(/^service_tier_/, "").replace(/^unspecified$/, "standard");
}
