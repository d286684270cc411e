/** What people write about commits: a key gets in there as well, and goes wherever the commit goes. */
import { utf8 } from "../../kernel/index.ts";
import { SHORTEST_RUN } from "../runs.ts";
import { type SourceStream, streamOf } from "../source.ts";
import { ByteReader } from "./byte-reader.ts";
import { type GitPlace, startGit } from "./git.ts";
import type { Revisions } from "./revisions.ts";

/** `commit <id>`, a line feed, the message; then a zero byte, which no message holds, and a line feed. */
const FORMAT = "--format=%B%x00";
const NUL = 0;
const MESSAGE = /^\n?commit ([0-9a-f]{40,64})\n([^]*)$/;
/** Nearly all messages hold nothing that could be a secret. */
const MAY_HOLD_SECRET = new RegExp(`[\\w-]{${SHORTEST_RUN}}`);

export async function* messages(
  place: GitPlace,
  { flags, input, readers }: Revisions,
): AsyncGenerator<SourceStream> {
  const git = startGit(place, ["rev-list", FORMAT, ...flags], input);
  const reader = new ByteReader(git.output);
  try {
    for (;;) {
      const token = await reader.textUntil(NUL);
      if (token === undefined) break;
      const [, commit, message = ""] = MESSAGE.exec(token) ?? [];
      if (commit === undefined || !MAY_HOLD_SECRET.test(message)) continue;
      const origin = { kind: "git", path: ".git (commit message)", commit } as const;
      yield streamOf({ ...origin, ...(readers === undefined ? {} : { readers }) }, utf8(message));
    }
    await git.finished();
  } finally {
    git.kill();
  }
}
