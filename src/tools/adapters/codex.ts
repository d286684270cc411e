import { isJsonObject } from "../../kernel/index.ts";
import { type ToolAdapter, tokenCommand, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import { RESPONSES } from "./styles.ts";

/** Of our provider in its settings; the names of built-in ones cannot be used. */
const PROVIDER = "ownkey";

export const codex: ToolAdapter = {
  id: "codex",
  name: "Codex CLI",
  program: "codex",
  traits: {
    styles: [RESPONSES],
    takes: "command",
    refreshesToken: true,
    restart: "start Codex again",
    usualUrl: "https://api.openai.com/v1",
  },
  sources,
  plan(machine, target) {
    const [command, ...args] = tokenCommand(target, "codex");
    // It refuses settings that it does not know, and a command beside any other credential: the table is ours alone.
    const provider = {
      name: "Ownkey",
      base_url: `${toolUrl(target, "codex")}/v1`,
      wire_api: "responses",
      auth: { command, args },
    };
    return {
      files: [
        {
          path: placesOf(machine).config,
          format: "toml",
          edits: [
            { at: ["model_provider"], value: PROVIDER },
            { at: ["model_providers", PROVIDER], value: provider },
          ],
        },
      ],
      steps: [],
      notes: ["a profile that names another model_provider keeps it"],
    };
  },
};

function placesOf(machine: Machine) {
  const { home, join, variable } = foldersOf(machine);
  const folder = variable("CODEX_HOME") ?? join(home, ".codex");
  return { config: join(folder, "config.toml"), auth: join(folder, "auth.json") };
}

/** One of its own providers takes the key from variables, then from `auth.json`; any other one from its own table. */
function sources(reader: Sources): Source[] {
  const { config, auth } = placesOf(reader.machine);
  const chosen = reader.value(config, "toml", ["model_provider"]);
  const table = typeof chosen === "string" ? ["model_providers", chosen] : undefined;
  const hasTable = table !== undefined && isJsonObject(reader.value(config, "toml", table));
  return hasTable ? providerSources(reader, config, table) : usualSources(reader, { config, auth });
}

function providerSources(reader: Sources, config: string, table: readonly string[]): Source[] {
  const setting = (what: Source["what"], at: readonly string[], kind?: Source["kind"]) =>
    reader.setting(what, { path: config, format: "toml", at: [...table, ...at], ...(kind ? { kind } : {}) });
  const args = reader.value(config, "toml", [...table, "auth", "args"]);
  const variable = reader.value(config, "toml", [...table, "env_key"]);
  return [
    ...reader.command(setting("key", ["auth", "command"], "command"), args),
    ...(typeof variable === "string" ? reader.variable("key", variable) : []),
    ...setting("key", ["experimental_bearer_token"]),
    ...setting("base-url", ["base_url"]),
  ];
}

function usualSources(reader: Sources, { config, auth }: { config: string; auth: string }): Source[] {
  const tokens = isJsonObject(reader.value(auth, "jsonc", ["tokens"]));
  return [
    ...reader.variable("key", "CODEX_API_KEY"),
    ...reader.closed("login", auth, tokens),
    ...reader.setting("key", { path: auth, format: "jsonc", at: ["OPENAI_API_KEY"] }),
    ...reader.variable("key", "OPENAI_API_KEY"),
    ...reader.setting("base-url", { path: config, format: "toml", at: ["openai_base_url"] }),
    ...reader.variable("base-url", "OPENAI_BASE_URL"),
  ];
}
