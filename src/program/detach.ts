import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createSocketClient, readRunning, type Running } from "../control/index.ts";
import { ensurePrivateDir } from "../files/index.ts";
import { AppError } from "../kernel/index.ts";

const READY_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 25;

/** The command that runs this program: the executable itself, or Bun with the entry file. */
export function selfCommand(): [command: string, ...args: string[]] {
  const entry = Bun.main;
  return entry.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, entry];
}

/**
 * Starts `ownkey up` in the background with the same arguments and waits until it answers.
 * @throws AppError when it ends before that, naming where it says why.
 */
export async function startDetached(home: string, argv: readonly string[]): Promise<Running> {
  ensurePrivateDir(join(home, "log"));
  const output = join(home, "log", "start.log");
  const handle = openSync(output, "w", 0o600);
  const [command, ...args] = selfCommand();
  const child = spawn(command, [...args, ...argv], { detached: true, stdio: ["ignore", handle, handle] });
  closeSync(handle);
  let ended: number | null | undefined;
  child.once("exit", (code) => {
    ended = code;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const running = readRunning(home);
    if (running && (await createSocketClient(running.socket).answers())) {
      child.unref();
      return running;
    }
    if (ended !== undefined) break;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  throw new AppError(
    "not_running",
    ended === undefined ? "Ownkey did not get ready in time" : "Ownkey ended at once",
    {
      hint: `see ${output}`,
    },
  );
}
