import { decide } from "../decide.ts";
import { OPENAI_ACCOUNT_HEADERS, openaiAccountHeaders } from "../openai-wire/headers.ts";
import { openaiDenied, openaiRoutes } from "../openai-wire/routes.ts";
import { readOpenAiUsage } from "../openai-wire/usage.ts";
import { OPENAI_RULES, OPENAI_STATUS_OF_WORD } from "../openai-wire/verdict-rules.ts";
import type { ConsoleLinks, Provider } from "../provider.ts";
import { joinUrl, originsOf } from "../urls.ts";
import { OPENAI_KEY_FORMATS } from "./key-formats.ts";

const links: ConsoleLinks = {
  keys: "https://platform.openai.com/api-keys",
  usage: "https://platform.openai.com/usage",
  billing: "https://platform.openai.com/settings/organization/billing/overview",
  limits: "https://platform.openai.com/settings/organization/limits",
  status: "https://status.openai.com",
};

export const openai: Provider = {
  id: "openai",
  preset: null,
  title: "OpenAI",
  dialect: "openai",
  aliases: [],
  capabilities: {
    createKey: true,
    disableKey: false,
    deleteKey: true,
    listKeyHints: true,
    keySlots: 0,
    expiringKeys: true,
    usagePerKey: true,
    costPerKey: true,
    hardLimit: true,
  },
  links,
  keyFormats: OPENAI_KEY_FORMATS,
  keyVariables: ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_ADMIN_KEY"],
  settingVariables: {
    OPENAI_BASE_URL: "baseUrl",
    OPENAI_API_BASE: "baseUrl",
    OPENAI_HOST: "baseUrl",
    OPENAI_ORG_ID: "organization",
    OPENAI_ORGANIZATION: "organization",
    OPENAI_PROJECT_ID: "project",
    OPENAI_PROJECT: "project",
    OPENAI_MODEL: "model",
  },
  keyOptional: false,
  rateRefill: "continuous",
  streamUsage: "option",
  defaultBaseUrl: "https://api.openai.com",
  regionalBaseUrls: {
    us: "https://us.api.openai.com",
    eu: "https://eu.api.openai.com",
    ae: "https://ae.api.openai.com",
  },
  routes: openaiRoutes("/v1"),
  denied: openaiDenied("/v1"),
  accountHeaders: OPENAI_ACCOUNT_HEADERS,

  upstreamUrl: (settings, { path, query }) => joinUrl(settings.baseUrl, path, query),
  upstreamModel: (_settings, model) => model,
  authHeaders: (key, settings) => [["authorization", `Bearer ${key}`], ...openaiAccountHeaders(settings)],
  origins: (settings) => originsOf(settings.baseUrl, settings.adminBaseUrl),
  testCall: (settings) => ({
    method: "GET",
    url: joinUrl(settings.baseUrl, "/v1/models", "").href,
    headers: [],
    proves:
      "The key is known and may list models. It does not prove that there is credit or that a model may be used.",
  }),
  verdict: (answer) => decide({ rules: OPENAI_RULES, statusOfWord: OPENAI_STATUS_OF_WORD, links }, answer),
  readUsage: readOpenAiUsage,
};
