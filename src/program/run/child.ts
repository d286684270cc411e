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

/** Runs it to its end; gives its exit code, 128 + n when signal n ended it. @throws what the system says when it cannot be started. */
export async function runChild({ command, args, environment, umask }: ChildProgram): Promise<number> {
  const own = process.umask(umask);
  const child = start([command, ...args], environment, () => process.umask(own));
  const stops = FORWARDED.map((signal) => forward(signal, child));
  await child.exited;
  for (const stop of stops) stop();
  const { exitCode, signalCode } = child;
  if (signalCode === null) return exitCode ?? 1;
  if (typeof signalCode === "number") return 128 + signalCode;
  const { constants } = await import("node:os");
  return 128 + constants.signals[signalCode];
}

function start(words: string[], env: Readonly<Record<string, string>>, after: () => void): Bun.Subprocess {
  try {
    return Bun.spawn(words, { env, stdio: ["inherit", "inherit", "inherit"] });
  } finally {
    after();
  }
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

function forward(signal: (typeof FORWARDED)[number], child: Bun.Subprocess): () => void {
  const listener = () => {
    if (!(FROM_THE_TERMINAL.has(signal) && inForeground())) child.kill(signal);
    // With a listener the system does not stop this process by itself.
    if (signal === "SIGTSTP") process.kill(process.pid, "SIGSTOP");
  };
  process.on(signal, listener);
  return () => process.off(signal, listener);
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
