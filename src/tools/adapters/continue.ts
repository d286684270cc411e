import { isJsonObject, type Json, stringAt } from "../../kernel/index.ts";
import { modelsOf, keyOf, type ToolAdapter, type ToolPlan, toolUrl } from "../adapter.ts";
import type { ValueEdit } from "../edit/editor.ts";
import { foldersOf } from "../machine.ts";
import { type Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import type { Wire } from "../wire.ts";
import { CHAT, GEMINI_UNDER_VERSION, MESSAGES_UNDER_VERSION, versionOf } from "./styles.ts";

/** In `~/.continue/.env`, which is read wherever Continue runs. */
const VARIABLE = "OWNKEY_CONTINUE_KEY";

const PROVIDERS: Readonly<Record<Wire, string>> = {
  chat: "openai",
  responses: "openai",
  messages: "anthropic",
  gemini: "gemini",
};

export const continueDev: ToolAdapter = {
  id: "continue",
  name: "Continue",
  program: "cn",
  traits: {
    styles: [CHAT, MESSAGES_UNDER_VERSION, GEMINI_UNDER_VERSION],
    takes: "reference",
    refreshesToken: false,
    wantsModels: true,
    desktop: true,
    usualUrl: "the provider of the chosen model",
  },
  sources,
  habit(reader) {
    const [{ model } = { model: undefined }] = modelEntries(reader);
    const provider = stringAt(model, "provider");
    const wires = Object.entries(PROVIDERS) as [Wire, string][];
    return {
      wire: wires.find(([, name]) => name === provider)?.[0],
      model: stringAt(model, "model"),
    };
  },
  plan(machine, target): ToolPlan {
    const { yaml, json, env } = placesOf(machine);
    const { style } = target;
    const models = modelsOf(target);
    const model = {
      name: `${models[0]} (Ownkey)`,
      provider: PROVIDERS[style.wire],
      model: models[0],
      apiBase: toolUrl(target, "continue") + versionOf(style),
    };
    const key = keyOf(target).reveal();
    const step = `choose the model "${model.name}" in Continue's list of models`;
    if (!machine.exists(yaml) && machine.exists(json)) {
      const { name: title, ...rest } = model;
      const edits = [intoModels(machine, json, { title, ...rest, apiKey: key })];
      return {
        files: [{ path: json, format: "jsonc", edits, makePrivate: true }],
        steps: [{ text: step }],
        notes: [],
      };
    }
    const header = machine.exists(yaml)
      ? []
      : Object.entries({ name: "Local", version: "1.0.0", schema: "v1" }).map(([name, value]) => ({
          at: [name],
          value,
          stays: true,
        }));
    const value = { ...model, apiKey: `\${{ secrets.${VARIABLE} }}` };
    return {
      files: [
        { path: env, format: "dotenv", edits: [{ at: [VARIABLE], value: key }], makePrivate: true },
        { path: yaml, format: "yaml", edits: [...header, intoModels(machine, yaml, value)] },
      ],
      steps: [{ text: step }],
      notes: ["your other models stay, and go past the gateway as before"],
    };
  },
};

function placesOf(machine: ToolMachine) {
  const { home, join, variable } = foldersOf(machine);
  const folder = variable("CONTINUE_GLOBAL_DIR") ?? join(home, ".continue");
  return { yaml: join(folder, "config.yaml"), json: join(folder, "config.json"), env: join(folder, ".env") };
}

/** In the place of the one that we have put there, else as the last one. */
function intoModels(machine: ToolMachine, path: string, value: Json): ValueEdit {
  const models = new Sources(machine).value(path, formatOf(path), ["models"]);
  if (!Array.isArray(models)) return { at: ["models"], value: [value] };
  const ours = models.findIndex(isOurs);
  return { at: ["models", ours < 0 ? models.length : ours], value };
}

function isOurs(model: unknown): boolean {
  return stringAt(model, "apiBase")?.includes("/t/continue/") ?? false;
}

function formatOf(path: string): "yaml" | "jsonc" {
  return path.endsWith(".json") ? "jsonc" : "yaml";
}

/** Each model has its own key and address. */
function sources(reader: Sources): Source[] {
  return modelEntries(reader).flatMap(({ path, at }) => {
    const format = formatOf(path);
    return [
      ...reader
        .setting("key", { path, format, at: [...at, "apiKey"] })
        .map((source) => resolved(source, reader)),
      ...reader.setting("base-url", { path, format, at: [...at, "apiBase"] }),
    ];
  });
}

/** In their order; ours count first when they are there. */
function modelEntries(reader: Sources): { path: string; model: Json; at: (string | number)[] }[] {
  const { yaml, json } = placesOf(reader.machine);
  const path = reader.machine.exists(yaml) ? yaml : json;
  const models = reader.value(path, formatOf(path), ["models"]);
  if (!Array.isArray(models)) return [];
  return (models as readonly Json[])
    .map((model, index) => ({ path, model, at: ["models", index] }))
    .filter(({ model }) => isJsonObject(model))
    .toSorted((a, b) => Number(isOurs(b.model)) - Number(isOurs(a.model)));
}

/** `${{ secrets.NAME }}`: its own `.env`, then the process. */
function resolved(source: Source, reader: Sources): Source {
  const name = /^\$\{\{\s*secrets\.([A-Za-z0-9_]+)\s*\}\}$/.exec(source.value?.reveal() ?? "")?.[1];
  if (name === undefined) return source;
  const { env } = placesOf(reader.machine);
  const [found] = [
    ...reader.setting("key", { path: env, format: "dotenv", at: [name] }),
    ...reader.variable("key", name),
  ];
  return found?.value ? { ...source, value: found.value } : { ...source, kind: "reference" };
}
