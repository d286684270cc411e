import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** The core of the server under test, and that of everything else; `undefined` where cores cannot be chosen. */
export const SERVER_CORE = canPin() ? 0 : undefined;
const OTHER_CORE = 1;

/** The command, on the core of the server under test. */
export function pinned(command: readonly string[]): string[] {
  return SERVER_CORE === undefined ? [...command] : ["taskset", "-c", String(SERVER_CORE), ...command];
}

/** Keeps this process away from the server's core. Children inherit it unless they are {@link pinned}. */
export function pinThisProcess(): void {
  if (SERVER_CORE === undefined) return;
  Bun.spawnSync(["taskset", "-a", "-c", "-p", String(OTHER_CORE), String(process.pid)], { stdout: "ignore" });
}

function canPin(): boolean {
  return process.platform === "linux" && availableParallelism() > 1 && Bun.which("taskset") !== null;
}

const TICK_MS = 10;

/** CPU time of a process and all its threads since its start; `undefined` where the system does not tell. */
export function cpuMs(pid: number): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  // The name in parentheses may hold anything; utime and stime are the 14th and 15th field.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(path, "utf8"))?.[1]) * 1024;
}

export function threadCount(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}
