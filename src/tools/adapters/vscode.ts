import { isJsonObject, type Json, stringAt } from "../../kernel/index.ts";
import { modelsOf, keyOf, type ToolAdapter, toolUrl, type ConnectTarget } from "../adapter.ts";
import type { FileRequest } from "../change/change.ts";
import { foldersOf } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import type { Wire } from "../wire.ts";
import { CHAT, MESSAGES, RESPONSES } from "./styles.ts";
import { listIn, wholeFile } from "./whole-file.ts";

const GROUP = "Ownkey";
const PRODUCTS = ["Code", "Code - Insiders", "VSCodium", "VSCodium - Insiders"];

/** It keeps a whole URL for each model. */
const WHOLE_URL = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
  gemini: "",
};
const API_TYPES: Readonly<Record<Wire, string>> = {
  chat: "chat-completions",
  responses: "responses",
  messages: "messages",
  gemini: "",
};
const INPUT_TOKENS = 128_000;
const OUTPUT_TOKENS = 16_000;

/** Chat models of one's own in VS Code and what is built on it (`chatLanguageModels.json`). */
export const vscode: ToolAdapter = {
  id: "vscode",
  name: "VS Code chat models",
  traits: {
    styles: [
      { ...CHAT, path: "" },
      { ...RESPONSES, path: "" },
      { ...MESSAGES, path: "" },
    ],
    takes: "dialog",
    refreshesToken: false,
    wantsModels: true,
    desktop: true,
    usualUrl: "GitHub Copilot's own models",
  },
  sources,
  plan(machine, target) {
    return {
      files: rootsOf(machine).map((folder) => modelsRequest(machine, folder, target)),
      steps: [
        {
          text: `in VS Code run "Chat: Manage Language Models", choose ${GROUP}, and enter the key; VS Code encrypts it`,
          values: [{ name: "API key", value: keyOf(target) }],
        },
        { text: `then choose ${modelsOf(target)[0]} in the chat's list of models` },
      ],
      notes: [
        "custom endpoints need VS Code 1.122 or newer; a policy of your organisation may turn them off",
      ],
    };
  },
  limits: ["completions while typing stay with GitHub Copilot: only chat and agents use models of your own"],
};

function rootsOf(machine: ToolMachine): string[] {
  const { settings, join } = foldersOf(machine);
  const all = PRODUCTS.map((product) => join(settings, product, "User"));
  const there = all.filter((folder) => machine.exists(folder));
  return there.length > 0 ? there : all.slice(0, 1);
}

function fileOf(machine: ToolMachine, folder: string): string {
  return foldersOf(machine).join(folder, "chatLanguageModels.json");
}

function modelsRequest(machine: ToolMachine, folder: string, target: ConnectTarget): FileRequest {
  const path = fileOf(machine, folder);
  const { wire } = target.style;
  const groups = listIn(machine, path, "jsonc");
  const ours = groups.findIndex(isOurs);
  const kept = groups[ours];
  const value = {
    name: GROUP,
    vendor: "customendpoint",
    // The reference that the dialog has put there; a key itself would be ignored.
    ...(stringAt(kept, "apiKey") === undefined ? {} : { apiKey: stringAt(kept, "apiKey") ?? "" }),
    apiType: API_TYPES[wire],
    models: modelsOf(target).map((id) => ({
      id,
      name: `${id} (${GROUP})`,
      url: toolUrl(target, "vscode") + WHOLE_URL[wire],
      toolCalling: true,
      vision: false,
      maxInputTokens: INPUT_TOKENS,
      maxOutputTokens: OUTPUT_TOKENS,
    })),
  };
  if (groups.length > 0)
    return { path, format: "jsonc", edits: [{ at: [ours < 0 ? groups.length : ours], value }] };
  return wholeFile(machine, { path, format: "jsonc", text: `${JSON.stringify([value], undefined, 2)}\n` });
}

function isOurs(group: unknown): boolean {
  return isJsonObject(group) && group["name"] === GROUP && group["vendor"] === "customendpoint";
}

/** Groups of models have keys of their own; ours count first when they are there. */
function sources(reader: Sources): Source[] {
  return rootsOf(reader.machine).flatMap((folder) => {
    const path = fileOf(reader.machine, folder);
    const there = reader.document(path, "jsonc");
    const groups = Array.isArray(there) ? (there as readonly Json[]) : [];
    return groups
      .map((group, index) => ({ group, index }))
      .toSorted((a, b) => Number(isOurs(b.group)) - Number(isOurs(a.group)))
      .flatMap(({ group, index }) => [
        ...reader.closed("store", path, stringAt(group, "apiKey")?.startsWith("${input:") ?? false),
        ...reader.setting("base-url", { path, format: "jsonc", at: [index, "url"] }),
        ...reader.setting("base-url", { path, format: "jsonc", at: [index, "models", 0, "url"] }),
      ]);
  });
}
