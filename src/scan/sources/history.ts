import { utf8 } from "../../kernel/index.ts";
import { isPackedFile } from "../content.ts";
import type { Source, SourceStream } from "../source.ts";
import { ByteReader } from "./byte-reader.ts";
import { type Blob, readBlobs } from "./cat-file.ts";
import { type GitPlace, startGit } from "./git.ts";
import { type Change, readChanges } from "./raw-changes.ts";

export interface HistorySourceOptions extends GitPlace {
  /**
   * What to look at, as commits of which the ancestors count, `^` before those of which they do not: for a push, what
   * is pushed and `^` what the other side has. Everything that any branch, tag or stash reaches unless given.
   */
  readonly commits?: readonly string[];
}

const COMMIT = /^\^?[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Every content that the history ever held, each once, at the oldest commit and path that brought it in. Only the
 * ids are kept in memory. Anyone who has the repository can read them.
 */
export function historySource(options: HistorySourceOptions): Source {
  return {
    name: `history of ${options.folder}`,
    async *items() {
      for await (const blob of readBlobs(options, eachOnce(changes(options)))) yield streamOfBlob(blob);
    },
  };
}

export function streamOfBlob({ request, sizeBytes, chunks }: Blob<Change>): SourceStream {
  const { path, commit } = request;
  const origin = { path, readers: "repository" } as const;
  return {
    origin: commit === "" ? { ...origin, kind: "staged" } : { ...origin, kind: "git", commit },
    sizeBytes,
    chunks,
  };
}

async function* changes(options: HistorySourceOptions): AsyncGenerator<Change> {
  const commits = startGit(
    options,
    ["rev-list", "--reverse", ...revisionFlags(options)],
    revisionLines(options),
  );
  const flags = ["-r", "-m", "--root", "-z", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AMT"];
  const trees = startGit(options, ["diff-tree", "--stdin", ...flags], commits.output);
  try {
    yield* readChanges(new ByteReader(trees.output));
    await commits.finished();
    await trees.finished();
  } finally {
    commits.kill();
    trees.kill();
  }
}

function revisionFlags({ commits }: HistorySourceOptions): string[] {
  return commits ? ["--stdin"] : ["--all"];
}

/** Given on standard input, and only as ids: nothing of them can be an option. */
function revisionLines({ commits }: HistorySourceOptions): Uint8Array | "ignore" {
  if (!commits) return "ignore";
  return utf8(
    commits
      .filter((commit) => COMMIT.test(commit))
      .map((commit) => `${commit}\n`)
      .join(""),
  );
}

async function* eachOnce(all: AsyncIterable<Change>): AsyncGenerator<Change> {
  const seen = new Set<string>();
  for await (const change of all) {
    if (seen.has(change.id) || isPackedFile(change.path)) continue;
    seen.add(change.id);
    yield change;
  }
}
