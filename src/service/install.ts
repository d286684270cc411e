import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { syncDir, writeDurable } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { refuseControlCharacters } from "./definition.ts";

const EXECUTABLE_MODE = 0o755;

/** What is running: one executable file, or a package folder with its launcher `bin/ownkey`. */
export type ProgramSource =
  | { readonly kind: "executable"; readonly path: string }
  | { readonly kind: "package"; readonly launcher: string };

export interface InstallOptions {
  readonly source: ProgramSource;
  readonly userHome: string;
  /** The variable PATH. */
  readonly searchPath: string;
  readonly platform: string;
}

export interface InstalledProgram {
  /** Absolute; stays the same over updates, so that tools and services can name it. */
  readonly path: string;
  readonly kind: ProgramSource["kind"];
  readonly notes: readonly string[];
}

/** Where {@link installProgram} puts it. */
export function installedProgramPath(userHome: string): string {
  return join(userHome, ".local/bin/ownkey");
}

/**
 * @param mainPath path of the running `main.ts`; inside a compiled executable it lies in Bun's virtual folder.
 * @param execPath `process.execPath`.
 */
export function programSource(mainPath: string, execPath: string): ProgramSource {
  if (/^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(mainPath)) return { kind: "executable", path: execPath };
  return { kind: "package", launcher: resolve(dirname(mainPath), "../bin/ownkey") };
}

/**
 * Puts the program at its stable place, replacing an older one in one step: a copy of the executable, or a launcher
 * that runs the package where it lies.
 * @throws AppError `unsupported` on Windows, `conflict` when a folder has that name.
 */
export function installProgram(options: InstallOptions): InstalledProgram {
  const { source, userHome, platform } = options;
  if (platform === "win32") {
    throw new AppError("unsupported", "ownkey install does not work on Windows yet", {
      hint: "put the folder of ownkey.exe into the variable Path",
    });
  }
  const path = installedProgramPath(userHome);
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AppError("conflict", `${path} is a folder`, { hint: "move it away and run it again" });
  }
  mkdirSync(dirname(path), { recursive: true, mode: EXECUTABLE_MODE });
  if (source.kind === "executable") copyExecutable(source.path, path);
  else {
    writeDurable(path, launcherScript(source.launcher), EXECUTABLE_MODE);
    chmodSync(path, EXECUTABLE_MODE);
  }
  return {
    path,
    kind: source.kind,
    notes: [...packageNotes(source), ...searchPathNotes(path, options.searchPath)],
  };
}

/**
 * Takes the program away from its stable place, when it is what {@link installProgram} put there. Gives whether it is
 * gone: what somebody else has put there stays.
 */
export function uninstallProgram({ source, userHome }: Pick<InstallOptions, "source" | "userHome">): boolean {
  const path = installedProgramPath(userHome);
  if (!existsSync(path)) return true;
  const isOurs =
    source.kind === "executable"
      ? realpathSync(path) === realpathSync(source.path) || sameContent(path, source.path)
      : isLauncher(path);
  if (!isOurs) return false;
  rmSync(path);
  syncDir(dirname(path));
  return true;
}

function sameContent(a: string, b: string): boolean {
  return statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b));
}

function isLauncher(path: string): boolean {
  return readFileSync(path).subarray(0, LAUNCHER_HEAD.length).toString("utf8") === LAUNCHER_HEAD;
}

const LAUNCHER_HEAD = "#!/bin/sh\n# Made by `ownkey install`.";

/** The launcher's text: runs the package's own launcher with the same arguments. */
export function launcherScript(launcher: string): string {
  refuseControlCharacters(launcher);
  return `${LAUNCHER_HEAD} Runs Ownkey from the folder named here, and stops working when that folder goes.
exec '${launcher.replaceAll("'", "'\\''")}' "$@"
`;
}

function copyExecutable(from: string, to: string): void {
  // Run from where it is already installed.
  if (existsSync(to) && realpathSync(from) === realpathSync(to)) return;
  const temporary = join(dirname(to), `.${basename(to)}.${process.pid}.tmp`);
  try {
    copyFileSync(from, temporary);
    chmodSync(temporary, EXECUTABLE_MODE);
    const handle = openSync(temporary, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    // By rename, so that a running older one keeps its file.
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDir(dirname(to));
}

function packageNotes(source: ProgramSource): string[] {
  if (source.kind === "executable") return [];
  const folder = dirname(dirname(source.launcher));
  if (/[\\/]_npx[\\/]/.test(folder)) {
    return [
      `it runs from npx's cache (${folder}), which npm may empty: run npm install -g ownkey, then this again`,
    ];
  }
  return [`it runs from ${folder}: when that folder moves or goes, run ownkey install again`];
}

function searchPathNotes(path: string, searchPath: string): string[] {
  const folder = dirname(path);
  if (searchPath.split(delimiter).includes(folder)) return [];
  return [`${folder} is not in PATH; add to your shell's start file: export PATH="$HOME/.local/bin:$PATH"`];
}
