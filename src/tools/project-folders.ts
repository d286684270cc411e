import { dirname } from "node:path";
import type { ToolMachine } from "./tool-machine.ts";

/**
 * The folder where a command was given and those above it, the nearest first, as far as the repository goes; up to the
 * root of the file system outside of one. None when it is not known where that was.
 */
export function projectFolders(machine: ToolMachine, { beyondRepository = false } = {}): string[] {
  const folders: string[] = [];
  let at = machine.workingDirectory;
  while (at !== undefined) {
    folders.push(at);
    if (!beyondRepository && machine.exists(`${at}/.git`)) return folders;
    const above = dirname(at);
    at = above === at ? undefined : above;
  }
  return folders;
}

/** The root of the repository around the folder where a command was given; `undefined` outside of one. */
export function repositoryRoot(machine: ToolMachine): string | undefined {
  return projectFolders(machine).find((folder) => machine.exists(`${folder}/.git`));
}
