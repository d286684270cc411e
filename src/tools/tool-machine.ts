import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { readSmallFile } from "../files/index.ts";
import type { Machine } from "./machine.ts";

/** A machine whose files can be looked at: what adapters read from. Tests give a folder of their own as the home. */
export interface ToolMachine extends Machine {
  /** `undefined` when there is no such file, or it may not be read. */
  readonly read: (path: string) => Uint8Array | undefined;
  readonly exists: (path: string) => boolean;
  /** Where the command was given: for what belongs to a project. */
  readonly workingDirectory?: string;
  /** Names in a folder; none when there is no such folder. */
  readonly list: (path: string) => readonly string[];
}

/** Some tools keep years of state beside their settings. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** The machine itself, seen with this environment. */
export function systemMachine(machine: Machine & Pick<ToolMachine, "workingDirectory">): ToolMachine {
  return {
    ...machine,
    read: (path) => readSmallFile(path, LARGEST_BYTES),
    exists: (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
    list: (path) => quietly(() => readdirSync(path)) ?? [],
  };
}

/** The absolute path of the program that this name starts, if PATH leads to one. */
export function programOnPath(machine: Machine, name: string): string | undefined {
  const separator = machine.platform === "win32" ? ";" : ":";
  const folders = (machine.env["PATH"] ?? "").split(separator).filter((folder) => folder.startsWith("/"));
  return folders
    .map((folder) => `${folder}/${name}`)
    .find((path) => quietly(() => isExecutable(path)) === true);
}

function isExecutable(path: string): boolean {
  accessSync(path, constants.X_OK);
  return statSync(path).isFile();
}

/** For what may be missing or closed to us at any time, by somebody else's doing. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
