import { decide } from "../decide.ts";
import type { ConsoleLinks, Provider } from "../provider.ts";
import { joinUrl, originsOf } from "../urls.ts";
import { ANTHROPIC_KEY_FORMATS } from "./key-formats.ts";
import { ANTHROPIC_DENIED, ANTHROPIC_ROUTES } from "./routes.ts";
import { readAnthropicUsage } from "./usage.ts";
import { ANTHROPIC_RULES, ANTHROPIC_STATUS_OF_WORD } from "./verdict-rules.ts";

const links: ConsoleLinks = {
  keys: "https://platform.claude.com/settings/keys",
  usage: "https://platform.claude.com/usage",
  billing: "https://platform.claude.com/settings/billing",
  limits: "https://platform.claude.com/settings/limits",
  status: "https://status.claude.com",
};

export const anthropic: Provider = {
  id: "anthropic",
  preset: null,
  title: "Anthropic",
  dialect: "anthropic",
  aliases: ["claude"],
  capabilities: {
    createKey: false,
    disableKey: true,
    deleteKey: false,
    listKeyHints: true,
    keySlots: 0,
    expiringKeys: false,
    usagePerKey: true,
    costPerKey: false,
    hardLimit: false,
  },
  links,
  keyFormats: ANTHROPIC_KEY_FORMATS,
  keyVariables: ["ANTHROPIC_API_KEY"],
  settingVariables: {
    ANTHROPIC_BASE_URL: "baseUrl",
    ANTHROPIC_API_URL: "baseUrl",
    ANTHROPIC_HOST: "baseUrl",
    ANTHROPIC_MODEL: "model",
  },
  keyOptional: false,
  rateRefill: "continuous",
  streamUsage: "option",
  defaultBaseUrl: "https://api.anthropic.com",
  routes: ANTHROPIC_ROUTES,
  denied: ANTHROPIC_DENIED,
  accountHeaders: ["anthropic-organization-id", "anthropic-workspace-id"],

  upstreamUrl: (settings, { path, query }) => joinUrl(settings.baseUrl, path, query),
  upstreamModel: (_settings, model) => model,
  authHeaders: (key) => [["x-api-key", key]],
  origins: (settings) => originsOf(settings.baseUrl, settings.adminBaseUrl),
  testCall: (settings) => ({
    method: "GET",
    url: joinUrl(settings.baseUrl, "/v1/models", "limit=1").href,
    headers: [["anthropic-version", "2023-06-01"]],
    proves: "The key is known. It does not prove that there is credit: the model list is free.",
  }),
  verdict: (answer) =>
    decide({ rules: ANTHROPIC_RULES, statusOfWord: ANTHROPIC_STATUS_OF_WORD, links }, answer),
  readUsage: readAnthropicUsage,
};
