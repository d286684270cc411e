import { readdirSync, readlinkSync, statSync } from "node:fs";
import { AppError } from "../../kernel/index.ts";

/**
 * A database is replaced as a whole, which a program that has it open would not notice and would write over.
 * @throws AppError `conflict` when one has, or was killed and left something that only it can bring in.
 */
export function assertClosed(path: string): void {
  const left = ["-wal", "-journal"].find((end) => sizeOf(path + end) > 0);
  const pid = left === undefined ? programWith(path) : undefined;
  if (left === undefined && pid === undefined) return;
  const who = pid === undefined ? "" : ` (process ${pid})`;
  throw new AppError("conflict", `${path} is in use${who}, so that it was left as it is`, {
    hint: "quit the program that it belongs to, then try again",
    details: { path },
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The process of this user that has the file open. */
function programWith(path: string): number | undefined {
  if (process.platform === "linux") {
    return numbersIn("/proc").find(
      (pid) =>
        pid !== process.pid &&
        numbersIn(`/proc/${pid}/fd`).some((fd) => leadsTo(`/proc/${pid}/fd/${fd}`, path)),
    );
  }
  if (process.platform !== "darwin") return undefined;
  const { stdout } = Bun.spawnSync(["lsof", "-t", "--", path], { stdout: "pipe", stderr: "ignore" });
  const [first] = stdout.toString().split("\n");
  return first ? Number(first) : undefined;
}

/** Processes end while they are looked at, and those of others are closed to us. */
function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function leadsTo(link: string, path: string): boolean {
  try {
    return readlinkSync(link) === path;
  } catch {
    return false;
  }
}
