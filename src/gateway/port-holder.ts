import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * The program that listens on a port of this machine, as `node, process 123`; `undefined` where the system does not
 * tell, as for the programs of other users.
 */
export function portHolder(port: number): string | undefined {
  if (process.platform === "linux") return holderOnLinux(port);
  return process.platform === "darwin" ? holderByLsof(port) : undefined;
}

function holderOnLinux(port: number): string | undefined {
  const sockets = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningSockets(table, port)),
  );
  if (sockets.size === 0) return undefined;
  const isHolder = (pid: string) =>
    namesIn(`/proc/${pid}/fd`).some((fd) => sockets.has(targetOf(`/proc/${pid}/fd/${fd}`)));
  const pid = namesIn("/proc").find((name) => /^\d+$/.test(name) && isHolder(name));
  return pid === undefined ? undefined : `${textOf(`/proc/${pid}/comm`).trim()}, process ${pid}`;
}

/** Columns: number, local address:port in hexadecimal, remote, state, …; the tenth is the socket's inode. */
function listeningSockets(table: string, port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return textOf(table)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(end) === true && state === LISTENING)
    .map((columns) => `socket:[${columns[9]}]`);
}

const LISTENING = "0A";

function holderByLsof(port: number): string | undefined {
  const fields = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"];
  const told = attempt(() => Bun.spawnSync(["lsof", ...fields], { stdout: "pipe", stderr: "ignore" }));
  const [, pid, name] = /^p(\d+)\nc(.+)$/m.exec(told?.stdout.toString() ?? "") ?? [];
  return pid === undefined ? undefined : `${name}, process ${pid}`;
}

/** Processes end while they are looked at, and those of others are closed to us. */
function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

function targetOf(link: string): string {
  return attempt(() => readlinkSync(link)) ?? "";
}

function textOf(path: string): string {
  return attempt(() => readFileSync(path, "utf8")) ?? "";
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
