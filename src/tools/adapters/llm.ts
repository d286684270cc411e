import { type Json, stringAt } from "../../kernel/index.ts";
import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import type { FileRequest } from "../change/change.ts";
import { foldersOf } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import { CHAT } from "./styles.ts";
import { listIn, wholeFile } from "./whole-file.ts";

/** Of our key in its list of keys; without a name it sends none to another address. */
const KEY_NAME = "ownkey";

export const llm: ToolAdapter = {
  id: "llm",
  name: "llm",
  program: "llm",
  traits: {
    styles: [CHAT],
    takes: "literal",
    refreshesToken: false,
    wantsModels: true,
    usualUrl: "https://api.openai.com/v1",
  },
  sources,
  plan(machine, target) {
    const { keys, models } = placesOf(machine);
    const entries = modelsOf(target).map((model) => ({
      model_id: `ownkey/${model}`,
      model_name: model,
      api_base: `${toolUrl(target, "llm")}/v1`,
      api_key_name: KEY_NAME,
    }));
    return {
      files: [
        {
          path: keys,
          format: "jsonc",
          edits: [{ at: [KEY_NAME], value: keyOf(target).reveal() }],
          makePrivate: true,
        },
        modelsRequest(machine, models, entries),
      ],
      steps: [
        {
          text: `use it with llm -m ownkey/${modelsOf(target)[0]}, or make it the usual one: llm models default`,
        },
      ],
      notes: [],
    };
  },
};

function placesOf(machine: ToolMachine) {
  const { settings, join, variable } = foldersOf(machine);
  const folder = variable("LLM_USER_PATH") ?? join(settings, "io.datasette.llm");
  return { keys: join(folder, "keys.json"), models: join(folder, "extra-openai-models.yaml") };
}

/** A list; ours are put where they are already, the others behind the last one. */
function modelsRequest(machine: ToolMachine, path: string, entries: readonly Json[]): FileRequest {
  const there = listIn(machine, path, "yaml");
  if (there.length === 0) {
    const text = entries.map((entry) => `- ${JSON.stringify(entry)}\n`).join("");
    return wholeFile(machine, { path, format: "yaml", text });
  }
  let next = there.length;
  const edits = entries.map((value) => {
    const id = stringAt(value, "model_id");
    const ours = there.findIndex((entry) => stringAt(entry, "model_id") === id);
    return { at: [ours < 0 ? next++ : ours], value };
  });
  return { path, format: "yaml", edits };
}

/** Of our own models, if they are there: the others have their own keys. */
function sources(reader: Sources): Source[] {
  const { keys, models } = placesOf(reader.machine);
  const list = reader.document(models, "yaml");
  const index = Array.isArray(list)
    ? list.findIndex((one) => stringAt(one, "api_key_name") === KEY_NAME)
    : -1;
  if (index < 0) {
    return [
      ...reader.setting("key", { path: keys, format: "jsonc", at: ["openai"] }),
      ...reader.variable("key", "OPENAI_API_KEY"),
    ];
  }
  return [
    ...reader.setting("key", { path: keys, format: "jsonc", at: [KEY_NAME] }),
    ...reader.setting("base-url", { path: models, format: "yaml", at: [index, "api_base"] }),
  ];
}
