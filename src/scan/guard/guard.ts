import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { writeDurable } from "../../files/index.ts";
import { AppError } from "../../kernel/index.ts";
import { smallText } from "../small-text.ts";
import { type HookManager, hookManagerOf } from "./hook-manager.ts";
import { foldersMadeIn, type HookName, HOOKS, hookScript, isOurHook, previousIn } from "./hook-script.ts";
import { type Repository, repositoryAt } from "./repository.ts";

const HOOK_MODE = 0o755;

export interface GuardStatus {
  /** The work tree. */
  readonly repository: string;
  readonly hooksFolder: string;
  /** The hooks serve other repositories too: `core.hooksPath` is set for all of them. */
  readonly hooksShared: boolean;
  readonly hooks: readonly HookStatus[];
  /** Set when another program writes the hooks: then ours are never written. */
  readonly manager: HookManager | undefined;
}

export interface HookStatus {
  readonly hook: HookName;
  /** Ours is there; or, where another program writes the hooks, it is told to call the guard. */
  readonly installed: boolean;
  /** The hook that was there before, and is called first. */
  readonly previous: string | undefined;
}

/** What guards the repository of a folder. @throws AppError `not_found` outside of a repository. */
export function guardStatus(folder: string): GuardStatus {
  const repository = repositoryAt(folder);
  const manager = hookManagerOf(repository);
  return {
    repository: repository.folder,
    hooksFolder: repository.hooksFolder,
    hooksShared: repository.hooksShared,
    hooks: HOOKS.map((hook) => statusOf(repository, hook, manager)),
    manager,
  };
}

/**
 * Writes both hooks; ones that are there are kept and called first. Installing again renews them. Where a hook manager
 * writes the hooks nothing is changed: the status holds what to add by hand.
 * @throws AppError `conflict` when git is told to look for hooks where none can be written.
 */
export function installGuard(folder: string, program: string): GuardStatus {
  const repository = repositoryAt(folder);
  if (!hookManagerOf(repository)) {
    const foldersMade = makeFolder(repository);
    for (const hook of HOOKS) install(repository, hook, { program, foldersMade });
  }
  return guardStatus(folder);
}

/**
 * Takes our hooks out, also those that git does not look for any more, and puts the earlier ones back. What is not ours
 * stays; folders that were made for our hooks go.
 */
export function uninstallGuard(folder: string): GuardStatus {
  const { hooksFolder, ownHooksFolder } = repositoryAt(folder);
  for (const hooks of new Set([hooksFolder, ownHooksFolder])) {
    const made = HOOKS.map((hook) => uninstall(hooks, hook));
    removeFolders(hooks, Math.max(...made));
  }
  return guardStatus(folder);
}

/** How many folders it has made. */
function makeFolder({ hooksFolder }: Repository): number {
  try {
    const first = mkdirSync(hooksFolder, { recursive: true });
    return first === undefined ? 0 : relative(dirname(first), hooksFolder).split(sep).length;
  } catch (cause) {
    throw new AppError("conflict", `git looks for hooks in ${hooksFolder}, where none can be written`, {
      hint: "see: git config --show-origin --get core.hooksPath",
      cause,
    });
  }
}

function removeFolders(folder: string, count: number): void {
  try {
    for (let at = folder, left = count; left > 0; at = dirname(at), left--) rmdirSync(at);
  } catch {
    // Somebody has put something there.
  }
}

function install(
  { hooksFolder }: Repository,
  hook: HookName,
  { program, foldersMade }: { readonly program: string; readonly foldersMade: number },
): void {
  const path = join(hooksFolder, hook);
  const present = textOf(path);
  const isOurs = isOurHook(present ?? "");
  let previous = isOurs ? previousIn(present ?? "") : undefined;
  if (present !== undefined && !isOurs) {
    previous = freeName(hooksFolder, hook);
    renameSync(path, join(hooksFolder, previous));
  }
  const made = isOurs ? foldersMadeIn(present ?? "") : foldersMade;
  writeDurable(path, hookScript({ hook, program, previous, foldersMade: made }), HOOK_MODE);
}

/** How many folders had been made for it. */
function uninstall(hooksFolder: string, hook: HookName): number {
  const path = join(hooksFolder, hook);
  const present = textOf(path) ?? "";
  if (!isOurHook(present)) return 0;
  const previous = previousIn(present);
  const before = previous === undefined ? undefined : join(hooksFolder, previous);
  if (before !== undefined && isThere(before)) renameSync(before, path);
  else rmSync(path);
  return foldersMadeIn(present);
}

function statusOf({ hooksFolder }: Repository, hook: HookName, manager: HookManager | undefined): HookStatus {
  if (manager) return { hook, installed: manager.calls.includes(hook), previous: undefined };
  const text = textOf(join(hooksFolder, hook)) ?? "";
  const installed = isOurHook(text);
  return { hook, installed, previous: installed ? previousIn(text) : undefined };
}

/** Another name stays free for one that was moved aside earlier. */
function freeName(folder: string, hook: HookName): string {
  const wanted = `${hook}.before-ownkey`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!isThere(join(folder, name))) return name;
  }
}

/** Empty for what is there and cannot be read, such as a link to nothing: it is somebody's all the same. */
function textOf(path: string): string | undefined {
  return isThere(path) ? (smallText(path) ?? "") : undefined;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
