import { AppError } from "../../kernel/index.ts";
import { isPackedFile } from "../content.ts";
import type { Source } from "../source.ts";
import { ByteReader } from "./byte-reader.ts";
import { readBlobs } from "./cat-file.ts";
import { type GitPlace, startGit } from "./git.ts";
import { streamOfBlob } from "./history.ts";
import { type Change, readChanges } from "./raw-changes.ts";
import { addedLines } from "./added-lines.ts";

/** For `git diff`: what the index holds against the last commit, or against nothing before the first one. */
const DIFF = [
  "diff",
  "--cached",
  "--no-ext-diff",
  "--no-textconv",
  "--no-renames",
  "--no-color",
  "--diff-filter=AMT",
];

/**
 * What the next commit would bring in: staged contents as they are in the index, not in the working tree. Only what
 * stands in added or changed lines counts: a secret that is in the file already is for `ownkey scan`.
 */
export function stagedSource(place: GitPlace): Source {
  return {
    name: `staged changes in ${place.folder}`,
    async *items() {
      let left = 0;
      // The process that reads contents starts while the other one still looks for changes.
      const changes = counted(stagedChanges(place), () => left++);
      for await (const blob of readBlobs(place, changes)) {
        left--;
        yield { ...streamOfBlob(blob), countedLines: () => linesAdded(place, blob.request) };
      }
      if (left > 0) throw notThere(place, left);
    },
  };
}

async function* counted<Item>(items: AsyncIterable<Item>, count: () => void): AsyncGenerator<Item> {
  for await (const item of items) {
    count();
    yield item;
  }
}

/** What is passed over in a history would here be committed unseen. */
function notThere({ folder }: GitPlace, count: number): AppError {
  return new AppError("internal", `${count} staged contents cannot be read in the repository at ${folder}`, {
    hint: `run: git -C '${folder}' fsck`,
  });
}

async function* stagedChanges(place: GitPlace): AsyncGenerator<Change> {
  const git = startGit(place, [...DIFF, "--raw", "-z", "--no-abbrev"]);
  for await (const change of readChanges(new ByteReader(git.output))) {
    if (!isPackedFile(change.path)) yield change;
  }
  await git.finished();
}

/** Asked only for files in which something was found. */
async function linesAdded(place: GitPlace, { path }: Change): Promise<(line: number) => boolean> {
  const git = startGit(place, [...DIFF, "--unified=0", "--", `:(top,literal)${path}`]);
  const isAdded = await addedLines(git.output);
  await git.finished();
  return isAdded;
}
