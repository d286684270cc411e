/** Which table holds for a request, and what its route adds to it. */
import type { RouteKind } from "../../providers/index.ts";
import { chatLimit, isOpenaiItself } from "./limit-places.ts";
import type { ModelFamily } from "./models.ts";
import type { LimitPlace } from "./output-limit.ts";
import type { BoundRequest } from "./request.ts";
import type { Unbounded } from "./result.ts";
import type { Rule } from "./rule.ts";
import type { Source } from "./source.ts";
import { CHAT, COMPATIBLE_CHAT } from "./tables/chat.ts";
import { COMPLETIONS, EMBEDDINGS, IMAGES, MODERATIONS } from "./tables/completions.ts";
import { EMBED, GENERATE } from "./tables/generate.ts";
import { MESSAGES } from "./tables/messages.ts";
import { RESPONSES } from "./tables/responses.ts";

export interface BoundTable {
  readonly title: string;
  readonly members: Readonly<Record<string, Rule>>;
  /** `null`: the answer holds no output tokens that the body could limit. */
  readonly limit: LimitPlace | null;
  /** Tokens of the provider's own around every request. */
  readonly requestTokens: number;
  /** Tokens of the provider's own that come with one of these members. */
  readonly preamble: { readonly members: readonly string[]; readonly tokens: number } | null;
  /** Of the constants. */
  readonly source: Source;
  /** Some servers charge the prompt for each of several answers. */
  readonly inputPerChoice: boolean;
}

const PLAIN_LIMIT = { minimum: 1, ordinarily: null, zeroIsNone: false } as const;
const SCHEMA_MEMBERS = ["tools", "functions", "response_format", "text"];

const OPENAI_CONSTANTS: Source = {
  text: "OpenAI cookbook, how to count tokens: 3 for a message, 1 for a name, 3 for the answer, up to 12 for a function; many times as much is taken",
  date: "2026-11-28",
};
const ANTHROPIC_CONSTANTS: Source = {
  text: "https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview: at most 530 tokens for tools; twice that is taken, for models after the table",
  date: "2026-11-28",
  assumption: true,
};
const GEMINI_CONSTANTS: Source = {
  text: "nothing is published; counts seen have a few tokens for a turn",
  date: "2026-11-28",
  assumption: true,
};
const TEMPLATE_CONSTANTS: Source = {
  text: "chat templates of open models (Llama, gpt-oss, Mistral, DeepSeek) have up to some hundred tokens of their own",
  date: "2026-11-28",
  assumption: true,
};

const OPENAI_OWN = {
  source: OPENAI_CONSTANTS,
  requestTokens: 64,
  preamble: { members: SCHEMA_MEMBERS, tokens: 256 },
  inputPerChoice: false,
} as const;

/** What a chat template of some open model says by itself: dates, roles, how to call tools. */
const TEMPLATE = {
  source: TEMPLATE_CONSTANTS,
  requestTokens: 1024,
  preamble: { members: SCHEMA_MEMBERS, tokens: 1024 },
  inputPerChoice: true,
} as const;

