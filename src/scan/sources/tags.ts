import { ByteReader } from "./byte-reader.ts";
import { type GitPlace, startGit } from "./git.ts";
import type { Change } from "./raw-changes.ts";

const LINE_FEED = 0x0a;
/** Of refs that point to a commit there is nothing to tell that its history does not hold. */
const REF = /^(?:tag|blob) ([0-9a-f]{40,64}) (.*)$/;

/** Annotated tags, which have a message, and contents that a ref points to by itself, as something to read. */
export async function* taggedObjects(place: GitPlace): AsyncGenerator<Change> {
  const git = startGit(place, ["for-each-ref", "--format=%(objecttype) %(objectname) %(refname)"]);
  const reader = new ByteReader(git.output);
  try {
    for (;;) {
      const line = await reader.textUntil(LINE_FEED);
      if (line === undefined) break;
      const [, id, ref] = REF.exec(line) ?? [];
      if (id !== undefined && ref !== undefined) yield taggedObject(id, ref);
    }
    await git.finished();
  } finally {
    git.kill();
  }
}

export function taggedObject(id: string, ref: string): Change {
  return { id, path: `.git (${ref})`, commit: id };
}
