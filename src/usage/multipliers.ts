import type { ProviderId } from "../providers/index.ts";

/** A factor on all token prices of a request, by the tier or place that the answer names. */
export interface Multiplier {
  readonly providers: readonly ProviderId[];
  readonly kind: "tier" | "geo";
  /** As answered, in lower case: `flex`, `us`. */
  readonly name: string;
  readonly permille: bigint;
  readonly source: string;
  /** Model names it holds for; all when absent. Of several that fit, the first decides. */
  readonly models?: RegExp;
  /** UTC date from which it holds; from ever when absent. */
  readonly since?: string;
}

const OPENAI_PRICES = "https://platform.openai.com/docs/pricing";
const OPENAI_PRIORITY = "https://openai.com/api-priority-processing/";
const CLAUDE_PRICES = "https://platform.claude.com/docs/en/about-claude/pricing";
const CLAUDE_FAST = "https://platform.claude.com/docs/en/build-with-claude/fast-mode";
const GEMINI_TIERS = "https://ai.google.dev/gemini-api/docs/optimization";

const openai = tiersOf(["openai", "azure"]);
const claude = tiersOf(["anthropic"]);
const gemini = tiersOf(["google"]);

/**
 * Factors that the price lists do not have. Each names the page to check it against; where a model's own factor was
 * not to be found, the larger known one stands (a price may be too high, never too low). A tier that is neither here
 * nor standard has no known price.
 */
export const MULTIPLIERS: readonly Multiplier[] = [
  openai("batch", 500n, OPENAI_PRICES),
  openai("flex", 500n, OPENAI_PRICES),
  ...["priority", "fast"].flatMap((name) => [
    openai(name, 2500n, OPENAI_PRIORITY, /^gpt-5\.5\b/),
    openai(name, 1800n, OPENAI_PRIORITY, /^gpt-5-mini\b/),
    openai(name, 1750n, OPENAI_PRIORITY, /^gpt-4\.1\b/),
    openai(name, 2000n, OPENAI_PRIORITY),
  ]),
  claude("batch", 500n, CLAUDE_PRICES),
  // A commitment bought beforehand: its tokens count at the list price.
  claude("priority", 1000n, CLAUDE_PRICES),
  claude("fast", 6000n, CLAUDE_FAST, /^claude-opus-4[-.][67]\b/),
  claude("fast", 2000n, CLAUDE_FAST, /^claude-opus-(?:4[-.]8|5)\b/),
  {
    providers: ["anthropic"],
    kind: "geo",
    name: "us",
    permille: 1100n,
    source: CLAUDE_PRICES,
    models: /^claude-[a-z]+-(?:4[-.][6-9]|[5-9])\b/,
  },
  gemini("batch", 500n, GEMINI_TIERS),
  gemini("flex", 500n, GEMINI_TIERS),
  gemini("priority", 1800n, "https://ai.google.dev/gemini-api/docs/pricing", /^gemini-3\.[78]-flash\b/),
  // "75 % to 100 % more than standard": the upper end where no figure is told.
  gemini("priority", 2000n, GEMINI_TIERS),
];

/** Names of the tier that list prices are for, as the providers write it. */
export const STANDARD_TIERS: ReadonlySet<string> = new Set([
  "standard",
  "default",
  "auto",
  "on_demand",
  "scale",
  "provisioned_throughput",
]);

function tiersOf(providers: readonly ProviderId[]) {
  return (name: string, permille: bigint, source: string, models?: RegExp): Multiplier => ({
    providers,
    kind: "tier",
    name,
    permille,
    source,
    ...(models ? { models } : {}),
  });
}
