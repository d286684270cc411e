/** opencode, and Kilo Code, which is built on it. */
import { isJsonObject, objectAt, Secret, stringAt } from "../../kernel/index.ts";
import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import { projectFolders } from "../project-folders.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import type { Wire } from "../wire.ts";
import { CHAT, GEMINI_UNDER_VERSION, MESSAGES_UNDER_VERSION, RESPONSES, versionOf } from "./styles.ts";
import { wholeFile } from "./whole-file.ts";

/** The package decides what is sent. */
const PACKAGES: Readonly<Record<Wire, string>> = {
  chat: "@ai-sdk/openai-compatible",
  responses: "@ai-sdk/openai",
  messages: "@ai-sdk/anthropic",
  gemini: "@ai-sdk/google",
};

const PROVIDER = "ownkey";

/** What its own providers send. */
const WIRES: Readonly<Record<string, Wire>> = {
  openai: "responses",
  anthropic: "messages",
  google: "gemini",
};

/** Variables in which its own providers look for keys. */
const VARIABLES: Readonly<Record<string, string>> = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GEMINI_API_KEY",
};

export const opencode = adapterFor("opencode", "opencode");
export const kilo = adapterFor("kilo", "Kilo Code");

function adapterFor(id: "opencode" | "kilo", name: string): ToolAdapter {
  return {
    id,
    name,
    program: id,
    traits: {
      styles: [CHAT, RESPONSES, MESSAGES_UNDER_VERSION, GEMINI_UNDER_VERSION],
      takes: "reference",
      refreshesToken: false,
      wantsModels: true,
      restart: `start ${name} again`,
      usualUrl: "the provider of the chosen model",
    },
    sources: (reader) => sources(reader, id),
    habit(reader) {
      const { config } = placesOf(reader.machine, id);
      const chosen = reader.value(config, "jsonc", ["model"]);
      const [provider = "", ...rest] = typeof chosen === "string" ? chosen.split("/") : [];
      const npm = reader.value(config, "jsonc", ["provider", provider, "npm"]);
      const packages = Object.entries(PACKAGES) as [Wire, string][];
      return {
        wire: WIRES[provider] ?? packages.find(([, name]) => name === npm)?.[0],
        model: rest.join("/") || undefined,
      };
    },
    plan(machine, target) {
      const { config, key } = placesOf(machine, id);
      const { style } = target;
      const models = modelsOf(target);
      const provider = {
        npm: PACKAGES[style.wire],
        name: "Ownkey",
        options: { baseURL: toolUrl(target, id) + versionOf(style), apiKey: `{file:${key}}` },
        models: Object.fromEntries(models.map((model) => [model, { name: model }])),
      };
      return {
        files: [
          wholeFile(machine, { path: key, format: "text", text: keyOf(target).reveal() }),
          {
            path: config,
            format: "jsonc",
            edits: [
              { at: ["provider", PROVIDER], value: provider },
              { at: ["model"], value: `${PROVIDER}/${models[0]}` },
            ],
          },
        ],
        steps: [],
        notes: ["models of other providers go past the gateway as before"],
      };
    },
  };
}

function placesOf(machine: ToolMachine, id: "opencode" | "kilo") {
  const { xdgConfig, xdgData, join, variable } = foldersOf(machine);
  const prefix = id.toUpperCase();
  const folder = variable(`${prefix}_CONFIG_DIR`) ?? join(xdgConfig, id);
  const names = [`${id}.jsonc`, `${id}.json`, "config.json"].map((name) => join(folder, name));
  const usual = names.find((path) => machine.exists(path)) ?? join(folder, `${id}.json`);
  return {
    config: variable(`${prefix}_CONFIG`) ?? usual,
    auth: join(xdgData, id, "auth.json"),
    key: join(xdgConfig, "ownkey", `${id}.key`),
  };
}

/** Settings of the project come before the user's. */
function configsOf(machine: ToolMachine, id: "opencode" | "kilo"): string[] {
  const { join } = foldersOf(machine);
  const near = projectFolders(machine).flatMap((folder) =>
    [`${id}.jsonc`, `${id}.json`, join(`.${id}`, `${id}.json`)].map((name) => join(folder, name)),
  );
  return [...new Set([...near.filter((path) => machine.exists(path)), placesOf(machine, id).config])];
}

/** Of the provider that the chosen model names: its options, what `/connect` has stored, its variable. */
function sources(reader: Sources, id: "opencode" | "kilo"): Source[] {
  const { auth } = placesOf(reader.machine, id);
  const configs = configsOf(reader.machine, id);
  const model = configs
    .map((path) => reader.value(path, "jsonc", ["model"]))
    .find((value) => typeof value === "string");
  const named = typeof model === "string" ? model.split("/", 1)[0] : undefined;
  const known = configs.flatMap((path) => Object.keys(objectOf(reader.value(path, "jsonc", ["provider"]))));
  const provider = named ?? known[0] ?? Object.keys(objectOf(reader.document(auth, "jsonc")))[0];
  if (provider === undefined) return [];
  const options = ["provider", provider, "options"];
  const stored = objectAt(reader.document(auth, "jsonc"), provider);
  const variable = VARIABLES[provider];
  return [
    ...configs
      .flatMap((path) => reader.setting("key", { path, format: "jsonc", at: [...options, "apiKey"] }))
      .map((source) => resolved(source, reader.machine)),
    ...reader.closed("login", auth, stringAt(stored, "type") === "oauth"),
    ...reader.setting("key", { path: auth, format: "jsonc", at: [provider, "key"] }),
    ...(variable === undefined ? [] : reader.variable("key", variable)),
    ...configs
      .flatMap((path) => reader.setting("base-url", { path, format: "jsonc", at: [...options, "baseURL"] }))
      .map((source) => resolved(source, reader.machine)),
  ];
}

function objectOf(value: unknown): object {
  return isJsonObject(value) ? value : {};
}

/** `{env:NAME}` and `{file:path}`, as it resolves them itself. */
function resolved(source: Source, machine: ToolMachine & Machine): Source {
  const text = source.value?.reveal() ?? "";
  const [, kind, name = ""] = /^\{(env|file):([^}]+)\}$/.exec(text) ?? [];
  if (kind === undefined) return source;
  const path = name.startsWith("~/") ? machine.home + name.slice(1) : name;
  const bytes = kind === "file" ? machine.read(path) : undefined;
  const value = kind === "env" ? machine.env[name] : bytes && Buffer.from(bytes).toString("utf8").trim();
  if (!value) return { ...source, kind: "reference" };
  return { ...source, value: new Secret(value), ...(kind === "env" ? { variable: name } : {}) };
}
