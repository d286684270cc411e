import { existsSync, statfsSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { MachineContext, ProgramFacts } from "../doctor/index.ts";
import { tryLock } from "../files/index.ts";
import { VERSION } from "../kernel/index.ts";
import { systemKeychain } from "../vault/index.ts";
import { createSocketClient } from "./client.ts";
import type { OfflineControl } from "./control.ts";
import { holderName, otherOwnkey } from "./other-ownkey.ts";
import { readRunning, runDir } from "./running.ts";

const CONNECT_WITHIN_MS = 1_000;
const FETCH_WITHIN_MS = 5_000;

/** The machine as the doctor looks at it. */
export async function machineFacts(
  { home, clock, settings }: OfflineControl,
  environment: MachineContext["environment"],
): Promise<MachineContext> {
  const list = settings.list();
  const userHome = environment["HOME"] ?? homedir();
  return {
    home,
    userHome,
    platform: process.platform,
    userId: process.getuid?.(),
    version: VERSION,
    clock,
    environment,
    setting: (name) => list.find((one) => one.name === name)?.value,
    settingProblems: settings.problems,
    program: await programFacts(home),
    keychain: systemKeychain,
    freeBytes(path) {
      try {
        const { bavail, bsize } = statfsSync(path);
        return bavail * bsize;
      } catch {
        return undefined;
      }
    },
    listens,
    holder: async (hostname, port) => holderName(await otherOwnkey({ hostname, port, home, userHome })),
    async fetch(url, headers = {}) {
      // `proxy` is Bun's and not in the types: none of the environment's.
      const init = {
        headers,
        proxy: false,
        redirect: "manual",
        signal: AbortSignal.timeout(FETCH_WITHIN_MS),
      };
      const response = await fetch(url, init as unknown as RequestInit);
      return { status: response.status, body: (await response.text()).slice(0, 4096) };
    },
    run,
  };
}

async function programFacts(home: string): Promise<ProgramFacts> {
  const told = readRunning(home);
  const answers = told !== undefined && (await createSocketClient(told.socket).answers());
  return { told, answers, placeTaken: answers || placeTaken(home) };
}

/** Looks without making anything, and without taking away what a killed program left: that is told of. */
function placeTaken(home: string): boolean {
  const path = join(runDir(home), "up.lock");
  if (!existsSync(path)) return false;
  try {
    const lock = tryLock(path);
    lock?.close();
    return lock === undefined;
  } catch {
    return false;
  }
}

async function listens(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  const timer = setTimeout(() => resolve(false), CONNECT_WITHIN_MS);
  return await promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

const run: MachineContext["run"] = async (command, args) => {
  try {
    const child = Bun.spawn([command, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr };
  } catch {
    return { exitCode: 127, stdout: "", stderr: `${command}: not found` };
  }
};
