/** Which folders are repositories, as far as their files tell: git itself is asked only to read them. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { smallText } from "./small-text.ts";

const CONFIG = `${sep}.git${sep}config`;
const LINK = `${sep}.git`;
const HEAD = `${sep}HEAD`;

/**
 * The repository that a file shows to be there: `.git/config`, the file `.git` of a submodule or a further work tree, or
 * `HEAD` beside the objects of one without a work tree.
 */
export function repositoryOf(path: string): string | undefined {
  if (path.endsWith(CONFIG)) return path.slice(0, -CONFIG.length);
  if (path.endsWith(LINK)) return path.slice(0, -LINK.length);
  return path.endsWith(HEAD) && isBare(dirname(path)) ? dirname(path) : undefined;
}

/** The nearest repository above a path. */
export function repositoryAround(path: string): string | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git")) || isBare(folder)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Of folders that share one history, as work trees do, the repository's own one, else the first. */
export function oneForEachHistory(folders: Iterable<string>): string[] {
  const byHistory = new Map<string, string>();
  for (const folder of folders) {
    const history = historyFolder(folder);
    if (!byHistory.has(history) || history === realOf(join(folder, ".git"))) byHistory.set(history, folder);
  }
  return [...byHistory.values()];
}

/** Where a repository's objects are. What cannot be told is for git to find out: then it is the folder itself. */
function historyFolder(folder: string): string {
  const own = join(folder, ".git");
  const linked = /^gitdir: (.+)$/m.exec(smallText(own) ?? "")?.[1];
  if (linked === undefined) return existsSync(own) ? realOf(own) : realOf(folder);
  const place = resolve(folder, linked.trim());
  return realOf(resolve(place, (smallText(join(place, "commondir")) ?? ".").trim()));
}

function isBare(folder: string): boolean {
  return ["HEAD", "objects", "refs"].every((name) => existsSync(join(folder, name)));
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
