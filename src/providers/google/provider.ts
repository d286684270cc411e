import { decide } from "../decide.ts";
import type { ConnectionSettings, ConsoleLinks, Provider, RouteRequest } from "../provider.ts";
import { joinUrl, originsOf } from "../urls.ts";
import { GOOGLE_KEY_FORMATS } from "./key-formats.ts";
import { checkQuery } from "./query.ts";
import { GOOGLE_DENIED, GOOGLE_ROUTES } from "./routes.ts";
import { readGoogleUsage } from "./usage.ts";
import { GOOGLE_RULES, GOOGLE_STATUS_OF_WORD } from "./verdict-rules.ts";

const links: ConsoleLinks = {
  keys: "https://aistudio.google.com/api-keys",
  usage: "https://aistudio.google.com/usage",
  billing: "https://console.cloud.google.com/billing",
  limits: "https://aistudio.google.com/usage?tab=rate-limit",
  status: "https://aistudio.google.com/status",
};

const COMPATIBLE_PATH = "/v1beta/openai";
/** OpenAI paths that mean nothing else at Google. `/v1/models` does: it is Gemini's own. */
const OPENAI_ONLY = /^\/v1(?=\/(?:chat\/completions|embeddings|images\/generations)$)/;

export const google: Provider = {
  id: "google",
  preset: null,
  title: "Google Gemini",
  dialect: "google",
  aliases: ["gemini"],
  capabilities: {
    createKey: true,
    disableKey: false,
    deleteKey: true,
    listKeyHints: false,
    keySlots: 0,
    expiringKeys: false,
    usagePerKey: false,
    costPerKey: false,
    hardLimit: false,
  },
  links,
  keyFormats: GOOGLE_KEY_FORMATS,
  keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
  settingVariables: { GOOGLE_GEMINI_BASE_URL: "baseUrl", GEMINI_MODEL: "model" },
  keyOptional: false,
  streamUsage: "option",
  defaultBaseUrl: "https://generativelanguage.googleapis.com",
  routes: GOOGLE_ROUTES,
  denied: GOOGLE_DENIED,
  accountHeaders: ["x-goog-user-project"],

  upstreamUrl(settings, { path, query }) {
    checkQuery(query);
    return joinUrl(settings.baseUrl, upstreamPath(path), query);
  },
  upstreamModel: (_settings, model) => model,
  authHeaders: (key, settings, request) => [credential(key, request), ...payer(settings)],
  origins: (settings) => originsOf(settings.baseUrl, settings.adminBaseUrl),
  testCall: (settings) => ({
    method: "GET",
    url: joinUrl(settings.baseUrl, "/v1beta/models", "pageSize=1").href,
    headers: [],
    proves: "The key is known. It does not prove that the key may generate or that there is credit.",
  }),
  verdict: (answer) => decide({ rules: GOOGLE_RULES, statusOfWord: GOOGLE_STATUS_OF_WORD, links }, answer),
  readUsage: readGoogleUsage,
};

function upstreamPath(path: string): string {
  return path.replace(OPENAI_ONLY, COMPATIBLE_PATH);
}

/** Two credentials are refused (400), so each route gets the one it wants. */
function credential(key: string, request: RouteRequest | undefined): [string, string] {
  const compatible = request !== undefined && upstreamPath(request.path).startsWith(`${COMPATIBLE_PATH}/`);
  return compatible ? ["authorization", `Bearer ${key}`] : ["x-goog-api-key", key];
}

function payer({ project }: ConnectionSettings): [string, string][] {
  return project ? [["x-goog-user-project", project]] : [];
}
