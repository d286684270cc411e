import { decide } from "../decide.ts";
import { OPENAI_ACCOUNT_HEADERS, openaiAccountHeaders } from "../openai-wire/headers.ts";
import { openaiRoutes } from "../openai-wire/routes.ts";
import { readOpenAiUsage } from "../openai-wire/usage.ts";
import { OPENAI_STATUS_OF_WORD } from "../openai-wire/verdict-rules.ts";
import type { ConnectionSettings, Provider, RouteRequest } from "../provider.ts";
import { joinUrl, originsOf, replacePrefix } from "../urls.ts";
import { MANAGED, UNMANAGED } from "./capabilities.ts";
import type { Preset } from "./preset.ts";
import { COMPATIBLE_DENIED } from "./routes.ts";
import { COMPATIBLE_RULES } from "./verdict-rules.ts";

/** Any server that speaks the OpenAI dialect, at a base URL that the user gives. */
export const openaiCompatible: Provider = compatible({
  name: "openai-compatible",
  title: "OpenAI-compatible server",
  baseUrl: "",
  keyFormats: [],
  keyVariables: [],
  keyOptional: true,
  links: {},
  testPath: "/v1/models",
  proves:
    "The server answers and takes the key for its model list. Servers without a key check answer any key.",
});

/** The provider that a preset makes. */
export function presetProvider(preset: Preset): Provider {
  return { ...compatible(preset), preset: preset.name, defaultBaseUrl: preset.baseUrl };
}

function compatible(preset: Preset): Provider {
  const table = {
    rules: [...(preset.rules ?? []), ...COMPATIBLE_RULES],
    statusOfWord: OPENAI_STATUS_OF_WORD,
    links: preset.links,
  };
  return {
    id: "openai-compatible",
    preset: null,
    title: preset.title,
    dialect: "openai",
    aliases: [],
    capabilities: preset.manages === "keys" ? MANAGED : UNMANAGED,
    links: preset.links,
    keyFormats: preset.keyFormats,
    keyVariables: preset.keyVariables,
    keyOptional: preset.keyOptional ?? false,
    streamUsage: preset.streamUsage ?? "option",
    defaultBaseUrl: undefined,
    routes: openaiRoutes("/v1", { judgesFree: false }),
    denied: COMPATIBLE_DENIED,
    accountHeaders: OPENAI_ACCOUNT_HEADERS,

    upstreamUrl,
    upstreamModel: (_settings, model) => model,
    authHeaders: (key, settings) => [
      ...(key === "" ? [] : [["authorization", `Bearer ${key}`] satisfies [string, string]]),
      ...openaiAccountHeaders(settings),
    ],
    origins: (settings) => originsOf(settings.baseUrl, settings.adminBaseUrl),
    testCall: (settings) => ({
      method: "GET",
      url: upstreamUrl(settings, { method: "GET", path: preset.testPath, query: "" }).href,
      headers: [],
      proves: preset.proves,
    }),
    verdict: (answer) => decide(table, answer),
    readUsage: readOpenAiUsage,
  };
}

/** Servers put their own version, or none, where OpenAI has `/v1`. */
function upstreamUrl(settings: ConnectionSettings, { path, query }: RouteRequest): URL {
  return joinUrl(settings.baseUrl, replacePrefix(path, "/v1", settings.versionPath ?? "/v1"), query);
}
