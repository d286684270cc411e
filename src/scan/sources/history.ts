import { utf8 } from "../../kernel/index.ts";
import { isPackedFile } from "../content.ts";
import type { Readers } from "../origin.ts";
import type { Source, SourceStream } from "../source.ts";
import { ByteReader } from "./byte-reader.ts";
import { type Blob, readBlobs } from "./cat-file.ts";
import { type GitPlace, startGit } from "./git.ts";
import { messages } from "./messages.ts";
import { type Change, readChanges } from "./raw-changes.ts";
import type { Revisions } from "./revisions.ts";
import { taggedObjects } from "./tags.ts";

export interface HistorySourceOptions extends GitPlace {
  /**
   * What to look at, as commits of which the ancestors count, `^` before those of which they do not: for a push, what
   * is pushed and `^` what the other side has. All that the repository has unless given: what its branches and tags
   * reach, and what lies here alone, such as stashes and branches that were deleted.
   */
  readonly commits?: readonly string[];
}

const COMMIT = /^\^?[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Everything but what is stashed, which nobody else gets. */
const SHARED = ["--exclude=refs/stash", "--all"];

/**
 * Every content that the history ever held, each once, at the oldest commit and path that brought it in, and the messages
 * of commits and tags. Only ids are kept in memory.
 */
export function historySource(options: HistorySourceOptions): Source {
  return {
    name: `history of ${options.folder}`,
    async *items() {
      const seen = new Set<string>();
      for (const revisions of partsOf(options)) {
        const { readers } = revisions;
        const contents = readBlobs(options, eachOnce(changes(options, revisions), seen));
        for await (const blob of contents) yield streamOfBlob(blob, readers);
        yield* messages(options, revisions);
      }
      if (options.commits) return;
      for await (const tag of readBlobs(options, taggedObjects(options)))
        yield streamOfBlob(tag, "repository");
    },
  };
}

function partsOf({ commits }: HistorySourceOptions): Revisions[] {
  if (commits) return [{ flags: ["--stdin"], input: revisionLines(commits), readers: "repository" }];
  return [
    { flags: SHARED, input: "ignore", readers: "repository" },
    { flags: ["--glob=refs/stas[h]", "--reflog", "--not", ...SHARED], input: "ignore" },
  ];
}

/** Given on standard input, and only as ids: nothing of them can be an option. */
function revisionLines(commits: readonly string[]): Uint8Array {
  return utf8(
    commits
      .filter((commit) => COMMIT.test(commit))
      .map((commit) => `${commit}\n`)
      .join(""),
  );
}

export function streamOfBlob({ request, sizeBytes, chunks }: Blob<Change>, readers?: Readers): SourceStream {
  const { path, commit } = request;
  const origin = { path, ...(readers === undefined ? {} : { readers }) };
  return {
    origin: commit === "" ? { ...origin, kind: "staged" } : { ...origin, kind: "git", commit },
    sizeBytes,
    chunks,
  };
}

async function* changes(place: GitPlace, { flags, input }: Revisions): AsyncGenerator<Change> {
  const commits = startGit(place, ["rev-list", "--reverse", ...flags], input);
  const shown = ["-r", "-m", "--root", "-z", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AMT"];
  const trees = startGit(place, ["diff-tree", "--stdin", ...shown], commits.output);
  try {
    yield* readChanges(new ByteReader(trees.output));
    await commits.finished();
    await trees.finished();
  } finally {
    commits.kill();
    trees.kill();
  }
}

async function* eachOnce(all: AsyncIterable<Change>, seen: Set<string>): AsyncGenerator<Change> {
  for await (const change of all) {
    if (seen.has(change.id) || isPackedFile(change.path)) continue;
    seen.add(change.id);
    yield change;
  }
}
