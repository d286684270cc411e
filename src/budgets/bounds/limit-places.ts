/** Which output limits the providers keep to, by the provider's or preset's name. */
import type { ModelFamily } from "./models.ts";
import type { LimitPlace } from "./output-limit.ts";
import type { Source } from "./source.ts";

export interface ChatLimit {
  readonly members: LimitPlace["members"];
  /** `null`: not known to keep to it in every case; refused unless let through by the member's name. */
  readonly source: Source | null;
  readonly why?: string;
}

const OPENAI: Source = {
  text: "OpenAI API specification 2.3.0: an upper bound that includes visible output and reasoning tokens",
  date: "2026-08-21",
};
const AZURE: Source = {
  text: "as OpenAI's own; the dated route takes max_completion_tokens for models that reason, max_tokens for others",
  date: "2026-11-28",
  assumption: true,
};

const BY_NAME: Readonly<Record<string, ChatLimit>> = {
  openai: { members: ["max_completion_tokens", "max_tokens"], source: OPENAI },
  azure: { members: ["max_tokens", "max_completion_tokens"], source: AZURE },
  groq: {
    members: ["max_completion_tokens", "max_tokens"],
    source: {
      text: "https://console.groq.com/docs/api-reference: the maximum that can be generated; max_tokens is its old name",
      date: "2026-11-28",
    },
  },
  mistral: {
    members: ["max_tokens"],
    source: {
      text: "https://docs.mistral.ai/api: the maximum number of tokens to generate",
      date: "2026-11-28",
    },
  },
  deepseek: {
    members: ["max_tokens"],
    source: {
      text: "https://api-docs.deepseek.com/guides/reasoning_model: the maximum output, chain of thought included; versions of the page before May 2025 left it out",
      date: "2026-11-28",
      assumption: true,
    },
  },
  xai: {
    members: ["max_completion_tokens", "max_tokens"],
    source: null,
    why: "is not known to cover reasoning at xAI, which reports and charges it beside the completion",
  },
  openrouter: {
    members: ["max_tokens", "max_completion_tokens"],
    source: null,
    why: "is passed over by some of the providers that OpenRouter may choose",
  },
  google: {
    members: ["max_tokens", "max_completion_tokens"],
    source: null,
    why: "is not documented for Gemini's OpenAI-compatible routes; Gemini's own routes have a bound",
  },
};

const UNKNOWN: ChatLimit = {
  members: ["max_tokens", "max_completion_tokens"],
  source: null,
  why: "is not known to be kept to by this server",
};

/** For chat in OpenAI's format. Azure's deployments take one or the other member, by their model. */
export function chatLimit(name: string, family: ModelFamily | undefined): ChatLimit {
  const limit = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (limit === undefined) return UNKNOWN;
  if (name !== "azure" || family?.reasons !== true) return limit;
  return { ...limit, members: ["max_completion_tokens", "max_tokens"] };
}

export const CHAT_LIMITS: readonly (readonly [string, ChatLimit])[] = [
  ...Object.entries(BY_NAME),
  ["another server", UNKNOWN],
];

/** Providers whose OpenAI routes are OpenAI's own. */
const OPENAI_ITSELF: ReadonlySet<string> = new Set(["openai", "azure"]);

export function isOpenaiItself(provider: string, preset: string | null): boolean {
  return OPENAI_ITSELF.has(preset ?? provider);
}
