import { spawn } from "node:child_process";
import { AppError, maskSecrets } from "../kernel/index.ts";
import type { Channel } from "./channel.ts";
import { eventDocument } from "./event.ts";

export interface CommandChannelOptions {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  /** All that the program sees of ours. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}

const LIMIT_MS = 30_000;
/** What it says when it fails, for the list of alerts. */
const MAX_SAID_BYTES = 2000;
const MAX_SHOWN = 200;

/** Runs a program for each event, with the event as JSON on its standard input. Exit code 0 means that it took it. */
export function commandChannel({ command, environment, limitMs = LIMIT_MS }: CommandChannelOptions): Channel {
  const [program = "", ...args] = command;
  return {
    name: "command",
    deliver: (event) =>
      new Promise<void>((resolve, reject) => {
        // A group of its own, so that what it has started ends with it.
        const child = spawn(program, args, {
          env: environment,
          stdio: ["pipe", "ignore", "pipe"],
          detached: true,
        });
        let said = "";
        let late = false;
        const kill = () => {
          late = true;
          if (child.pid !== undefined) killGroup(child.pid);
        };
        const timer = setTimeout(kill, limitMs);
        child.stderr.on("data", (chunk: Buffer) => {
          if (said.length < MAX_SAID_BYTES) said += chunk.toString("utf8", 0, MAX_SAID_BYTES - said.length);
        });
        // It may end without having read.
        child.stdin.on("error", () => {});
        child.stdin.end(`${JSON.stringify(eventDocument(event))}\n`);
        const end = (problem: string | undefined) => {
          clearTimeout(timer);
          child.stderr.destroy();
          if (problem === undefined) resolve();
          else reject(failed(problem, said));
        };
        child.on("error", () => end("the program cannot be started"));
        // Not `close`: a child of it may keep the pipe open.
        child.on("exit", (code, signal) => {
          if (late) end(`it took longer than ${limitMs / 1000} seconds`);
          else if (code === 0) end(undefined);
          else
            end(
              code === null ? `it was ended by ${signal ?? "a signal"}` : `it ended with exit code ${code}`,
            );
        });
      }),
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

function failed(problem: string, said: string): AppError {
  const last = said.trim().split("\n").at(-1) ?? "";
  const shown = maskSecrets(last.replace(/\p{Cc}/gu, " ")).slice(0, MAX_SHOWN);
  return new AppError("conflict", shown === "" ? problem : `${problem}: ${shown}`, {
    hint: "look at the setting notifyCommand: ownkey config get notifyCommand",
    retryable: true,
  });
}
