import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../finding.ts";
import { SAFE_ARGUMENTS } from "../sources/git.ts";
import { aboutKey } from "./about-key.ts";
import { byKey, type KeyPlace, onePerFile, shellQuoted } from "./key-place.ts";

/** Of these paths, which lie in a git repository and are tracked there. */
export type TrackedFiles = (paths: readonly string[]) => ReadonlySet<string>;

/** Keys in files that git keeps: everybody with a copy of the repository has them, in every version. */
export function checkTracked(keys: readonly KeyPlace[], tracked: TrackedFiles = trackedByGit): Finding[] {
  const onDisk = keys.filter(
    ({ finding }) => finding.origin.kind === "file" || finding.origin.kind === "tool",
  );
  const found = tracked([...new Set(onDisk.map(({ path }) => path))]);
  return [...byKey(onDisk.filter(({ path }) => found.has(path))).values()].flatMap((places) =>
    onePerFile(places).map((key) =>
      aboutKey(key, {
        rule: "tracked",
        severity: "high",
        title: "git keeps this file: everybody with a copy of the repository has the key, in every version",
        fix: fixOf(key),
      }),
    ),
  );
}

/** A file of settings need not be in git at all; source code must. */
function fixOf({ place, path }: KeyPlace): string {
  if (!place)
    return "replace the key at its provider, and take it out of this file: older versions of it stay";
  const name = shellQuoted(path.split("/").at(-1) ?? "");
  return `replace the key at its provider, then: git rm --cached ${shellQuoted(path)} && echo ${name} >> .gitignore`;
}

/** Asks git, one call for each repository; without git nothing counts as tracked. */
export function trackedByGit(paths: readonly string[]): ReadonlySet<string> {
  const git = Bun.which("git");
  if (git === null) return new Set();
  const tracked = new Set<string>();
  for (const [repository, inside] of Map.groupBy(paths, repositoryOf)) {
    if (repository === undefined) continue;
    for (const path of askGit(git, repository, inside)) tracked.add(path);
  }
  return tracked;
}

/** Paths above this number are asked for in several calls, as a command line has its limits. */
const MOST_ARGUMENTS = 500;

function askGit(git: string, repository: string, paths: readonly string[]): string[] {
  const found: string[] = [];
  for (let from = 0; from < paths.length; from += MOST_ARGUMENTS) {
    const asked = new Map(paths.slice(from, from + MOST_ARGUMENTS).map((path) => [realPath(path), path]));
    const { stdout, exitCode } = Bun.spawnSync(
      [git, ...SAFE_ARGUMENTS, "--literal-pathspecs", "ls-files", "-z", "--full-name", "--", ...asked.keys()],
      { cwd: repository, stdin: "ignore", stdout: "pipe", stderr: "ignore" },
    );
    if (exitCode !== 0) continue;
    for (const name of stdout.toString().split("\0")) {
      const path = asked.get(join(repository, name));
      if (name !== "" && path !== undefined) found.push(path);
    }
  }
  return found;
}

/** The nearest folder above that is a repository, links resolved. */
function repositoryOf(path: string): string | undefined {
  for (let folder = dirname(realPath(path)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
