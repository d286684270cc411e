import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { notice } from "./notice.ts";
import type { Source, SourceItem } from "./source.ts";
import type { GitPlace } from "./sources/git.ts";
import { historySource } from "./sources/history.ts";
import { unreadable } from "./unreadable.ts";

/**
 * The histories of the repositories that the paths are in, and of those that were come by below them. To be gone
 * through after the files, as it is those that tell where repositories are.
 */
export function historiesOf(
  paths: readonly string[],
  seen: ReadonlySet<string>,
  env: GitPlace["env"],
): Source {
  return {
    name: "git histories",
    async *items() {
      const folders = new Set([...paths.flatMap(enclosing), ...repositoriesIn(seen)]);
      if (folders.size === 0) {
        yield notice("source_failed", paths.join(" "), "there is no git repository here");
      }
      for (const folder of folders) {
        // One that cannot be read is no reason to leave out the others.
        try {
          yield* named(folder, historySource({ folder, env }));
        } catch (error) {
          yield unreadable(folder, error, "source_failed");
        }
      }
    },
  };
}

/** Paths in a history are relative to its repository, of which there may be many. */
async function* named(folder: string, source: Source): AsyncGenerator<SourceItem> {
  for await (const item of source.items()) {
    if (!("origin" in item)) yield item;
    else yield { ...item, origin: { ...item.origin, path: join(folder, item.origin.path) } };
  }
}

function enclosing(path: string): string[] {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return [folder];
    if (folder === dirname(folder)) return [];
  }
}

const CONFIG = `${sep}.git${sep}config`;
const LINK = `${sep}.git`;

/** A repository has `.git/config`; a submodule or a further work tree has a file `.git`. */
export function isOfRepository(path: string): boolean {
  return path.endsWith(CONFIG) || path.endsWith(LINK);
}

function repositoriesIn(seen: ReadonlySet<string>): string[] {
  return [...seen]
    .filter(isOfRepository)
    .map((path) => path.slice(0, path.endsWith(CONFIG) ? -CONFIG.length : -LINK.length));
}
