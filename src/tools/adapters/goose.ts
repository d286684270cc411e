import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import { CHAT } from "./styles.ts";

export const goose: ToolAdapter = {
  id: "goose",
  name: "Goose",
  program: "goose",
  traits: {
    // It adds the whole path to its host.
    styles: [{ ...CHAT, path: "/v1/chat/completions" }],
    takes: "dialog",
    refreshesToken: false,
    wantsModels: true,
    restart: "start Goose again",
    usualUrl: "https://api.openai.com",
  },
  sources,
  habit(reader) {
    const model = reader.value(placesOf(reader.machine).config, "yaml", ["GOOSE_MODEL"]);
    return { model: typeof model === "string" ? model : undefined };
  },
  plan(machine, target) {
    const { config, secrets } = placesOf(machine);
    const key = keyOf(target);
    const edits = [
      { at: ["GOOSE_PROVIDER"], value: "openai" },
      { at: ["GOOSE_MODEL"], value: modelsOf(target)[0] },
      { at: ["OPENAI_HOST"], value: toolUrl(target, "goose") },
      { at: ["OPENAI_BASE_PATH"], value: "v1/chat/completions" },
    ];
    const usesFile = machine.exists(secrets);
    return {
      files: [
        { path: config, format: "yaml", edits },
        ...(usesFile
          ? [
              {
                path: secrets,
                format: "yaml" as const,
                edits: [{ at: ["OPENAI_API_KEY"], value: key.reveal() }],
                makePrivate: true,
              },
            ]
          : []),
      ],
      steps: usesFile
        ? []
        : [
            {
              text: "run goose configure, choose OpenAI, and enter the key; Goose keeps it in the system's keychain",
              values: [{ name: "OPENAI_API_KEY", value: key }],
            },
          ],
      notes: ["Goose writes its settings again without comments when it changes them itself"],
    };
  },
};

function placesOf(machine: ToolMachine) {
  const { xdgConfig, settings, platform, join } = foldersOf(machine);
  const folder = platform === "win32" ? join(settings, "Block", "goose", "config") : join(xdgConfig, "goose");
  return { config: join(folder, "config.yaml"), secrets: join(folder, "secrets.yaml") };
}

function sources(reader: Sources): Source[] {
  const { config, secrets } = placesOf(reader.machine);
  return [
    ...reader.variable("key", "OPENAI_API_KEY"),
    ...(reader.machine.exists(secrets)
      ? reader.setting("key", { path: secrets, format: "yaml", at: ["OPENAI_API_KEY"] })
      : reader.closed("store", "the system's keychain", reader.machine.exists(config))),
    ...reader.variable("base-url", "OPENAI_HOST"),
    ...reader.setting("base-url", { path: config, format: "yaml", at: ["OPENAI_HOST"] }),
  ];
}
