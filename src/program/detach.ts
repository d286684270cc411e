import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Running } from "../control/index.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";
import { answeringProgram, look } from "./place.ts";

const READY_WITHIN_MS = 20_000;

/** The command that runs this program: the executable itself, or Bun with what it was told (bin/ownkey) and the entry file. */
export function selfCommand(): [command: string, ...args: string[]] {
  const entry = Bun.main;
  return entry.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, ...process.execArgv, entry];
}

/**
 * Starts `ownkey up` in the background with the same arguments and waits until it answers; one that runs already is
 * as good.
 * @throws AppError `not_running` when it ends before that, with what it said, or takes longer than 20 seconds.
 */
export async function startDetached(home: string, argv: readonly string[]): Promise<Running> {
  const found = await answeringProgram(home);
  if (found) return found;
  ensurePrivateDir(join(home, "log"));
  const output = join(home, "log", "start.log");
  const child = startChild(argv, output);
  const answer = await look(READY_WITHIN_MS, async () => {
    // First whether it has ended: one that found another one running has ended well, and that one answers.
    const ended = child.hasEnded();
    return (await answeringProgram(home)) ?? (ended ? "ended" : undefined);
  });
  child.leave();
  if (answer !== undefined && answer !== "ended") return answer;
  throw new AppError(
    "not_running",
    answer === "ended"
      ? `Ownkey ended at once: ${lastErrorIn(output)}`
      : "Ownkey is not ready after 20 seconds",
    { hint: `see ${output}` },
  );
}

function startChild(argv: readonly string[], output: string) {
  const handle = openSync(output, "w", 0o600);
  const [command, ...args] = selfCommand();
  const child = spawn(command, [...args, ...argv], { detached: true, stdio: ["ignore", handle, handle] });
  closeSync(handle);
  let ended = false;
  const onEnd = () => {
    ended = true;
  };
  child.once("exit", onEnd).once("error", onEnd);
  return {
    hasEnded: () => ended,
    /** This process may end without it. */
    leave: () => child.unref(),
  };
}

/** What the child told its user before it ended; its messages are fit for that. */
function lastErrorIn(output: string): string {
  const lines = readFileSync(output, "utf8").split("\n");
  const index = lines.findLastIndex((line) => line.startsWith("error: "));
  return index < 0 ? "it said nothing" : (lines[index] ?? "").slice("error: ".length);
}
