import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

export const CORES = availableParallelism();

/** The core of the server under test, and that of everything else; `undefined` where cores cannot be chosen. */
export const SERVER_CORE = canPin() ? 0 : undefined;
const OTHER_CORE = 1;

/** Cores for a server of two processes, where that leaves some to the load generator and the upstream. */
export const TWO_SERVER_CORES = SERVER_CORE !== undefined && CORES >= 4 ? [SERVER_CORE, 2] : undefined;

/** The command, on the core of the server under test or on those cores. */
export function pinned(command: readonly string[], cores = [SERVER_CORE]): string[] {
  return SERVER_CORE === undefined ? [...command] : ["taskset", "-c", cores.join(","), ...command];
}

/** Keeps this process away from the server's core. Children inherit it unless they are {@link pinned}. */
export function pinThisProcess(): void {
  if (SERVER_CORE === undefined) return;
  Bun.spawnSync(["taskset", "-a", "-c", "-p", String(OTHER_CORE), String(process.pid)], { stdout: "ignore" });
}

function canPin(): boolean {
  return process.platform === "linux" && CORES > 1 && Bun.which("taskset") !== null;
}

const TICK_MS = 10;

/**
 * CPU time since its start of a process with all its threads, and of those that it has started and that still run;
 * `undefined` where the system does not tell.
 */
export function cpuMs(pid: number): number | undefined {
  return sumOfFamily(pid, (member) => {
    const text = readFileSync(`/proc/${member}/stat`, "utf8");
    // The name in parentheses may hold anything; utime and stime are the 14th and 15th field.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  });
}

/** Resident memory of a process and of those that it has started; `undefined` where the system does not tell. */
export function residentBytes(pid: number): number | undefined {
  return sumOfFamily(pid, (member) => {
    const status = readFileSync(`/proc/${member}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  });
}

function sumOfFamily(pid: number, of: (member: number) => number): number | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  return family(pid).reduce((sum, member) => sum + of(member), 0);
}

function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
    .filter((text) => text !== "");
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}
