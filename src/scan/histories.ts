import { join } from "node:path";
import { notice } from "./notice.ts";
import { oneForEachHistory, repositoryAround, repositoryOf } from "./repositories.ts";
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
      const around = paths.flatMap((path) => repositoryAround(path) ?? []);
      const below = [...seen].flatMap((path) => repositoryOf(path) ?? []);
      const folders = oneForEachHistory([...around, ...below]);
      if (folders.length === 0) {
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
