import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurable } from "../../files/index.ts";
import { type HookManager, hookManagerOf } from "./hook-manager.ts";
import { type HookName, HOOKS, hookScript, isOurHook, previousIn } from "./hook-script.ts";
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
  readonly installed: boolean;
  /** The hook that was there before, and is called first. */
  readonly previous: string | undefined;
}

/** What guards the repository of a folder. @throws AppError `not_found` outside of a repository. */
export function guardStatus(folder: string): GuardStatus {
  const repository = repositoryAt(folder);
  return {
    repository: repository.folder,
    hooksFolder: repository.hooksFolder,
    hooksShared: repository.hooksShared,
    hooks: HOOKS.map((hook) => statusOf(repository, hook)),
    manager: hookManagerOf(repository),
  };
}

/**
 * Writes both hooks; ones that are there are kept and called first. Installing again renews them. Where a hook manager
 * writes the hooks nothing is changed: the status holds what to add by hand.
 */
export function installGuard(folder: string, program: string): GuardStatus {
  const repository = repositoryAt(folder);
  if (!hookManagerOf(repository)) {
    mkdirSync(repository.hooksFolder, { recursive: true });
    for (const hook of HOOKS) install(repository, hook, program);
  }
  return guardStatus(folder);
}

/** Takes our hooks out and puts the earlier ones back. What is not ours stays. */
export function uninstallGuard(folder: string): GuardStatus {
  const repository = repositoryAt(folder);
  for (const hook of HOOKS) uninstall(repository, hook);
  return guardStatus(folder);
}

function install({ hooksFolder }: Repository, hook: HookName, program: string): void {
  const path = join(hooksFolder, hook);
  const present = textOf(path);
  let previous: string | undefined;
  if (present !== undefined && isOurHook(present)) previous = previousIn(present);
  else if (present !== undefined) {
    previous = freeName(hooksFolder, hook);
    renameSync(path, join(hooksFolder, previous));
  }
  writeDurable(path, hookScript({ hook, program, previous }), HOOK_MODE);
}

function uninstall({ hooksFolder }: Repository, hook: HookName): void {
  const path = join(hooksFolder, hook);
  const present = textOf(path);
  if (present === undefined || !isOurHook(present)) return;
  const previous = previousIn(present);
  const before = previous === undefined ? undefined : join(hooksFolder, previous);
  if (before !== undefined && existsSync(before)) renameSync(before, path);
  else rmSync(path);
}

function statusOf({ hooksFolder }: Repository, hook: HookName): HookStatus {
  const text = textOf(join(hooksFolder, hook));
  const installed = text !== undefined && isOurHook(text);
  return { hook, installed, previous: installed ? previousIn(text) : undefined };
}

/** Another name stays free for one that was moved aside earlier. */
function freeName(folder: string, hook: HookName): string {
  const wanted = `${hook}.before-ownkey`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!existsSync(join(folder, name))) return name;
  }
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
