/** Running a program as if it had been started without us: its streams, its signals, its exit code. */
import { readFileSync } from "node:fs";

export interface ChildProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The one that this process was started with; its own is stricter. */
  readonly umask: number;
}

/** As shells say it: not found, and found but not to be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Sent on to the program; stopping and going on as well, so that it does not run on behind a stopped parent. */
const FORWARDED = [
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGTSTP",
  "SIGCONT",
] as const satisfies readonly NodeJS.Signals[];

/** What terminal and shell send to everything in the foreground: the program has it already. */
const FROM_THE_TERMINAL: ReadonlySet<string> = new Set([
  "SIGINT",
  "SIGQUIT",
  "SIGWINCH",
  "SIGTSTP",
  "SIGCONT",
]);

/**
 * Runs it to its end; gives its exit code, 128 + n when signal n ended it.
 * @throws what the system says when it cannot be started.
 */
export async function runChild({ command, args, environment, umask }: ChildProgram): Promise<number> {
  // Before it is there: a signal that comes while it starts is meant for it.
  const signals = new ForwardedSignals();
  const own = process.umask(umask);
  try {
    const child = Bun.spawn([command, ...args], {
      env: environment,
      stdio: ["inherit", "inherit", "inherit"],
    });
    process.umask(own);
    signals.sendTo(child);
    await child.exited;
    return await codeOf(child);
  } finally {
    process.umask(own);
    signals.close();
  }
}

async function codeOf({ exitCode, signalCode }: Bun.Subprocess): Promise<number> {
  if (signalCode === null) return exitCode ?? 1;
  if (typeof signalCode === "number") return 128 + signalCode;
  const { constants } = await import("node:os");
  return 128 + constants.signals[signalCode];
}

/** What to say and exit with when the program could not be started. */
export function startFailure(
  command: string,
  error: unknown,
): { readonly code: number; readonly message: string } {
  const missing = (error as { code?: unknown }).code === "ENOENT";
  return missing
    ? { code: NOT_FOUND, message: `${command}: command not found` }
    : { code: NOT_EXECUTABLE, message: `${command}: cannot be run` };
}

class ForwardedSignals {
  readonly #listeners = FORWARDED.map((signal) => [signal, () => this.#take(signal)] as const);
  #child: Pick<Bun.Subprocess, "kill"> | undefined;
  #early: NodeJS.Signals[] = [];

  constructor() {
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  sendTo(child: Pick<Bun.Subprocess, "kill">): void {
    this.#child = child;
    for (const signal of this.#early) child.kill(signal);
  }

  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #take(signal: (typeof FORWARDED)[number]): void {
    if (!this.#child) this.#early.push(signal);
    else if (!(FROM_THE_TERMINAL.has(signal) && inForeground())) this.#child.kill(signal);
    // With a listener the system does not stop this process by itself.
    if (signal === "SIGTSTP") process.kill(process.pid, "SIGSTOP");
  }
}

/** Whether this process belongs to the group that the terminal sends its signals to. */
function inForeground(): boolean {
  try {
    // Fields after the name in brackets: state, parent, group, session, terminal, group in the terminal's foreground.
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    // No such file system: with a terminal on standard input it is what people have.
    return process.stdin.isTTY;
  }
}
