import { statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { AppError } from "../../kernel/index.ts";

/** A git repository on disk, as git itself sees it. */
export interface Repository {
  /** The work tree's folder. */
  readonly folder: string;
  /** Where git looks for hooks: what `core.hooksPath` says, else {@link ownHooksFolder}. */
  readonly hooksFolder: string;
  /** The hooks' folder of the repository itself. */
  readonly ownHooksFolder: string;
  /** Those hooks run in other repositories as well. */
  readonly hooksShared: boolean;
  /** The repository keeps them, so that everybody who has it gets them. */
  readonly hooksTracked: boolean;
}

/** @throws AppError `not_found` when the folder is in no repository, `unsupported` without git. */
export function repositoryAt(folder: string): Repository {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AppError("not_found", `there is no folder at ${folder}`);
  }
  const top = git(folder, "rev-parse", "--show-toplevel");
  if (top === undefined) {
    throw new AppError("not_found", `${folder} is in no git repository with a work tree`, {
      hint: "change into the repository, or make one: git init",
    });
  }
  const common = resolve(top, git(top, "rev-parse", "--git-common-dir") ?? ".git");
  const ownHooksFolder = join(common, "hooks");
  const hooksFolder = resolve(top, git(top, "rev-parse", "--git-path", "hooks") ?? ownHooksFolder);
  const own = [top, common].some((place) => hooksFolder === place || hooksFolder.startsWith(`${place}/`));
  const tracked = hooksFolder === ownHooksFolder ? undefined : git(top, "ls-files", "--", hooksFolder);
  return {
    folder: top,
    hooksFolder,
    ownHooksFolder,
    hooksShared: !own && isAbsolute(hooksFolder),
    hooksTracked: tracked !== undefined && tracked !== "",
  };
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  const program = Bun.which("git");
  if (program === null) {
    throw new AppError("unsupported", "git was not found on this machine", { hint: "install git first" });
  }
  const result = Bun.spawnSync([program, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  return result.exitCode === 0 ? result.stdout.toString().replace(/\n$/, "") : undefined;
}
