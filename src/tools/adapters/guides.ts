/** Tools without a file that could be changed from outside: dialogs, databases, Lua code. They get exact values. */
import { modelsOf, keyOf, type ToolAdapter, tokenCommandLine, toolUrl } from "../adapter.ts";
import { foldersOf } from "../machine.ts";
import type { ToolMachine } from "../tool-machine.ts";
import { CHAT } from "./styles.ts";

export const jetbrains: ToolAdapter = {
  id: "jetbrains",
  name: "JetBrains AI Assistant",
  detect: (machine) => {
    const { settings, join } = foldersOf(machine);
    const folder = join(settings, "JetBrains");
    const hasIde = machine.list(folder).some((name) => /^[A-Z][A-Za-z]+20\d\d\.\d/.test(name));
    return hasIde ? folder : undefined;
  },
  traits: {
    styles: [CHAT],
    takes: "dialog",
    refreshesToken: false,
    wantsModels: true,
    desktop: true,
    usualUrl: "JetBrains' own service",
  },
  sources: () => [],
  plan: (_machine, target) => ({
    files: [],
    steps: [
      {
        text: "in the IDE open Settings, Tools, AI Assistant, Providers & API keys, add an OpenAI-compatible provider, and enter",
        values: [
          { name: "Base URL", value: `${toolUrl(target, "jetbrains")}/v1` },
          { name: "API key", value: keyOf(target) },
          { name: "Model", value: modelsOf(target)[0] },
        ],
      },
    ],
    notes: ["each IDE has its own settings, and each model its own entry"],
  }),
};

export const openWebUi: ToolAdapter = {
  id: "open-webui",
  name: "Open WebUI",
  detect: (machine) => {
    const { home, join, variable } = foldersOf(machine);
    const folders = [
      variable("DATA_DIR"),
      join(home, ".open-webui"),
      join(home, "open-webui", "backend", "data"),
    ];
    return folders.find((folder) => folder !== undefined && machine.exists(join(folder, "webui.db")));
  },
  traits: { styles: [CHAT], takes: "dialog", refreshesToken: false, usualUrl: "https://api.openai.com/v1" },
  sources: (reader) => [
    ...reader.variable("key", "OPENAI_API_KEY"),
    ...reader.variable("base-url", "OPENAI_API_BASE_URL"),
  ],
  plan: (_machine, target) => ({
    files: [],
    steps: [
      {
        text: "in Open WebUI open Admin Panel, Settings, Connections, add an OpenAI connection, and enter",
        values: [
          { name: "URL", value: `${toolUrl(target, "open-webui")}/v1` },
          { name: "Key", value: keyOf(target) },
        ],
      },
    ],
    notes: [
      "after its first start Open WebUI takes these from its database, whatever its variables say",
      "in a container the name is host.docker.internal instead of 127.0.0.1: the gateway has to listen where the container reaches it (ownkey up --host ADDRESS) and to know the name (--allow-host host.docker.internal)",
    ],
  }),
};

export const avante = neovimPlugin("avante", "avante.nvim", (url, command, model) => [
  "-- in the options of avante.nvim",
  'provider = "ownkey",',
  "providers = {",
  "  ownkey = {",
  '    __inherited_from = "openai",',
  `    endpoint = ${lua(`${url}/v1`)},`,
  `    model = ${lua(model)},`,
  `    api_key_name = ${lua(`cmd:${command}`)},`,
  "  },",
  "},",
]);

export const codecompanion = neovimPlugin("codecompanion", "codecompanion.nvim", (url, command, model) => [
  "-- in the options of codecompanion.nvim",
  "adapters = {",
  "  http = {",
  "    ownkey = function()",
  '      return require("codecompanion.adapters").extend("openai_compatible", {',
  `        env = { url = ${lua(url)}, api_key = ${lua(`cmd:${command}`)} },`,
  `        schema = { model = { default = ${lua(model)} } },`,
  "      })",
  "    end,",
  "  },",
  "},",
  'interactions = { chat = { adapter = "ownkey" }, inline = { adapter = "ownkey" } },',
]);

function neovimPlugin(
  id: string,
  name: string,
  snippet: (url: string, command: string, model: string) => readonly string[],
): ToolAdapter {
  return {
    id,
    name,
    detect: (machine) => pluginFolders(machine, name).find((folder) => machine.exists(folder)),
    traits: {
      styles: [{ ...CHAT, path: "/v1/chat/completions" }],
      takes: "command",
      refreshesToken: true,
      wantsModels: true,
      restart: "start Neovim again",
      usualUrl: "the provider of its settings",
    },
    sources: () => [],
    plan: (_machine, target) => ({
      files: [],
      steps: [
        {
          text: `put this into your settings of ${name}; they are a program of your own, which Ownkey does not change`,
          snippet: snippet(toolUrl(target, id), tokenCommandLine(target, id), modelsOf(target)[0]).join("\n"),
        },
      ],
      notes: [],
    }),
  };
}

function pluginFolders(machine: ToolMachine, name: string): string[] {
  const { xdgData, join } = foldersOf(machine);
  const data = join(xdgData, "nvim");
  return [
    join(data, "lazy", name),
    join(data, "site", "pack", "packer", "start", name),
    join(data, "plugged", name),
  ];
}

function lua(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
