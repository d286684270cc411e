import { modelsOf, type ToolAdapter, tokenCommandLine, toolUrl } from "../adapter.ts";
import type { Source, Sources } from "../source.ts";
import type { Wire } from "../wire.ts";
import { shellStartFiles } from "./shell-files.ts";
import { CHAT, MESSAGES, RESPONSES } from "./styles.ts";

/** It takes its provider from variables only. */
const NAMES = {
  url: "COPILOT_PROVIDER_BASE_URL",
  type: "COPILOT_PROVIDER_TYPE",
  wire: "COPILOT_PROVIDER_WIRE_API",
  command: "COPILOT_PROVIDER_API_KEY_COMMAND",
  key: "COPILOT_PROVIDER_API_KEY",
  bearer: "COPILOT_PROVIDER_BEARER_TOKEN",
  model: "COPILOT_MODEL",
} as const;

export const copilotCli: ToolAdapter = {
  id: "copilot-cli",
  name: "GitHub Copilot CLI",
  program: "copilot",
  traits: {
    styles: [CHAT, RESPONSES, MESSAGES],
    takes: "command",
    refreshesToken: true,
    wantsModels: true,
    restart: "open a new shell",
    usualUrl: "GitHub's own models",
  },
  sources,
  habit: ({ machine }) => ({ model: machine.env[NAMES.model] }),
  plan(machine, target) {
    const { wire } = target.style;
    const values = {
      [NAMES.url]: toolUrl(target, "copilot-cli") + versionOf(wire),
      [NAMES.type]: wire === "messages" ? "anthropic" : "openai",
      ...(wire === "messages" ? {} : { [NAMES.wire]: wire === "responses" ? "responses" : "completions" }),
      [NAMES.command]: tokenCommandLine(target, "copilot-cli"),
      [NAMES.model]: modelsOf(target)[0],
    };
    const edits = Object.entries(values).map(([name, value]) => ({ at: [name], value }));
    return {
      files: shellStartFiles(machine).map((path) => ({ path, format: "shell", edits })),
      steps: [],
      notes: [
        "the key command needs version 1.0.84 or newer",
        "with these variables it uses no model of GitHub's",
      ],
    };
  },
  notInAll:
    "signed in to GitHub it uses your Copilot plan; with variables for its provider every request is metered",
};

/** Anthropic's way has its version in the path. */
function versionOf(wire: Wire): "" | "/v1" {
  return wire === "messages" ? "" : "/v1";
}

/** What a new shell would set comes after what this process has. */
function sources(reader: Sources): Source[] {
  const from = (what: Source["what"], name: string) => [
    ...reader.variable(what, name),
    ...shellStartFiles(reader.machine).flatMap((path) =>
      reader.setting(what, { path, format: "shell", at: [name] }),
    ),
  ];
  return [
    ...from("key", NAMES.bearer),
    ...from("key", NAMES.key),
    ...from("key", NAMES.command).map((source) => ({ ...source, kind: "command" as const })),
    ...from("base-url", NAMES.url),
  ];
}
