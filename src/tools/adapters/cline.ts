import { isJsonObject } from "../../kernel/index.ts";
import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import type { Wire } from "../wire.ts";
import { CHAT, GEMINI_UNDER_VERSION, MESSAGES_UNDER_VERSION, RESPONSES, versionOf } from "./styles.ts";

/** Its own providers; names of one's own are refused by its command line. */
const PROVIDERS: Readonly<Record<Wire, string>> = {
  chat: "openai-compatible",
  responses: "openai-native",
  messages: "anthropic",
  gemini: "gemini",
};

/** A time is wanted, and nothing depends on which. */
const UPDATED_AT = "2026-01-01T00:00:00.000Z";

export const cline: ToolAdapter = {
  id: "cline",
  name: "Cline",
  program: "cline",
  traits: {
    styles: [CHAT, RESPONSES, MESSAGES_UNDER_VERSION, GEMINI_UNDER_VERSION],
    takes: "literal",
    refreshesToken: false,
    wantsModels: true,
    restart: "reload the window of the editor, or start cline again",
    desktop: true,
    usualUrl: "the chosen provider",
  },
  sources,
  habit(reader) {
    const { providers } = placesOf(reader.machine);
    const chosen = reader.value(providers, "jsonc", ["lastUsedProvider"]);
    const wires = Object.entries(PROVIDERS) as [Wire, string][];
    if (typeof chosen !== "string") return {};
    const model = reader.value(providers, "jsonc", ["providers", chosen, "settings", "model"]);
    return {
      wire: wires.find(([, provider]) => provider === chosen)?.[0],
      model: typeof model === "string" ? model : undefined,
    };
  },
  plan(machine, target) {
    const { providers } = placesOf(machine);
    const { style } = target;
    const models = modelsOf(target);
    const provider = PROVIDERS[style.wire];
    // What it cannot read whole it takes for empty: other entries, its own login among them, stay byte for byte.
    const entry = {
      tokenSource: "manual",
      settings: {
        provider,
        baseUrl: toolUrl(target, "cline") + versionOf(style),
        model: models[0],
        apiKey: keyOf(target).reveal(),
      },
    };
    const edits = [
      // Without it, it takes everything in the file for nothing, its own login included.
      { at: ["version"], value: 1, stays: true },
      { at: ["providers", provider], value: entry },
      // Apart from the entry: it sets the time anew, and the rest is to be known as ours.
      { at: ["providers", provider, "updatedAt"], value: UPDATED_AT },
      { at: ["lastUsedProvider"], value: provider },
    ];
    return {
      files: [{ path: providers, format: "jsonc", edits, makePrivate: true }],
      steps: [],
      notes: [],
    };
  },
  limits: [
    "Cline keeps keys as they are in its settings: it gets a virtual key, which is of use at the gateway only",
  ],
};

function placesOf(machine: Machine) {
  const { home, join, variable } = foldersOf(machine);
  const data = variable("CLINE_DATA_DIR") ?? join(variable("CLINE_DIR") ?? join(home, ".cline"), "data");
  return {
    providers: variable("CLINE_PROVIDER_SETTINGS_PATH") ?? join(data, "settings", "providers.json"),
    state: join(data, "globalState.json"),
    secrets: join(data, "secrets.json"),
  };
}

/** What older versions wrote, under the provider's name: key, address. Asked only where the newer file says nothing. */
const OLDER = [
  ["openAiApiKey", "openAiBaseUrl"],
  ["apiKey", "anthropicBaseUrl"],
  ["geminiApiKey", "geminiBaseUrl"],
  ["openAiNativeApiKey", undefined],
  ["openRouterApiKey", undefined],
  ["liteLlmApiKey", "liteLlmBaseUrl"],
] as const;

function sources(reader: Sources): Source[] {
  const { providers, state, secrets } = placesOf(reader.machine);
  const chosen = reader.value(providers, "jsonc", ["lastUsedProvider"]);
  const at = typeof chosen === "string" ? ["providers", chosen, "settings"] : undefined;
  const newer = at
    ? [
        ...reader.setting("key", { path: providers, format: "jsonc", at: [...at, "apiKey"] }),
        ...reader.closed("login", providers, isJsonObject(reader.value(providers, "jsonc", [...at, "auth"]))),
        ...reader.setting("base-url", { path: providers, format: "jsonc", at: [...at, "baseUrl"] }),
      ]
    : [];
  const older = OLDER.flatMap(([key, url]) => [
    ...reader.setting("key", { path: secrets, format: "jsonc", at: [key] }),
    ...(url === undefined ? [] : reader.setting("base-url", { path: state, format: "jsonc", at: [url] })),
  ]);
  return [...newer, ...older];
}
