import { isAbsolute, join, resolve } from "node:path";
import { AppError } from "../../kernel/index.ts";

/** A git repository on disk, as git itself sees it. */
export interface Repository {
  /** The work tree's folder. */
  readonly folder: string;
  /** Where git looks for hooks: what `core.hooksPath` says, else the folder of the repository itself. */
  readonly hooksFolder: string;
  /** Those hooks run in other repositories as well. */
  readonly hooksShared: boolean;
}

/** @throws AppError `not_found` when the folder is in no repository, `unsupported` without git. */
export function repositoryAt(folder: string): Repository {
  const top = git(folder, "rev-parse", "--show-toplevel");
  if (top === undefined) {
    throw new AppError("not_found", `${folder} is in no git repository`, {
      hint: "change into the repository, or make one: git init",
    });
  }
  const common = resolve(top, git(top, "rev-parse", "--git-common-dir") ?? ".git");
  const hooks = resolve(top, git(top, "rev-parse", "--git-path", "hooks") ?? join(common, "hooks"));
  const own = [top, common].some((place) => hooks === place || hooks.startsWith(`${place}/`));
  return { folder: top, hooksFolder: hooks, hooksShared: !own && isAbsolute(hooks) };
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
