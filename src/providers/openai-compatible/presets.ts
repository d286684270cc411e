import { numberAt, objectAt } from "../../kernel/index.ts";
import type { ErrorFacts } from "../error-facts.ts";
import type { KeyFormat } from "../provider.ts";
import type { Preset } from "./preset.ts";

const MODELS_PROVE = "The key is known. It does not prove that there is credit or that a model may be used.";
const LOCAL_PROVES = "The server runs and lists its models.";

/** The named openai-compatible providers, as data. */
export const PRESETS: readonly Preset[] = [
  {
    name: "groq",
    title: "Groq",
    baseUrl: "https://api.groq.com/openai",
    keyFormats: [format("groq", "gsk_", /^gsk_[A-Za-z0-9]{20,120}$/, "Groq key")],
    keyVariables: ["GROQ_API_KEY"],
    links: {
      keys: "https://console.groq.com/keys",
      usage: "https://console.groq.com/dashboard/usage",
      billing: "https://console.groq.com/settings/billing",
      limits: "https://console.groq.com/settings/limits",
      status: "https://groqstatus.com",
    },
    testPath: "/v1/models",
    proves: MODELS_PROVE,
  },
  {
    name: "openrouter",
    title: "OpenRouter",
    baseUrl: "https://openrouter.ai/api",
    keyFormats: [format("openrouter", "sk-or-v1-", /^sk-or-v1-[0-9a-f]{20,128}$/, "OpenRouter key")],
    keyVariables: ["OPENROUTER_API_KEY"],
    links: {
      keys: "https://openrouter.ai/settings/keys",
      usage: "https://openrouter.ai/activity",
      billing: "https://openrouter.ai/settings/credits",
      limits: "https://openrouter.ai/settings/keys",
      status: "https://status.openrouter.ai",
    },
    testPath: "/v1/key",
    proves: "The key is known, and the answer shows what it has used and what is left of its limit.",
    rules: [
      {
        verdict: "rate_limited",
        status: 402,
        words: ["in_flight_budget_exhausted"],
        explanation: "Requests under way hold the rest of the budget. Wait for them to end.",
      },
      {
        verdict: "quota_exhausted",
        status: 403,
        text: /budget limit exceeded|key limit exceeded/i,
        explanation: "The budget of the key or its workspace is used up.",
        link: "limits",
      },
      {
        verdict: "quota_exhausted",
        status: 200,
        when: ({ document }) => (numberAt(objectAt(document, "data"), "limit_remaining") ?? 1) <= 0,
        explanation: "The key is known, but nothing is left of its limit.",
        link: "limits",
      },
    ],
    manages: "keys",
  },
  {
    name: "mistral",
    title: "Mistral",
    baseUrl: "https://api.mistral.ai",
    keyFormats: [],
    keyVariables: ["MISTRAL_API_KEY"],
    // The last chunk holds usage anyhow; the option was answered with 422 (field reports).
    streamUsage: "always",
    links: {
      keys: "https://console.mistral.ai/api-keys",
      usage: "https://console.mistral.ai/usage",
      billing: "https://console.mistral.ai/billing",
      limits: "https://console.mistral.ai/limits",
      status: "https://status.mistral.ai",
    },
    testPath: "/v1/models",
    proves: MODELS_PROVE,
  },
  {
    name: "deepseek",
    title: "DeepSeek",
    baseUrl: "https://api.deepseek.com",
    keyFormats: [format("deepseek", "sk-", /^sk-[0-9a-f]{32}$/, "DeepSeek key")],
    keyVariables: ["DEEPSEEK_API_KEY"],
    links: {
      keys: "https://platform.deepseek.com/api_keys",
      usage: "https://platform.deepseek.com/usage",
      billing: "https://platform.deepseek.com/top_up",
      status: "https://status.deepseek.com",
    },
    testPath: "/user/balance",
    proves: "The key is known, and the answer shows whether there is credit.",
    rules: [
      {
        verdict: "quota_exhausted",
        status: 200,
        when: ({ document }) => document?.["is_available"] === false,
        explanation: "The key is known, but the balance is used up.",
        link: "billing",
      },
    ],
  },
  {
    name: "xai",
    title: "xAI",
    baseUrl: "https://api.x.ai",
    keyFormats: [format("xai", "xai-", /^xai-[A-Za-z0-9]{20,200}$/, "xAI key")],
    keyVariables: ["XAI_API_KEY"],
    links: {
      keys: "https://console.x.ai/team/default/api-keys",
      usage: "https://console.x.ai/team/default/usage",
      billing: "https://console.x.ai/team/default/billing",
      status: "https://status.x.ai",
    },
    testPath: "/v1/api-key",
    proves: "The key is known, and the answer shows whether key or team are blocked.",
    rules: [
      // xAI says 400 to a wrong key.
      { verdict: "invalid_key", status: 400, text: /incorrect api key|invalid api key/i, link: "keys" },
      {
        verdict: "key_kind_disabled",
        status: 200,
        when: (facts) => flag(facts, "api_key_blocked") || flag(facts, "api_key_disabled"),
        explanation: "The key is known, but blocked or disabled in xAI's console.",
        link: "keys",
      },
      {
        verdict: "key_kind_disabled",
        status: 200,
        when: (facts) => flag(facts, "team_blocked"),
        explanation: "The key is known, but its team is blocked. Contact xAI.",
      },
    ],
    manages: "keys",
  },
  {
    name: "ollama",
    title: "Ollama",
    baseUrl: "http://127.0.0.1:11434",
    keyFormats: [],
    keyVariables: ["OLLAMA_API_KEY"],
    keyOptional: true,
    links: { keys: "https://ollama.com/settings/keys" },
    testPath: "/v1/models",
    proves: LOCAL_PROVES,
  },
  {
    name: "lmstudio",
    title: "LM Studio",
    baseUrl: "http://127.0.0.1:1234",
    keyFormats: [],
    keyVariables: ["LM_API_TOKEN"],
    keyOptional: true,
    links: { keys: "https://lmstudio.ai/docs/developer/core/authentication" },
    testPath: "/v1/models",
    proves: LOCAL_PROVES,
  },
];

function format(id: string, prefix: string, pattern: RegExp, title: string): KeyFormat {
  return { id, kind: "inference", prefix, pattern, title };
}

function flag({ document }: ErrorFacts, name: string): boolean {
  return document?.[name] === true;
}
