import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import { CHAT } from "./styles.ts";

const PROVIDER = "Ownkey";
const PROVIDER_AT = ["language_models", "openai_compatible", PROVIDER];

/** What is usual for models of this kind; Zed wants a number. */
const CONTEXT_TOKENS = 128_000;

export const zed: ToolAdapter = {
  id: "zed",
  name: "Zed",
  traits: {
    styles: [CHAT],
    takes: "dialog",
    refreshesToken: false,
    wantsModels: true,
    desktop: true,
    usualUrl: "the provider of the chosen model",
  },
  sources: (reader) => {
    const path = settingsOf(reader.machine);
    return [
      // A stale variable wins over what was entered.
      ...reader.variable("key", "OWNKEY_API_KEY"),
      ...reader.closed(
        "store",
        "the system's keychain",
        reader.value(path, "jsonc", PROVIDER_AT) !== undefined,
      ),
      ...reader.setting("base-url", { path, format: "jsonc", at: [...PROVIDER_AT, "api_url"] }),
    ];
  },
  plan(machine, target) {
    const value = {
      api_url: `${toolUrl(target, "zed")}/v1`,
      available_models: modelsOf(target).map((name) => ({
        name,
        max_tokens: CONTEXT_TOKENS,
        capabilities: { tools: true, images: false, parallel_tool_calls: false, prompt_cache_key: false },
      })),
    };
    return {
      files: [{ path: settingsOf(machine), format: "jsonc", edits: [{ at: PROVIDER_AT, value }] }],
      steps: [
        {
          text: `in Zed's agent panel, Settings, LLM Providers, ${PROVIDER}: enter the key; Zed keeps it in the system's keychain`,
          values: [{ name: "API key", value: keyOf(target) }],
        },
      ],
      notes: [],
    };
  },
};

function settingsOf(machine: Machine): string {
  const { xdgConfig, settings, platform, join, variable } = foldersOf(machine);
  const folder =
    platform === "win32"
      ? join(settings, "Zed")
      : join(variable("FLATPAK_XDG_CONFIG_HOME") ?? xdgConfig, "zed");
  return join(folder, "settings.json");
}
