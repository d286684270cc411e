import { type KeyFormat, PROVIDERS, type Provider } from "../../providers/index.ts";
import type { MarkedRule } from "../rule.ts";
import { marked } from "./marked.ts";
import { BASE62, BASE64URL, HEX, sample } from "./sample.ts";

/** What each format's samples are, after its mark; a format of `providers` without one fails the tests. */
const BODIES: Readonly<Record<string, (seed: number) => string>> = {
  "openai-project": openAiBody,
  "openai-service-account": openAiBody,
  "openai-admin": openAiBody,
  "openai-legacy": (seed) => `${sample(20, BASE62, seed)}${OPENAI_MARK}${sample(20, BASE62, seed + 9)}`,
  "anthropic-api": anthropicBody,
  "anthropic-admin": anthropicBody,
  "anthropic-enterprise-admin": (seed) => `${sample(93, BASE64URL, seed)}AA`,
  "anthropic-oauth-access": anthropicBody,
  "anthropic-oauth-refresh": anthropicBody,
  "google-standard": (seed) => sample(35, BASE64URL, seed),
  "google-auth": (seed) => `Ab8R${sample(46, BASE64URL, seed)}`,
  "google-oauth": (seed) => `a0A${sample(180, BASE64URL, seed)}`,
  groq: (seed) => sample(52, BASE62, seed),
  openrouter: (seed) => sample(64, HEX, seed),
  deepseek: (seed) => sample(32, HEX, seed),
  xai: (seed) => sample(80, BASE62, seed),
};

/** What follows the prefix in all keys that were seen; lengths change without notice, so nothing is refused by it. */
const OPENAI_BODIES = [
  [20, 20],
  [58, 58],
  [74, 74],
  [58, 74],
  [74, 58],
].map(([before, after]) => `[A-Za-z0-9_-]{${before}}T3BlbkFJ[A-Za-z0-9_-]{${after}}`);
const ANTHROPIC_BODIES = [String.raw`\d\d-[A-Za-z0-9_-]{93}AA`];
const WHOLE: Readonly<Record<string, readonly string[]>> = {
  "openai-project": OPENAI_BODIES,
  "openai-service-account": OPENAI_BODIES,
  "openai-admin": OPENAI_BODIES,
  "anthropic-api": ANTHROPIC_BODIES,
  "anthropic-admin": ANTHROPIC_BODIES,
  "anthropic-oauth-access": ANTHROPIC_BODIES,
  "anthropic-oauth-refresh": ANTHROPIC_BODIES,
  "google-standard": ["[A-Za-z0-9_-]{35}"],
  groq: ["[A-Za-z0-9]{52}"],
  openrouter: ["[0-9a-f]{64}"],
  xai: ["[A-Za-z0-9]{80}"],
};

const OPENAI_MARK = `T3Blbk${"FJ"}`;

/** The formats that the providers' own folders know. Azure's have no mark: see azure.ts. */
export const PROVIDER_RULES: readonly MarkedRule[] = PROVIDERS.flatMap((provider) =>
  provider.keyFormats.filter(({ prefix }) => prefix !== "").map((format) => ruleOf(provider, format)),
);

function ruleOf(provider: Provider, format: KeyFormat): MarkedRule {
  const { id, prefix, title, kind } = format;
  const secrets = () => [1, 2, 3].map((seed) => `${prefix}${BODIES[id]?.(seed) ?? ""}`);
  return marked({
    id,
    title,
    severity: kind === "admin" ? "critical" : "high",
    provider: provider.preset ?? provider.id,
    marks: [prefix],
    pattern: new RegExp(format.pattern.source.replace(/^\^|\$$/g, "")),
    ...(WHOLE[id] ? { whole: WHOLE[id].map((body) => new RegExp(prefix + body)) } : {}),
    ...(kind === "oauth" ? { fix: "sign out in the tool that holds it, and sign in again" } : {}),
    secrets,
    findsNothingIn: () => [
      `${prefix}${"x".repeat(60)}`,
      `${prefix}your-api-key-goes-here-please`,
      `${prefix}${sample(30, BASE62, 4)}...`,
      `a${secrets()[0] ?? ""}`,
    ],
  });
}

function openAiBody(seed: number): string {
  return `${sample(74, BASE64URL, seed)}${OPENAI_MARK}${sample(74, BASE64URL, seed + 9)}`.replace(/-$/, "A");
}

/** The two digits of the version, then 93 characters and `AA`. */
function anthropicBody(seed: number): string {
  return `03-${sample(93, BASE64URL, seed)}AA`;
}