export const TABLES = {
  chat: {
    title: "OpenAI chat",
    members: CHAT,
    limit: { members: ["max_completion_tokens", "max_tokens"], ...PLAIN_LIMIT },
    ...OPENAI_OWN,
  },
  compatibleChat: {
    title: "Chat of other servers in OpenAI's format",
    members: COMPATIBLE_CHAT,
    limit: { members: ["max_tokens", "max_completion_tokens"], ...PLAIN_LIMIT },
    ...TEMPLATE,
  },
  responses: {
    title: "OpenAI Responses",
    members: RESPONSES,
    limit: { members: ["max_output_tokens"], minimum: 16, ordinarily: null, zeroIsNone: false },
    ...OPENAI_OWN,
  },
  completions: {
    title: "OpenAI completions",
    members: COMPLETIONS,
    limit: { members: ["max_tokens"], minimum: 1, ordinarily: 16, zeroIsNone: false },
    source: OPENAI_CONSTANTS,
    requestTokens: 16,
    preamble: null,
    inputPerChoice: false,
  },
  embeddings: {
    title: "OpenAI embeddings",
    members: EMBEDDINGS,
    limit: null,
    source: OPENAI_CONSTANTS,
    requestTokens: 16,
    preamble: null,
    inputPerChoice: false,
  },
  moderations: {
    title: "Moderations of other servers",
    members: MODERATIONS,
    limit: null,
    requestTokens: 16,
    source: OPENAI_CONSTANTS,
    preamble: null,
    inputPerChoice: false,
  },
  images: {
    title: "OpenAI image generation",
    members: IMAGES,
    limit: null,
    source: OPENAI_CONSTANTS,
    requestTokens: 64,
    preamble: null,
    inputPerChoice: true,
  },
  messages: {
    title: "Anthropic messages",
    members: MESSAGES,
    limit: { members: ["max_tokens"], minimum: 0, ordinarily: null, zeroIsNone: false },
    source: ANTHROPIC_CONSTANTS,
    requestTokens: 128,
    preamble: { members: ["tools", "output_config", "output_format"], tokens: 1024 },
    inputPerChoice: false,
  },
  generate: {
    title: "Gemini generateContent",
    members: GENERATE,
    limit: {
      members: ["generationConfig.maxOutputTokens"],
      minimum: 1,
      ordinarily: null,
      zeroIsNone: true,
    },
    source: GEMINI_CONSTANTS,
    requestTokens: 64,
    preamble: { members: ["tools", "generationConfig", "generation_config"], tokens: 512 },
    inputPerChoice: false,
  },
  embed: {
    title: "Gemini embedContent",
    members: EMBED,
    limit: null,
    source: GEMINI_CONSTANTS,
    requestTokens: 16,
    preamble: null,
    inputPerChoice: false,
  },
} as const satisfies Record<string, BoundTable>;

/** Kinds whose models' makers charge nothing for, whatever is in the body. */
export const FREE_KINDS: ReadonlySet<RouteKind> = new Set(["count_tokens", "models", "files"]);

/** Servers on the user's own machine. */
export const FREE_PRESETS: ReadonlySet<string> = new Set(["ollama", "lmstudio"]);

/** Nothing in the request is charged for. */
export function isFree({ kind, provider, preset }: BoundRequest): boolean {
  if (FREE_KINDS.has(kind) || FREE_PRESETS.has(preset ?? "")) return true;
  return kind === "moderations" && isOpenaiItself(provider, preset);
}

export function tableFor(request: BoundRequest, family: ModelFamily | undefined): BoundTable | Unbounded {
  const { kind, path } = request;
  const name = request.preset ?? request.provider;
  const isOpenai = isOpenaiItself(request.provider, request.preset);
  switch (kind) {
    case "chat": {
      const { members, source, why = "" } = chatLimit(name, family);
      if (source === null && !members.some((member) => request.allow.has(member))) {
        return { kind: "unbounded", field: members[0], why };
      }
      return chatTable(isOpenai ? "chat" : "compatibleChat", members);
    }
    case "responses":
      if (!path.endsWith("/responses")) return notBounded(kind, "has an output that no member limits");
      return isOpenai ? TABLES.responses : notBounded(kind, "is not documented for this server");
    case "completions":
      return isOpenai ? TABLES.completions : notBounded(kind, "is not documented for this server");
    case "embeddings":
      return path.includes(":") ? TABLES.embed : TABLES.embeddings;
    case "moderations":
      return TABLES.moderations;
    case "images":
      if (isOpenai && path.endsWith("/images/generations")) return TABLES.images;
      return notBounded(kind, "has no published bound");
    case "messages":
      return TABLES.messages;
    case "generate":
      return TABLES.generate;
    default:
      return notBounded(kind, "has no published bound");
  }
}

const chatTables = {
  chat: new WeakMap<LimitPlace["members"], BoundTable>(),
  compatibleChat: new WeakMap<LimitPlace["members"], BoundTable>(),
};

/** Made once for each provider's members. */
function chatTable(name: "chat" | "compatibleChat", members: LimitPlace["members"]): BoundTable {
  const known = chatTables[name].get(members);
  if (known !== undefined) return known;
  const table = TABLES[name];
  const made = { ...table, limit: { ...table.limit, members } };
  chatTables[name].set(members, made);
  return made;
}

/** The route itself: its kind can be let through by name. */
function notBounded(kind: RouteKind, why: string): Unbounded {
  return { kind: "unbounded", field: `route.${kind}`, why };
}
