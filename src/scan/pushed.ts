/** What a `git push` would bring to the other side, from what git tells a pre-push hook on its standard input. */
import type { Source } from "./source.ts";
import { readBlobs } from "./sources/cat-file.ts";
import { type GitPlace, startGit } from "./sources/git.ts";
import { historySource, streamOfBlob } from "./sources/history.ts";
import { taggedObject } from "./sources/tags.ts";

const LINE = /^(\S+) ([0-9a-f]{40,64}) \S+ ([0-9a-f]{40,64})$/;
const NOTHING = /^0+$/;

interface Push {
  readonly ref: string;
  readonly local: string;
  readonly remote: string;
}

/**
 * `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` a line; a side that is not there has an id of zeros. Commits that any
 * remote is known to have are on the other side already.
 */
export function pushedSource(place: GitPlace, told: string): Source {
  return {
    name: `push from ${place.folder}`,
    async *items() {
      const pushes = told.trim() === "" ? await untold(place) : pushesIn(told);
      if (pushes.length === 0) return;
      const there = await known(place, [
        ...pushes.map(({ remote }) => remote).filter((id) => !NOTHING.test(id)),
        ...(await remoteTips(place)),
      ]);
      const commits = [...pushes.map(({ local }) => local), ...there.map((id) => `^${id}`)];
      yield* historySource({ ...place, commits }).items();
      // A tag has a message of its own; what is neither tag nor content is passed over.
      const tags = pushes.map(({ ref, local }) => taggedObject(local, ref));
      for await (const tag of readBlobs(place, tags)) yield streamOfBlob(tag, "repository");
    },
  };
}

function pushesIn(told: string): Push[] {
  return told.split("\n").flatMap((line) => {
    const [, ref = "", local = "", remote = ""] = LINE.exec(line.trim()) ?? [];
    return local === "" || NOTHING.test(local) ? [] : [{ ref, local, remote }];
  });
}

/**
 * Hook managers, and programs that are called before us, keep git's words to themselves. Then it is what pre-commit says
 * is pushed, else what is checked out.
 */
async function untold(place: GitPlace): Promise<Push[]> {
  const { PRE_COMMIT_TO_REF: tip = "" } = place.env;
  const wanted = /^[0-9a-f]{40,64}$/.test(tip) ? tip : "HEAD";
  const ids = await known(place, [wanted]);
  return ids.map((local) => ({ ref: wanted, local, remote: "0" }));
}

async function remoteTips(place: GitPlace): Promise<string[]> {
  return await lines(place, ["for-each-ref", "--format=%(objectname)", "refs/remotes/"]);
}

/** What somebody else has pushed meanwhile is not in this repository, and git would not go on with it. */
async function known(place: GitPlace, ids: readonly string[]): Promise<string[]> {
  const unique = [...new Set(ids)];
  const input = new TextEncoder().encode(unique.map((id) => `${id}^{commit}\n`).join(""));
  const answers = await lines(place, ["cat-file", "--batch-check=%(objectname)"], input);
  return answers.filter((answer) => /^[0-9a-f]{40,64}$/.test(answer));
}

async function lines(
  place: GitPlace,
  args: readonly string[],
  input: Uint8Array | "ignore" = "ignore",
): Promise<string[]> {
  const git = startGit(place, args, input);
  const text = await new Response(git.output).text();
  await git.finished();
  return text.split("\n").filter((line) => line !== "");
}
