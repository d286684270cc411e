import { keyOf, type ToolAdapter, toolUrl } from "../adapter.ts";
import { foldersOf } from "../machine.ts";
import { projectFolders } from "../project-folders.ts";
import type { Source, Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import { GEMINI } from "./styles.ts";

const AUTH = ["security", "auth", "selectedType"];

export const geminiCli: ToolAdapter = {
  id: "gemini-cli",
  name: "Gemini CLI",
  program: "gemini",
  traits: {
    styles: [GEMINI],
    takes: "literal",
    refreshesToken: false,
    restart: "start the Gemini CLI again",
    usualUrl: "https://generativelanguage.googleapis.com",
  },
  sources,
  plan(machine, target) {
    const { settings, env } = placesOf(machine);
    return {
      files: [
        {
          path: env,
          format: "dotenv",
          edits: [
            { at: ["GEMINI_API_KEY"], value: keyOf(target).reveal() },
            { at: ["GOOGLE_GEMINI_BASE_URL"], value: toolUrl(target, "gemini-cli") },
          ],
          makePrivate: true,
        },
        // A base URL alone selects a way of signing in that it refuses without a terminal.
        { path: settings, format: "jsonc", edits: [{ at: AUTH, value: "gemini-api-key" }] },
      ],
      steps: [],
      notes: [
        "a .env file in a project's folder, or above it, is read instead of this one",
        "in folders that you have not told it to trust, the Gemini CLI reads no .env file: start it there and trust the folder, or set GEMINI_CLI_TRUST_WORKSPACE=true",
      ],
    };
  },
};

function placesOf(machine: ToolMachine) {
  const { home, join, variable } = foldersOf(machine);
  const folder = join(variable("GEMINI_CLI_HOME") ?? home, ".gemini");
  return {
    settings: join(folder, "settings.json"),
    env: join(folder, ".env"),
    homeEnv: join(home, ".env"),
    stored: join(folder, "gemini-credentials.json"),
    login: join(folder, "oauth_creds.json"),
  };
}

/** The first that is there is read, and none of the others: the nearest of the project, then the user's. */
function envFileOf(machine: ToolMachine): string {
  const { env, homeEnv } = placesOf(machine);
  const { join } = foldersOf(machine);
  const near = projectFolders(machine, { beyondRepository: true }).flatMap((folder) => [
    join(folder, ".gemini", ".env"),
    join(folder, ".env"),
  ]);
  return [...near, env].find((path) => machine.exists(path)) ?? homeEnv;
}

/** The selected type decides first. Variables of the process come before `.env`, of which the first found is read. */
function sources(reader: Sources): Source[] {
  const { settings, stored, login } = placesOf(reader.machine);
  const file = envFileOf(reader.machine);
  const from = (what: Source["what"], name: string) => [
    ...reader.variable(what, name),
    ...reader.setting(what, { path: file, format: "dotenv", at: [name] }),
  ];
  const selected = reader.value(settings, "jsonc", AUTH);
  const byLogin = reader.closed("login", login);
  const keys = [
    ...from("key", "GEMINI_API_KEY"),
    ...reader.closed("store", stored),
    ...from("key", "GOOGLE_API_KEY"),
  ];
  const isByKey = selected === "gemini-api-key" || (selected === undefined && keys.length > 0);
  return [
    ...(isByKey ? [...keys, ...byLogin] : [...byLogin, ...keys]),
    ...from("base-url", "GOOGLE_GEMINI_BASE_URL"),
  ];
}
