/** What SDKs and scripts read: variables of shells, projects, and of the desktop session. */
import { keyOf, type ToolAdapter, type ToolPlan, toolUrl, type ConnectTarget } from "../adapter.ts";
import type { FileFormat } from "../files/tool-file.ts";
import { foldersOf } from "../machine.ts";
import type { Sources } from "../source.ts";
import type { ToolMachine } from "../tool-machine.ts";
import type { Wire } from "../wire.ts";
import { shellStartFiles } from "./shell-files.ts";
import { CHAT, GEMINI, MESSAGES } from "./styles.ts";

/** The variables of each SDK: key, base URL, and what its base URL ends in. */
const SDKS = [
  { wire: "chat", key: "OPENAI_API_KEY", url: "OPENAI_BASE_URL", path: "/v1" },
  { wire: "messages", key: "ANTHROPIC_API_KEY", url: "ANTHROPIC_BASE_URL", path: "" },
  { wire: "gemini", key: "GEMINI_API_KEY", url: "GOOGLE_GEMINI_BASE_URL", path: "" },
] as const satisfies readonly { wire: Wire; key: string; url: string; path: string }[];

interface Environment {
  readonly id: string;
  readonly name: string;
  readonly format: FileFormat;
  readonly files: (machine: ToolMachine) => readonly string[];
  readonly place: (machine: ToolMachine) => string | undefined;
  readonly restart: string;
  readonly notes: readonly string[];
  /** Its variables are those of this process when it was started there. */
  readonly ofProcess: boolean;
}

export const shell = environmentAdapter({
  id: "shell",
  name: "shells and what they start",
  format: "shell",
  files: shellStartFiles,
  place: (machine) => machine.env["SHELL"] ?? shellStartFiles(machine).find((path) => machine.exists(path)),
  restart: "open a new shell",
  notes: ["every program that a shell starts sees the virtual key; it is of use at the gateway only"],
  ofProcess: true,
});

export const direnv = environmentAdapter({
  id: "direnv",
  name: "direnv, in this folder",
  format: "shell",
  files: (machine) => inProject(machine, ".envrc"),
  place: (machine) => inProject(machine, ".envrc").find((path) => machine.exists(path)),
  restart: "run: direnv allow",
  notes: ["keep .envrc out of git: it holds a virtual key"],
  ofProcess: true,
});

export const dotenv = environmentAdapter({
  id: "dotenv",
  name: ".env, in this folder",
  format: "dotenv",
  files: (machine) => inProject(machine, ".env"),
  place: (machine) => inProject(machine, ".env").find((path) => machine.exists(path)),
  restart: "start the programs that read it again",
  notes: [
    "keep .env out of git: it holds a virtual key",
    "variables of the process come before it, for most programs",
  ],
  ofProcess: true,
});

export const systemd = environmentAdapter({
  id: "systemd",
  name: "systemd user session",
  format: "dotenv",
  files: (machine) => {
    const { xdgConfig, join, platform } = foldersOf(machine);
    return platform === "linux" ? [join(xdgConfig, "environment.d", "60-ownkey.conf")] : [];
  },
  place: (machine) => {
    const { xdgConfig, join, platform } = foldersOf(machine);
    const folders = [join(xdgConfig, "environment.d"), join(xdgConfig, "systemd", "user")];
    return platform === "linux" ? folders.find((path) => machine.exists(path)) : undefined;
  },
  restart: "log out and in again, or run: systemctl --user daemon-reload",
  notes: ["services and desktop programs of your session see the virtual key"],
  ofProcess: false,
});

function environmentAdapter({ id, name, ...environment }: Environment): ToolAdapter {
  const { format, files } = environment;
  return {
    id,
    name,
    detect: environment.place,
    traits: {
      styles: [{ ...CHAT }, MESSAGES, GEMINI],
      takes: "literal",
      refreshesToken: false,
      restart: environment.restart,
      usualUrl: "the provider of each SDK",
    },
    sources: (reader: Sources) =>
      SDKS.flatMap(({ key, url }) =>
        (
          [
            ["key", key],
            ["base-url", url],
          ] as const
        ).flatMap(([what, variable]) => [
          ...(environment.ofProcess ? reader.variable(what, variable) : []),
          ...files(reader.machine).flatMap((path) => reader.setting(what, { path, format, at: [variable] })),
        ]),
      ),
    plan: (machine, target): ToolPlan => ({
      files: files(machine).map((path) => ({
        path,
        format,
        edits: variablesFor(target, id).map(([variable, value]) => ({ at: [variable], value })),
        // A start file may be read by programs of others; a file of variables is ours.
        makePrivate: format === "dotenv",
      })),
      steps: [],
      notes: environment.notes,
    }),
    notInAll: "it changes what every program there uses, not one tool",
  };
}

/** Only of SDKs that some connection serves: others would fail at the gateway instead of working past it. */
export function variablesFor(target: ConnectTarget, tool: string): [name: string, value: string][] {
  return SDKS.filter(({ wire }) => target.served.includes(wire)).flatMap(({ key, url, path }) => [
    [key, keyOf(target).reveal()],
    [url, toolUrl(target, tool) + path],
  ]);
}

function inProject({ workingDirectory, platform, home, env }: ToolMachine, name: string): string[] {
  return workingDirectory === undefined
    ? []
    : [foldersOf({ platform, home, env }).join(workingDirectory, name)];
}
