import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { answeringProgram, errorFromDocument, type Running } from "../control/index.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { AppError, isJsonObject, parseJson } from "../kernel/index.ts";
import { look } from "./place.ts";

const READY_WITHIN_MS = 20_000;

/** The command that runs this program: the executable itself, or Bun with what it was told (bin/ownkey) and the entry file. */
export function selfCommand(): [command: string, ...args: string[]] {
  const entry = Bun.main;
  return entry.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, ...process.execArgv, entry];
}

export interface InBackground {
  readonly running: Running;
  /** It was started by this call. */
  readonly isNew: boolean;
}

/**
 * Starts `ownkey up` in the background with the same arguments and waits until it answers; one that runs already is
 * as good.
 * @throws AppError as the program that was started told when it ended before that; `not_running` when it told nothing,
 *   or takes longer than 20 seconds.
 */
export async function startDetached(home: string, argv: readonly string[]): Promise<InBackground> {
  const found = await answeringProgram(home);
  if (found) return { running: found, isNew: false };
  ensurePrivateDir(join(home, "log"));
  const output = startLogOf(home);
  // What it says is read by this process.
  const child = startChild(argv.includes("--json") ? argv : [...argv, "--json"], output);
  const answer = await look(READY_WITHIN_MS, async () => {
    // First whether it has ended: one that found another one running has ended well, and that one answers.
    const ended = child.hasEnded();
    return (await answeringProgram(home)) ?? (ended ? "ended" : undefined);
  });
  child.leave();
  if (answer !== undefined && answer !== "ended") return { running: answer, isNew: answer.pid === child.pid };
  const told = answer === "ended" ? lastErrorIn(output) : undefined;
  if (told) throw told;
  const what = answer === "ended" ? "ended at once, and said nothing" : "is not ready after 20 seconds";
  throw new AppError("not_running", `Ownkey ${what}`, { hint: `see what is in ${join(home, "log")}` });
}

/**
 * Whether this process was started in the background: its standard error is then the file of that start. What keeps a
 * start from succeeding is read there; nobody would ever shorten it.
 */
export function isInBackground(home: string): boolean {
  try {
    const own = fstatSync(2);
    const file = statSync(startLogOf(home));
    return own.dev === file.dev && own.ino === file.ino;
  } catch {
    return false;
  }
}

function startLogOf(home: string): string {
  return join(home, "log", "start.log");
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
    pid: child.pid,
    hasEnded: () => ended,
    /** This process may end without it. */
    leave: () => child.unref(),
  };
}

/** What the child told before it ended, as commands tell with `--json`; its messages are fit for its user. */
function lastErrorIn(output: string): AppError | undefined {
  const documents = readFileSync(output, "utf8")
    .split("\n")
    .map((line) => parseJson(line));
  const told = documents.findLast((document) => isJsonObject(document) && isJsonObject(document["error"]));
  return told === undefined ? undefined : errorFromDocument(told);
}
