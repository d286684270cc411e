import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import { CHAT } from "./styles.ts";

export const aider: ToolAdapter = {
  id: "aider",
  name: "aider",
  program: "aider",
  traits: {
    styles: [CHAT],
    takes: "literal",
    refreshesToken: false,
    wantsModels: true,
    restart: "start aider again",
    usualUrl: "https://api.openai.com/v1",
  },
  sources,
  habit(reader) {
    const model = reader.value(placesOf(reader.machine).config, "yaml", ["model"]);
    return { model: typeof model === "string" ? model.replace(/^openai\//, "") : undefined };
  },
  plan(machine, target) {
    const { config, env } = placesOf(machine);
    return {
      files: [
        {
          path: config,
          format: "yaml",
          edits: [
            { at: ["model"], value: `openai/${modelsOf(target)[0]}` },
            { at: ["openai-api-base"], value: `${toolUrl(target, "aider")}/v1` },
            // It would come before the one in .env.
            { at: ["openai-api-key"], value: undefined },
          ],
        },
        {
          path: env,
          format: "dotenv",
          edits: [{ at: ["OPENAI_API_KEY"], value: keyOf(target).reveal() }],
          makePrivate: true,
        },
      ],
      steps: [],
      notes: [
        "the key is in ~/.env, which other programs may read as well",
        "settings and .env of a project's folder come before these",
      ],
    };
  },
};

function placesOf(machine: Machine) {
  const { home, join } = foldersOf(machine);
  return { config: join(home, ".aider.conf.yml"), env: join(home, ".env") };
}

/** Options by variable, then by settings; then `.env`, which it lets win over the process's own variables. */
function sources(reader: Sources): Source[] {
  const { config, env } = placesOf(reader.machine);
  const from = (what: Source["what"], option: string, variable: string) => [
    ...reader.variable(what, `AIDER_${variable}`),
    ...reader.setting(what, { path: config, format: "yaml", at: [option] }),
    ...reader.setting(what, { path: env, format: "dotenv", at: [variable] }),
    ...reader.variable(what, variable),
  ];
  return [
    ...from("key", "openai-api-key", "OPENAI_API_KEY"),
    ...from("base-url", "openai-api-base", "OPENAI_API_BASE"),
  ];
}
