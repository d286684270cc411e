import { join } from "node:path";
import { modelsOf, keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf, type Machine } from "../machine.ts";
import type { Source, Sources } from "../source.ts";
import { readCursorState } from "./cursor-state.ts";
import { CHAT } from "./styles.ts";

/** What Cursor sends to a base URL that ends in `/v1`; the gateway reads its bodies tolerantly under this path. */
export function cursorBaseUrl(gatewayUrl: string): string {
  return `${toolUrl({ gatewayUrl }, "cursor")}/cursor/v1`;
}

export const cursor: ToolAdapter = {
  id: "cursor",
  name: "Cursor",
  traits: {
    styles: [CHAT],
    takes: "dialog",
    refreshesToken: false,
    wantsModels: true,
    desktop: true,
    fromOutside: true,
    usualUrl: "Cursor's servers, on your Cursor plan",
  },
  sources,
  // Its state database is undocumented and written again from memory when it ends: nothing is written there.
  plan: (_machine, target) => ({
    files: [],
    steps: [
      {
        text: "in Cursor open Settings, Models, API Keys, and enter",
        values: [
          { name: "OpenAI API Key", value: keyOf(target) },
          { name: "Override OpenAI Base URL", value: cursorBaseUrl(target.gatewayUrl) },
        ],
      },
      {
        text: "add the models by name, choose Verify, and send one message with one of them",
        values: modelsOf(target).map((value) => ({ name: "model", value })),
      },
    ],
    notes: [],
  }),
  limits: [
    "Cursor's servers call the address, not this computer: it has to be reachable from the internet, with https (--public-url or --tunnel)",
    "your prompts pass through Cursor's servers as before",
    "Tab, Apply, Auto and Cursor's own models do not use your key: they stay on your Cursor plan",
    "one address and one key serve every OpenAI model: built-in OpenAI models go there too while the override is on",
    "an administrator of a team can forbid keys of your own; some plans do not let Agent use them",
  ],
  notInAll:
    "its servers call the gateway, so that it needs a public address: ownkey tools connect cursor --tunnel cloudflared",
};

/** What lies in its state database, as far as it is not encrypted. Its settings.json holds no key that it reads. */
function sources(reader: Sources): Source[] {
  const path = stateDatabaseOf(reader.machine);
  if (!reader.machine.exists(path)) return [];
  const state = readCursorState(path);
  if (!state) {
    reader.problems.push(`${reader.shown(path)} cannot be read now`);
    return [];
  }
  return [
    ...state.plainKeys.map(({ row, value }): Source => ({
      what: "key",
      kind: "literal",
      label: `${reader.shown(path)} ${row}`,
      value,
      path,
    })),
    ...reader.closed("store", path, state.hasSecretKey && state.usesOpenAiKey),
    ...(state.baseUrl === undefined
      ? []
      : [
          {
            what: "base-url",
            kind: "literal",
            label: `${reader.shown(path)} openAIBaseUrl`,
            value: state.baseUrl,
            path,
          } as const,
        ]),
    ...reader.closed("login", path, state.isSignedIn),
  ];
}

export function stateDatabaseOf(machine: Machine): string {
  return join(foldersOf(machine).settings, "Cursor", "User", "globalStorage", "state.vscdb");
}
