import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import { repositoryRoot } from "../project-folders.ts";
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

/** Options by variable, then by settings, those of the folder and its repository before the user's; then likewise `.env`, which it lets win over the process's own variables. */
function sources(reader: Sources): Source[] {
  const { machine } = reader;
  const { join } = foldersOf(machine);
  const folders = [machine.workingDirectory, repositoryRoot(machine), machine.home];
  const near = [...new Set(folders.filter((folder) => folder !== undefined))];
  const from = (what: Source["what"], option: string, variable: string) => [
    ...reader.variable(what, `AIDER_${variable}`),
    ...near.flatMap((folder) =>
      reader.setting(what, { path: join(folder, ".aider.conf.yml"), format: "yaml", at: [option] }),
    ),
    ...near.flatMap((folder) =>
      reader.setting(what, { path: join(folder, ".env"), format: "dotenv", at: [variable] }),
    ),
    ...reader.variable(what, variable),
  ];
  return [
    ...from("key", "openai-api-key", "OPENAI_API_KEY"),
    ...from("base-url", "openai-api-base", "OPENAI_API_BASE"),
  ];
}
